#!/usr/bin/env bash
# cors_test.sh PROGRAM - what browsers are told.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
expect 200 GET /account/profile -H 'Origin: https://app.example'
head_has 'access-control-allow-origin: https://app.example'
head_has 'access-control-allow-credentials: true'

expect 200 GET /account/profile -H 'Origin: https://evil.example'
grep -qi 'allow-origin: https://evil' "$folder/head" && fail "another origin is allowed"
expect 200 OPTIONS /account/profile -H 'Origin: https://app.example' \
    -H 'Access-Control-Request-Method: PUT' -H 'Access-Control-Request-Headers: content-type'
head_has 'access-control-allow-methods: put'
head_has 'access-control-allow-headers: content-type'
head_has 'access-control-max-age: 600'
expect 200 GET /open/prices -H 'Origin: https://anybody.example'
head_has 'access-control-allow-origin: *'
drain
echo "cors: everything as expected"
