#!/usr/bin/env bash
# hand_over_test.sh PROGRAM - HUP starts it anew, TERM ends the new one.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

answers_as_another() {
    expect 200 GET /
    [ "$(cat "$folder/body")" != "$first" ]
}

start "$1" 0
expect 200 GET /
first=$(cat "$folder/body")
[ "$first" = "$server" ] || fail "process $first answers, and $server was started"
kill -HUP "$server"
soon answers_as_another || fail "no other process answers"
soon has_ended || fail "the first process did not end"
server=
second=$(cat "$folder/body")
expect 200 GET /
[ "$(cat "$folder/body")" = "$second" ] || fail "a third process answers"
server=$second
kill -TERM "$second"
soon has_ended || fail "the second process did not end after TERM"
server=
echo "hand_over: everything as expected"
