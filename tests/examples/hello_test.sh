#!/usr/bin/env bash
# hello_test.sh PROGRAM - the smallest server, with curl.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
expect 200 GET /
head_has 'content-type: text/plain'
[ "$(cat "$folder/body")" = "Hello, World!" ] || fail "it says: $(cat "$folder/body")"
expect 200 POST /any/path -d 'a body'
kill -USR2 "$server"
soon log_has 'timeout(after=1000ms)' || fail "USR2 printed no stack"
drain
echo "hello: everything as expected"
