#!/usr/bin/env bash
# idempotency_keys_test.sh PROGRAM - payments that are sent again.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
expect 400 POST /payments -d 'ann 5'
expect 201 POST /payments -d 'ann 5' -H 'Idempotency-Key: "k-1"'
first=$(cat "$folder/body")
expect 201 POST /payments -d 'ann 5' -H 'Idempotency-Key: "k-1"'
[ "$(cat "$folder/body")" = "$first" ] || fail "another answer: $(cat "$folder/body")"
expect 422 POST /payments -d 'bob 5' -H 'Idempotency-Key: "k-1"'
expect 201 POST /payments -d 'ann 5' -H 'Idempotency-Key: "k-2"'
expect 200 GET /payments/count
[ "$(cat "$folder/body")" = 2 ] || fail "$(cat "$folder/body") payments instead of 2"

# Twenty at the same time: one pays, the others get its answer, or are told to wait.
for i in $(seq 20); do
    curl -sS -o /dev/null -w '%{http_code}\n' -d 'ann 9' -H 'Idempotency-Key: "k-3"' \
        "$address/payments" >>"$folder/codes" &
    clients[i]=$!
done
wait "${clients[@]}"
grep -vxE '201|409' "$folder/codes" && fail "an answer that is neither 201 nor 409"
expect 200 GET /payments/count
[ "$(cat "$folder/body")" = 3 ] || fail "$(cat "$folder/body") payments instead of 3"
drain
echo "idempotency_keys: everything as expected"
