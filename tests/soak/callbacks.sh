#!/usr/bin/env bash
# callbacks.sh - the long forms of tests, under the sanitizers: a million orders of calls from inside callbacks, a hundred
# thousand sessions on a played kernel, from seeds of their own.
# needs: libcmocka-dev
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

sequences=1000000
sessions=100000
if [ "${1:-}" = --short ]; then
    sequences=50000
    sessions=5000
fi

mkdir -p build
cmake --preset asan >build/asan.log 2>&1 && ninja -C build/asan test_http_reentry test_kernel_sessions >build/asan.log ||
    exit 1
rc=0

# figure WHAT LIMIT COMMAND…: it has to end well.
figure() {
    local what=$1 limit=$2 result=ok
    shift 2
    "$@" || result=FAILED
    [ "$result" = ok ] || rc=1
    echo "= $what | $limit | $([ "$result" = ok ] && echo "$limit" || echo "see above") | $result"
}

figure "orders of calls in callbacks without a report" "$sequences" \
    env CAIRN_SEQUENCES="$sequences" CAIRN_SEED=1000000 build/asan/tests/test_http_reentry
figure "sessions on a played kernel without a report" "$sessions" \
    env CAIRN_KERNEL_SESSIONS="$sessions" build/asan/tests/test_kernel_sessions 1000000
exit "$rc"
