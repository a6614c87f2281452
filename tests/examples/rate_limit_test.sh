#!/usr/bin/env bash
# rate_limit_test.sh PROGRAM - clients that ask for more than they may.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
for left in 4 3 2 1 0; do
    expect 200 GET /hello -H 'X-Api-Key: ann'
    head_has "ratelimit: \"default\";r=$left;"
done
head_has 'ratelimit-policy: "default";q=5;w=60'
expect 429 GET /hello -H 'X-Api-Key: ann'
head_has 'retry-after: '
body_has '"status":429'
expect 200 GET /hello -H 'X-Api-Key: bob'
for _ in $(seq 10); do
    expect 200 GET /hello -H 'X-Api-Key: gold'
done
expect 429 GET /hello -H 'X-Api-Key: gold'
for _ in $(seq 30); do
    expect 200 GET /hello -H 'X-Api-Key: internal'
done
expect 200 POST /login -H 'X-Api-Key: internal'
expect 200 POST /login -H 'X-Api-Key: bob'
expect 429 POST /login
head_has 'ratelimit: "login";r=0;'
drain
echo "rate_limit: everything as expected"
