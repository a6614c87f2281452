#!/usr/bin/env bash
# demo_test.sh FOLDER - the demo, short, with the users program in FOLDER. Needs wrk.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
demo=$(dirname "${BASH_SOURCE[0]}")/../../examples/users/demo.sh

TMPDIR=$folder "$demo" --bin "$1" --seconds 2 >"$folder/out" 2>"$folder/log" ||
    fail "the demo failed: $(tail -n 20 "$folder/out")"
tail -n 1 "$folder/out" | grep -qE '^demo: [1-9][0-9]* requests, 0 errors, [1-9][0-9]* req/s$' ||
    fail "the last line is: $(tail -n 1 "$folder/out")"
[ "$(grep -c 'concurrency_limit(max=' "$folder/out")" -ge 1 ] || fail "no stack was printed"
[ "$(ls "$folder")" = "$(printf 'log\nout')" ] || fail "it left files behind: $(ls "$folder")"
! "$demo" --bin "$folder" >"$folder/out" 2>&1 || fail "it succeeded without a program"
echo "demo: everything as expected"
