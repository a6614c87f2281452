#!/usr/bin/env bash
# demo.sh - starts the users service on SQLite, loads it with wrk, shows its layers, drains it.
#
#   demo.sh [--bin DIR] [--seconds N] [--port P]    the last line sums up; exit 0: nothing failed
#   demo.sh --serve [--bin DIR] [--port P]          leaves it running, for you and curl
#
# DIR holds the program `users`; N seconds of load in all (10); P 0 is a free port.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export LC_ALL=C
readonly users=100

bin=$here/../../build/release/examples/users
seconds=10
port=
mode=load
server=
folder=

say() { printf '\n== %s\n' "$*"; }

die() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

cleanup() {
    if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
        kill -KILL "$server"
        wait "$server" 2>/dev/null || true
    fi
    [ -z "$folder" ] || rm -rf "$folder"
}

# soon SECONDS COMMAND…: until COMMAND succeeds, a tenth of a second apart.
soon() {
    local tries=$(($1 * 10))
    shift
    until "$@"; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 0.1
    done
}

# ---- the service ---------------------------------------------------------------------------------

serve() {
    local address=http://localhost:${port:-8080}
    cat <<END
Try, from another terminal:

  curl -i $address/users -H 'Content-Type: application/json' \\
      -d '{"name": "Ada Lovelace", "email": "ada@example.org"}'
  curl -i $address/users/1
  curl -i '$address/users?limit=10'
  curl -i $address/users -H 'Content-Type: application/json' -d '{"name": "", "email": "nobody"}'
  curl -i -X DELETE $address/users/1
  kill -USR2 $$    # prints the layers with their counters
  kill -TERM $$    # drains

END
    PORT=${port:-8080} exec "$bin/users"
}

has_port() {
    port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$folder/server.log")
    [ -n "$port" ] || ! kill -0 "$server" 2>/dev/null
}

answers() { curl -fsS -o /dev/null --max-time 1 "$address/healthz" 2>/dev/null; }

start() {
    say "users, on SQLite"
    PORT=${port:-0} DATABASE_URL=sqlite:$folder/users.db ACCESS_LOG=${ACCESS_LOG:-/dev/null} \
        "$bin/users" 2>"$folder/server.log" &
    server=$!
    port=
    soon 10 has_port || die "the server does not say where it listens"
    [ -n "$port" ] || die "the server did not start: $(cat "$folder/server.log")"
    address=http://127.0.0.1:$port
    soon 10 answers || die "the server does not answer on $address"
    echo "listening on $address"
}

# One curl for all, over one connection.
create_users() {
    local i
    for ((i = 1; i <= users; i++)); do
        [ "$i" = 1 ] || echo next
        cat <<END
url = "$address/users"
header = "Content-Type: application/json"
data = "{\"name\": \"User $i\", \"email\": \"user$i@example.org\"}"
output = "/dev/null"
write-out = "%{http_code}\n"
END
    done >"$folder/create.curl"
    curl -sS -K "$folder/create.curl" >"$folder/create.out" || die "creating users failed"
    [ "$(grep -c '^201$' "$folder/create.out")" = "$users" ] || die "not every user was created"
    echo "created $users users; the first:"
    curl -fsS "$address/users/1"
    echo
}

# ---- the load ------------------------------------------------------------------------------------

requests=0
errors=0
duration_us=0

# load SECONDS SCRIPT
load() {
    local r e d
    USERS=$users wrk --latency -t 2 -c 32 -d "$1s" -s "$here/$2" "$address" >"$folder/wrk.out" ||
        die "wrk failed"
    grep -v '^result: ' "$folder/wrk.out"
    read -r _ r e d < <(grep '^result: ' "$folder/wrk.out") || die "wrk gave no result"
    requests=$((requests + r))
    errors=$((errors + e))
    duration_us=$((duration_us + d))
}

# The workers print one after the other: they are done when nothing more has come for a while.
has_settled() {
    local size=$printed
    printed=$(wc -c <"$folder/server.log")
    [ "$printed" -gt "$before" ] && [ "$printed" = "$size" ]
}

print_stack() {
    say "the layers of each worker, from the outside in"
    local before printed=0
    before=$(wc -c <"$folder/server.log")
    kill -USR2 "$server"
    soon 5 has_settled || die "the server did not print its layers"
    tail -c "+$((before + 1))" "$folder/server.log"
}

has_ended() { ! kill -0 "$server" 2>/dev/null; }

drain() {
    say "draining"
    local status=0
    kill -TERM "$server"
    soon 30 has_ended || die "the server did not end within 30 s of TERM"
    wait "$server" || status=$?
    server=
    [ "$status" = 0 ] || die "the server ended with status $status"
    echo "the server ended with status 0"
}

run() {
    command -v wrk >/dev/null || die "wrk is needed (Debian: apt install wrk)"
    start
    create_users
    say "reads: GET /users/{id}"
    load $(((seconds + 1) / 2)) reads.lua
    say "a mix: 80 % reads, 10 % lists, 5 % new users, 5 % changed users"
    load $((seconds / 2)) mix.lua
    print_stack
    drain
    printf '\ndemo: %d requests, %d errors, %d req/s\n' "$requests" "$errors" \
        $((requests * 1000000 / duration_us))
    [ "$errors" = 0 ] && [ "$requests" -gt 0 ]
}

while [ $# -gt 0 ]; do
    case $1 in
    --bin) bin=${2:?} && shift ;;
    --seconds) seconds=${2:?} && shift ;;
    --port) port=${2:?} && shift ;;
    --serve) mode=serve ;;
    *) die "unknown argument: $1" ;;
    esac
    shift
done
[ -x "$bin/users" ] || die "there is no $bin/users: build it first, or say --bin DIR"
[[ $seconds =~ ^[1-9][0-9]{0,4}$ && $seconds != 1 ]] || die "--seconds must be 2 to 99999"

if [ "$mode" = serve ]; then
    serve
else
    trap cleanup EXIT
    trap 'exit 130' INT TERM
    folder=$(mktemp -d)
    run
fi
