#!/usr/bin/env bash
# error_handling_test.sh PROGRAM - what clients and operators see of errors.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
expect 200 GET /items/1
expect 404 GET /items/2
head_has 'content-type: application/problem+json'
body_has '"detail":"no such item"'
expect 400 GET /items/x
expect 409 POST /orders
body_has '"detail":"sold out"'
expect 503 POST /shipments
head_has 'retry-after: 30'
grep -q '10.0.0.7' "$folder/body" && fail "the answer shows the inside: $(cat "$folder/body")"
log_has 'shipping: no carrier answers: db: connect to 10.0.0.7: refused' ||
    fail "the log does not show the source"
expect 409 POST /orders -H 'Accept: text/plain'
head_has 'content-type: text/plain'
expect 404 GET /nowhere
expect 405 DELETE /orders
drain
echo "error_handling: everything as expected"
