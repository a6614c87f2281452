#!/usr/bin/env bash
# processes_test.sh PROGRAM - a process that crashes is replaced, and all goes on.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
expect 200 GET /
[ "$(cat "$folder/body")" != "$server" ] || fail "the first process serves"
for _ in 1 2 3; do
    if curl -s --max-time 5 "http://127.0.0.1:$port/crash"; then
        fail "a crash gave an answer"
    fi
    for _ in $(seq 20); do
        expect 200 GET /
    done
done
echo "processes: everything as expected"
