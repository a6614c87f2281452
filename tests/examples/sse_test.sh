#!/usr/bin/env bash
# sse_test.sh PROGRAM - events with curl, then in a browser.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib.sh"

start "$1" 0
curl -sS -N --max-time 1 -H 'Last-Event-ID: 41' "$address/ticks" >"$folder/events" || true
head -n 4 "$folder/events" >"$folder/first"
printf 'id: 42\nevent: tick\ndata: 100 ms have passed\n\n' | cmp - "$folder/first" ||
    fail "the first event is: $(cat "$folder/first")"
expect 400 GET /ticks -H 'Last-Event-ID: x'
python3 "$here/browser.py" sse "$address" || fail "not in a browser"
drain
echo "sse: everything as expected"
