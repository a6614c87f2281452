#!/usr/bin/env bash
# tower.sh - each layer beside the same layer of Rust's Tower 0.4.13, boxed at every level, built offline
# from the crate sources that Debian packages. Nanoseconds that the layer adds to a call.
#
#   tower.sh [--bin DIR]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin=build/release
[ "${1:-}" = --bin ] && bin=$2
registry=/usr/share/cargo/registry
dir=$PWD/build/tower
mkdir -p "$dir"
cp -r "$here/tower/." "$dir/"

# Debian's compiler, for another one may refuse or rebuild these old sources.
(cd "$dir" && CARGO_HOME=$dir/home RUSTC=/usr/bin/rustc /usr/bin/cargo \
    --config 'source.crates-io.replace-with="debian"' \
    --config "source.debian.directory=\"$registry\"" \
    build --release --offline --quiet)

pin() {
    if [ "$(nproc)" -gt 1 ]; then taskset -c 1 "$@"; else "$@"; fi
}

pin "$dir/target/release/tower-bench" >"$dir/tower.txt"
pin "$bin/tests/bench/micro" >"$dir/cairn.txt"

printf '%-18s %10s %10s %14s %14s\n' layer 'cairn' 'Tower' 'cairn pending' 'Tower pending'
awk 'NR == FNR { ready[$1] = $2; once[$1] = $3; next }
    $2 == "ready" && $1 in ready { printf "%-18s %10s %10s %14s %14s\n", $1, $3, ready[$1], $7, once[$1] }
    /^all five:/ { printf "%-18s %10s %10s %14s %14s\n", "all five, a call", $4, ready["all_five"], $8, once["all_five"] }' \
    "$dir/tower.txt" "$dir/cairn.txt"
