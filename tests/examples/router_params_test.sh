#!/usr/bin/env bash
# router_params_test.sh PROGRAM - good and bad paths and queries, with curl.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

is() { [ "$(cat "$folder/body")" = "$1" ] || fail "it says: $(cat "$folder/body")"; }

start "$1" 0

# A number.
expect 200 GET /users/7
is 'user 7'
expect 400 GET /users/abc
body_has "the path's id must be a whole number"
expect 404 GET /users/0
expect 404 GET /users/9223372036854775808
expect 404 GET /users/
expect 405 POST /users/7
head_has 'allow: GET, HEAD, OPTIONS'
expect 204 OPTIONS /users/7
expect 200 HEAD /users/7 --head
expect 200 GET /users/me
is 'route /users/me, path /users/me'

# Two of them.
expect 200 GET /users/7/posts/3
is 'post 3 of user 7'
expect 400 GET /users/x/posts/0
body_has '"parameter":"user"'
body_has '"parameter":"post"'

# A UUID, in either case.
expect 200 GET /orders/0189F1E2-4B1C-7D3A-9E5F-0123456789AB
is 'order 0189f1e2-4b1c-7d3a-9e5f-0123456789ab'
expect 400 GET /orders/7

# Text between literals, and a rest.
expect 200 GET /reports/june.pdf
is 'report june'
expect 404 GET /reports/june.txt
expect 200 GET /tree/a/b%2Fc/d
is a/b/c/d
expect 404 GET /tree/
expect 400 GET /tree/%zz

# A query: defaults, an array, all mistakes at once.
expect 200 GET '/search?q=blue+sky'
is '{"q":"blue sky","limit":20,"order":"newest","tag":[]}'
expect 200 GET '/search?tag=a&q=x&order=oldest&tag=b&limit=5'
is '{"q":"x","limit":5,"order":"oldest","tag":["a","b"]}'
expect 400 GET '/search?limit=0&order=up&page=2'
head_has 'content-type: application/problem+json'
for parameter in q limit order page; do
    body_has "\"parameter\":\"$parameter\""
done
body_has 'must be a whole number from 1 to 100'

# A group, and what is nowhere.
expect 200 GET /admin
is 'route /admin, path /'
head_has 'cache-control: no-store'
expect 200 GET /admin/jobs/9
is 'route /admin/jobs/{id}, path /jobs/9'
expect 404 GET /nowhere
body_has 'try /users/1'

drain
echo "router_params: everything as expected"
