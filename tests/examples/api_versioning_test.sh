#!/usr/bin/env bash
# api_versioning_test.sh PROGRAM - both versions, by path and by Accept.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
expect 200 GET /v1/user
body_has '"name":"Ada Lovelace"'
head_has 'sunset: '
head_has 'rel="successor-version"'
expect 200 GET /v2/user
body_has '"first":"Ada"'
grep -qi sunset "$folder/head" && fail "the new version is to end as well"
expect 200 GET /user
body_has '"first":"Ada"'
head_has 'vary: accept'
expect 200 GET /user -H 'Accept: application/vnd.example.v1+json'
body_has '"name"'
head_has 'content-type: application/vnd.example.v1+json'
expect 200 GET /user -H 'Accept: application/vnd.example.v1+json;q=0.5, application/json'
body_has '"first"'
expect 406 GET /user -H 'Accept: text/html'
body_has 'v2+json'
expect 404 GET /v3/user
drain
echo "api_versioning: everything as expected"
