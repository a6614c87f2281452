#!/bin/sh
# components.sh SOURCE CC NAME=PACKAGES… - the library without any component, each component alone,
# and what is said when a component is asked for whose package is missing.
set -eu
source=$1 cc=$2
shift 2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
launcher=
if command -v ccache >/dev/null; then
    launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
fi

fail() {
    cat "$dir/log"
    echo "components: $*"
    exit 1
}

option() {
    printf -- '-DCAIRN_WITH_%s=%s' "$(printf %s "$1" | tr a-z A-Z)" "$2"
}

all_off=
for component in "$@"; do
    all_off="$all_off $(option "${component%%=*}" OFF)"
done

# configure [cmake options]; one build folder for all: what is compiled stays compiled.
configure() {
    # shellcheck disable=SC2086
    cmake -G Ninja -S "$source" -B "$dir/build" -DCMAKE_C_COMPILER="$cc" $launcher \
        -DCMAKE_C_FLAGS=-O0 -DCAIRN_WERROR=ON -DCAIRN_BUILD_TESTS=OFF -DCAIRN_BUILD_EXAMPLES=OFF \
        $all_off "$@" >"$dir/log" 2>&1
}

configure || fail "cmake fails without components"
ninja -C "$dir/build" cairn_libraries >"$dir/log" 2>&1 || fail "the library alone does not build"
[ -z "$(find "$dir/build" -name 'libcairn-*')" ] || fail "a component is built that is off"
needs=$(LC_ALL=C readelf -d "$dir/build/libcairn.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p')
for name in $needs; do
    case $name in
    libevent_core* | libevent_pthreads* | libllhttp | libc | libm | libpthread | ld-linux*) ;;
    *) fail "the core needs $name" ;;
    esac
done
echo "ok: the library alone"

# Without what its packages are: a pkg-config that does not know them.
refuse() {
    package=${2%%[<>= ]*}
    cat >"$dir/pkg-config" <<SCRIPT
#!/bin/sh
case " \$* " in *" $package"*) exit 1 ;; esac
exec pkg-config "\$@"
SCRIPT
    chmod +x "$dir/pkg-config"
    ! configure "$(option "$1" ON)" -DPKG_CONFIG_EXECUTABLE="$dir/pkg-config" ||
        fail "$1 is configured without $package"
    tr -s ' \n' ' ' <"$dir/log" | grep -qF "the component $1 needs" || fail "$1: no clear error"
    rm -rf "$dir/build/CMakeCache.txt"
}

# has PACKAGES: of pkg-config, or lib<name>/<header>.
has() {
    case $1 in
    lib*/*) echo "#include <${1#*/}>" | "$cc" -E - >/dev/null 2>&1 ;;
    # shellcheck disable=SC2086
    *) pkg-config --exists "$(echo $1 | sed 's/[<>=][<>=]*/ & /g')" ;;
    esac
}

for component in "$@"; do
    name=${component%%=*}
    if ! has "${component#*=}"; then
        echo "left out: $name, which needs ${component#*=}"
        continue
    fi
    case ${component#*=} in
    lib*/*) ;;
    *) refuse "$name" "${component#*=}" ;;
    esac
    configure "$(option "$name" ON)" || fail "cmake fails with $name alone"
    ninja -C "$dir/build" "cairn_${name}" "cairn_${name}_static" >"$dir/log" 2>&1 ||
        fail "$name alone does not build"
    echo "ok: $name alone"
done
