#!/usr/bin/env bash
# jwt_auth_test.sh PROGRAM - good tokens, and all kinds of bad ones.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

secret=0123456789abcdef0123456789abcdef

# token SECRET CLAIMS [HEADER]
token() {
    python3 - "$@" <<'PY'
import base64, hashlib, hmac, sys
secret, claims = sys.argv[1:3]
header = sys.argv[3] if len(sys.argv) > 3 else '{"alg":"HS256"}'
def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")
signed = text(header.encode()) + b"." + text(claims.encode())
print((signed + b"." + text(hmac.new(secret.encode(), signed, hashlib.sha256).digest())).decode())
PY
}
as() { printf 'Authorization: Bearer %s' "$1"; }

good='"iss":"https://id.example","aud":"api","sub":"ada","exp":4102444800'
start env JWT_SECRET=$secret "$1" 0
expect 200 GET /
expect 401 GET /me
head_has 'www-authenticate: bearer'
expect 200 GET /me -H "$(as "$(token $secret "{$good}")")"
body_has 'you are ada'
expect 403 GET /admin -H "$(as "$(token $secret "{$good}")")"
head_has 'insufficient_scope'
expect 200 GET /admin -H "$(as "$(token $secret "{$good,\"scope\":\"user admin\"}")")"
expect 401 GET /me -H "$(as "$(token another-secret-of-thirty-two-bytes "{$good}")")"
expect 401 GET /me -H "$(as "$(token $secret "{$good}" '{"alg":"none"}')")"
expect 401 GET /me -H "$(as "$(token $secret '{"iss":"https://id.example","aud":"api","exp":1}')")"
expect 401 GET /me -H "$(as "$(token $secret '{"iss":"https://evil.example","aud":"api","exp":4102444800}')")"
expect 401 GET /me -H "$(as garbage)"
drain
JWT_SECRET=short "$1" 0 2>"$folder/log" && fail "a short secret is taken"
log_has '32' || fail "it does not say how long the secret must be"
echo "jwt_auth: everything as expected"
