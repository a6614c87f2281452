#!/usr/bin/env bash
# webhook_receiver_test.sh PROGRAM - events that are signed well, badly, and long ago.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# signature SECRET TIME BODY
signature() {
    python3 -c 'import hashlib, hmac, sys
secret, when, body = sys.argv[1:]
mac = hmac.new(secret.encode(), f"{when}.{body}".encode(), hashlib.sha256).hexdigest()
print(f"X-Signature: t={when},v1={mac}")' "$@"
}

now=$(date +%s)
start env WEBHOOK_SECRET=s3cret "$1" 0
expect 204 POST /events -d '{"id":1}' -H "$(signature s3cret "$now" '{"id":1}')"
expect 401 POST /events -d '{"id":2}' -H "$(signature s3cret "$now" '{"id":1}')"
expect 401 POST /events -d '{"id":1}' -H "$(signature wrong "$now" '{"id":1}')"
expect 401 POST /events -d '{"id":1}' -H "$(signature s3cret $((now - 1000)) '{"id":1}')"
body_has 'too old'
expect 401 POST /events -d '{"id":1}' -H "$(signature s3cret $((now + 1000)) '{"id":1}')"
expect 401 POST /events -d x -H "$(signature s3cret 9223372036854775808 x)" # no time at all
for bad in '' 't=1' 't=,v1=00' "t=x,v1=$(printf '0%.0s' $(seq 64))" 'v1=0,t=1' 't=1,v1='; do
    expect 400 POST /events -d '{"id":1}' -H "X-Signature: $bad"
done
head -c 70000 /dev/zero >"$folder/large"
expect 413 POST /events --data-binary "@$folder/large"
expect 405 GET /events
drain
echo "webhook_receiver: everything as expected"
