# shellcheck shell=bash
# lib.sh - what the tests of the example programs share. Sourced; the test's folder is $folder.
export LC_ALL=C
folder=$(mktemp -d)
server=

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    [ ! -s "$folder/log" ] || sed 's/^/  server: /' "$folder/log" >&2
    exit 1
}

cleanup() {
    if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
        kill -KILL "$server"
    fi
    rm -rf "$folder"
}
trap cleanup EXIT

# soon COMMAND…: until COMMAND succeeds, for ten seconds at most.
soon() {
    local tries=100
    until "$@"; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 0.1
    done
}

has_port() {
    port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$folder/log")
    [ -n "$port" ] || ! kill -0 "$server" 2>/dev/null
}

# start COMMAND…: in the background, its errors in the log. Sets $address once it listens.
start() {
    : >"$folder/log"
    "$@" 2>"$folder/log" &
    server=$!
    soon has_port || fail "the server does not say where it listens"
    [ -n "$port" ] || fail "the server did not start"
    address=http://localhost:$port
}

has_ended() { ! kill -0 "$server" 2>/dev/null; }

# drain: TERM ends the server with status 0.
drain() {
    local status=0
    kill -TERM "$server"
    soon has_ended || fail "the server did not end after TERM"
    wait "$server" || status=$?
    server=
    [ "$status" = 0 ] || fail "the server ended with status $status after TERM"
}

# expect STATUS METHOD PATH [curl argument…]: the answer's head is in $folder/head, its body in body.
expect() {
    local status=$1 method=$2 path=$3 got
    shift 3
    got=$(curl -sS -X "$method" --max-time 10 -D "$folder/head" -o "$folder/body" \
        -w '%{http_code}' "$@" "$address$path") || fail "$method $path: curl failed"
    [ "$got" = "$status" ] || fail "$method $path: $got instead of $status: $(cat "$folder/body")"
}

# json STATUS METHOD PATH BODY
json() {
    expect "$1" "$2" "$3" -H 'Content-Type: application/json' -d "$4"
}

# body_has TEXT and head_has TEXT: of the last answer; the head without regard to case.
body_has() { grep -qF -- "$1" "$folder/body" || fail "no '$1' in: $(cat "$folder/body")"; }
head_has() { grep -qiF -- "$1" "$folder/head" || fail "no '$1' in: $(cat "$folder/head")"; }
log_has() { grep -qF -- "$1" "$folder/log"; }
