#!/usr/bin/env bash
# streaming_download_test.sh PROGRAM - downloads short and endless.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
expect 200 GET /squares/3
printf 'number,square\n0,0\n1,1\n2,4\n' | cmp - "$folder/body" || fail "it says: $(cat "$folder/body")"
head_has 'transfer-encoding: chunked'
head_has 'content-disposition: attachment; filename="squares.csv"'
expect 200 GET /squares/100000
[ "$(wc -l <"$folder/body")" = 100001 ] || fail "$(wc -l <"$folder/body") lines"
[ "$(tail -n 1 "$folder/body")" = 99999,9999800001 ] || fail "the last line is not the last"
# Who reads slowly makes the server wait; who leaves ends it.
curl -sS --limit-rate 100k --max-time 2 "$address/squares/1000000000" -o "$folder/slow" || true
[ "$(wc -c <"$folder/slow")" -lt 30000000 ] || fail "the limit of the client does not hold"
expect 404 GET /squares/0
expect 400 GET /squares/x
drain
echo "streaming_download: everything as expected"
