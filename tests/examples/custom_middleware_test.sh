#!/usr/bin/env bash
# custom_middleware_test.sh PROGRAM - what the three layers do.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
json 200 POST / '{"a":1}'
body_has '{"a":1}'
head_has 'x-served-by: one'
head_has 'server-timing: app;dur='
expect 415 POST / -d 'a=1'
body_has 'JSON, please'
head_has 'x-served-by: one'
head_has 'server-timing: app;dur='
kill -USR2 "$server"
soon log_has only_json || fail "the printed stack does not name the layer"
drain
echo "custom_middleware: everything as expected"
