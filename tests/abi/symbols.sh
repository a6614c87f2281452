#!/bin/sh
# symbols.sh check|write NM SHARED STATIC LIST
#
# check: the exported symbols of SHARED are those in LIST, and STATIC defines no name outside
# cairn_*, so that nothing in it (llhttp above all) clashes with the program's own.
# write: makes LIST from SHARED.
set -eu
export LC_ALL=C
mode=$1 nm=$2 shared=$3 static=$4 list=$5

exported() {
    "$nm" -D --defined-only "$shared" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u
}

if [ "$mode" = write ]; then
    exported >"$list"
    exit
fi

have=$(mktemp)
trap 'rm -f "$have"' EXIT
exported >"$have"
rc=0
if ! diff -u "$list" "$have"; then
    echo "exported symbols differ from $list: './dev symbols' rewrites it, if that is meant"
    rc=1
fi
strays=$("$nm" -g --defined-only "$static" |
    awk 'NF == 3 && $3 !~ /^(cairn_|__(asan|odr_asan|ubsan|tsan|gcov|llvm|start|stop|sanitizer|sancov))/ { print $3 }')
if [ -n "$strays" ]; then
    echo "names in $static that do not begin with cairn_:"
    echo "$strays"
    rc=1
fi
exit $rc
