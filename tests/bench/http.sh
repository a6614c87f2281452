#!/usr/bin/env bash
# http.sh - hello against the floor (raw_server): CPU a request as a paired ratio, then, exactly,
# instructions and system calls a request. Server on CPU 0, wrk on CPU 1, where there are two.
#
#   http.sh [--bin DIR] [--rounds N] [--seconds N] [cpu|instructions|syscalls|all]
set -u

bin=build/release
rounds=5
seconds=2
what=all
while [ $# -gt 0 ]; do
    case $1 in
    --bin) bin=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    cpu | instructions | syscalls | all) what=$1 ;;
    *) echo "http.sh: unknown argument $1" >&2; exit 2 ;;
    esac
    shift
done

hello=$bin/examples/hello
raw=$bin/tests/bench/raw_server
dir=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT

pin() { # CPU COMMAND...
    local cpu=$1
    shift
    if [ "$(nproc)" -gt 1 ]; then exec taskset -c "$cpu" "$@"; else exec "$@"; fi
}

# Starts COMMAND, and sets $server and $url.
start() {
    : >"$dir/log"
    (pin 0 "$@") 2>"$dir/log" >/dev/null &
    server=$!
    for _ in $(seq 500); do
        url=$(sed -n 's|.*listening on http://.*:\([0-9]*\)$|http://127.0.0.1:\1/|p' "$dir/log")
        [ -n "$url" ] && return 0
        sleep 0.02
    done
    echo "http.sh: $1 did not start" >&2
    exit 1
}

stop() {
    kill -TERM "$1" && wait "$server"
    server=
}

cpu_ns() { # nanoseconds of all threads of the server
    cat /proc/"$server"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f", sum }'
}

load() { # SECONDS; prints requests
    (pin 1 wrk -t1 -c64 -d"$1"s "$url") >"$dir/wrk"
    if grep -q -e 'Non-2xx' -e 'Socket errors' "$dir/wrk"; then
        cat "$dir/wrk" >&2
        echo "http.sh: errors under load" >&2
        exit 1
    fi
    awk '/requests in/ { print $1 }' "$dir/wrk"
}

cpu_per_request() { # COMMAND...; prints ns
    start "$@"
    load 1 >/dev/null
    local before requests
    before=$(cpu_ns)
    requests=$(load "$seconds") || exit 1
    awk -v a="$before" -v b="$(cpu_ns)" -v n="$requests" 'BEGIN { printf "%.0f\n", (b - a) / n }'
    stop "$server"
}

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

run_cpu() {
    local a b
    for _ in $(seq "$rounds"); do
        b=$(cpu_per_request "$raw") || exit 1
        a=$(cpu_per_request "$hello" 0) || exit 1
        awk -v a="$a" -v b="$b" 'BEGIN { printf "%.3f %d %d\n", a / b, a, b }'
    done >"$dir/ratios"
    awk '{ printf "  hello %d ns, raw %d ns, ratio %s\n", $2, $3, $1 }' "$dir/ratios"
    echo "cpu per request, hello / raw libevent + llhttp: $(cut -d' ' -f1 "$dir/ratios" | median)" \
        "(median of $rounds pairs, at most 1.10)"
}

# Two loads, of which the second is longer: what start and end cost falls out of the difference.
instructions() { # LOAD_SECONDS; prints "requests instructions"
    start valgrind --tool=callgrind --callgrind-out-file="$dir/callgrind" "$hello" 0
    local requests
    requests=$(load "$1") || exit 1
    stop "$server"
    awk -v n="$requests" '/Collected/ { gsub(",", ""); print n, $NF }' "$dir/log"
}

run_instructions() {
    { instructions 2; instructions 8; } >"$dir/counts" || exit 1
    awk 'NR == 1 { n = $1; c = $2 } NR == 2 { printf "%.0f\n", ($2 - c) / ($1 - n) }' "$dir/counts" |
        { read -r per; echo "user instructions per request, hello, 64 connections: $per (at most 4000)"; }
}

run_syscalls() {
    start strace -f -c -o "$dir/strace" "$hello" 0
    local requests
    requests=$(load 3) || exit 1
    stop "$(pgrep -P "$server" -f hello)"
    awk -v n="$requests" '$NF == "total" {
        printf "system calls per request, hello, 64 connections: %.2f (at most 2.3)\n", $4 / n }' \
        "$dir/strace"
}

case $what in
cpu) run_cpu ;;
instructions) run_instructions ;;
syscalls) run_syscalls ;;
all) run_cpu; run_instructions; run_syscalls ;;
esac
