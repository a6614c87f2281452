#!/bin/sh
# run.sh SOURCE CC COMPONENT… - builds a project outside the tree against cairn in each way there is:
# add_subdirectory, find_package and pkg-config, shared and static, library, test kit and components.
set -eu
source=$1 cc=$2
shift 2
components=$(echo "$*" | tr ' ' ';')
here=$source/tests/consumer
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset CFLAGS LDFLAGS PKG_CONFIG_PATH PKG_CONFIG_LIBDIR
launcher=
if command -v ccache >/dev/null; then
    launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
fi

used=
for name in "$@"; do
    [ ! -e "$here/$name.c" ] || used="$used ${name}_shared ${name}_static"
done

fail() {
    echo "consumer: $*"
    exit 1
}

quietly() {
    "$@" >"$dir/log" 2>&1 || {
        cat "$dir/log"
        fail "failed: $*"
    }
}

make() {
    name=$1
    shift
    quietly cmake -G Ninja -S "$here" -B "$dir/$name" -DCMAKE_C_COMPILER="$cc" \
        -DCOMPONENTS="$components" $launcher "$@"
    quietly ninja -C "$dir/$name"
    run "$dir/$name"
}

run() {
    for program in shared static kit_shared kit_static $used; do
        quietly "$1/$program"
    done
    echo "ok: $(basename "$1")"
}

# Its own files are compiled without any flag of cairn's; its install target installs cairn when
# that is asked for, and what is installed can be moved.
make add_subdirectory -DCAIRN_SOURCE="$source" -DCAIRN_BUILD_TESTKIT=ON -DCAIRN_INSTALL=ON \
    -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib
if grep -F main.c "$dir/add_subdirectory/compile_commands.json" | grep -e -W -e -f -e _GNU_SOURCE; then
    fail "flags leak into the project that includes cairn"
fi
[ ! -d "$dir/add_subdirectory/cairn/examples" ] || fail "the examples are built by default"
DESTDIR=$dir/stage quietly cmake --install "$dir/add_subdirectory"
mv "$dir/stage/usr" "$dir/moved"
lib=$dir/moved/lib
# (the tree itself may be called /cairn, which is in many a path)
if grep -rlF -e "$source/service" -e "$source/layers" -e "$source/http" -e "$dir" \
    "$lib/cmake" "$lib/pkgconfig"; then
    fail "installed files name the build's folders"
fi
[ ! -e "$dir/moved/include/cairn/service/loop.h" ] || fail "an internal header is installed"

export LD_LIBRARY_PATH="$lib"
make find_package -DCMAKE_PREFIX_PATH="$dir/moved"

export PKG_CONFIG_PATH="$lib/pkgconfig"
mkdir "$dir/pkg-config"
cd "$dir/pkg-config"
mkdir static_only
cp "$lib"/*.a static_only
# link PROGRAM SOURCE PACKAGE [pkg-config option]
link() {
    flags=$(pkg-config ${4:+"$4"} --cflags --libs "$3")
    # shellcheck disable=SC2086
    quietly "$cc" "$here/$2" -o "$1" ${4:+-L static_only} $flags
}
link shared main.c cairn
link kit_shared kit.c cairn-testkit
link static main.c cairn --static
link kit_static kit.c cairn-testkit --static
for name in "$@"; do
    if [ -e "$here/$name.c" ]; then
        link "${name}_shared" "$name.c" "cairn-$name"
        link "${name}_static" "$name.c" "cairn-$name" --static
    fi
done
run "$dir/pkg-config"

needs() {
    LC_ALL=C readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}
LC_ALL=C readelf -d "$lib/libcairn.so" | grep -q 'SONAME.*\[libcairn\.so\.0\.1\]' ||
    fail "the soname is not libcairn.so.0.1"
for name in "$@"; do
    LC_ALL=C readelf -d "$lib/libcairn-$name.so" | grep -q "SONAME.*\[libcairn-$name\.so\.0\.1\]" ||
        fail "the soname is not libcairn-$name.so.0.1"
    pkg-config --exists "cairn-$name" || fail "pkg-config does not know cairn-$name"
done
needs shared | grep -q '^libcairn\.so\.0\.1$' || fail "shared is not linked with the shared library"
for program in static "$dir/find_package/static"; do
    ! needs "$program" | grep libcairn || fail "$program is linked with the shared library"
done
for file in "$lib/libcairn.so" shared static "$dir/find_package/static"; do
    ! needs "$file" | grep -E '^libevent(_extra)?-' || fail "$file needs all of libevent"
done
