#!/usr/bin/env bash
# bodies_test.sh PROGRAM - bodies whole, as streams, and to a file, with curl.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

head -c 3000000 /dev/zero >"$folder/zeros"
start "$1" 0
expect 200 POST /shout -d 'abc'
[ "$(cat "$folder/body")" = ABC ] || fail "shout: $(cat "$folder/body")"
expect 413 POST /shout --data-binary "@$folder/zeros"
expect 200 POST /count --data-binary "@$folder/zeros"
[ "$(cat "$folder/body")" = 3000000 ] || fail "count: $(cat "$folder/body")"
expect 200 POST /count -H 'Transfer-Encoding: chunked' --data-binary "@$folder/zeros"
[ "$(cat "$folder/body")" = 3000000 ] || fail "count chunked: $(cat "$folder/body")"
expect 201 PUT /file -H 'Expect: 100-continue' --data-binary "@$folder/zeros"
[ "$(cat "$folder/body")" = '3000000 bytes' ] || fail "file: $(cat "$folder/body")"
expect 200 GET /page
head_has 'HTTP/1.1 103'
expect 200 GET /told
drain
soon log_has 'told of 1' || fail "was not told"
echo "bodies: everything as expected"
