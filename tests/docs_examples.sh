#!/bin/sh
# docs_examples.sh ROOT - every example program is on the page of examples, is under 150 lines, and has
# a test.
set -eu
cd "$1"
rc=0
for file in examples/*.c; do
    name=$(basename "$file" .c)
    grep -qF "(../$file)" docs/examples.md || {
        echo "docs/examples.md does not name $file"
        rc=1
    }
    [ "$(wc -l <"$file")" -lt 150 ] || {
        echo "$file has 150 lines or more"
        rc=1
    }
    grep -qE "cairn_(example|test)\(${name%_test}[ )]" examples/CMakeLists.txt || {
        echo "$file is not built"
        rc=1
    }
    if grep -qE "cairn_example\($name SCRIPT" examples/CMakeLists.txt &&
        [ ! -x "tests/examples/${name}_test.sh" ]; then
        echo "$file has no test"
        rc=1
    fi
done
echo "$(find examples -maxdepth 1 -name '*.c' | wc -l) examples"
exit "$rc"
