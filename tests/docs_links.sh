#!/bin/sh
# docs_links.sh [ROOT] - every relative link of the documentation leads to a file, and every anchor
# to a heading.
set -eu
cd "${1:-$(dirname "$0")/..}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# FILE LINK, one a line; fenced blocks are no text.
find . -name '*.md' -not -path './build/*' -not -path './.git/*' | sort | while read -r doc; do
    awk -v doc="$doc" '
        /^```/ { is_fenced = !is_fenced; next }
        is_fenced { next }
        {
            while (match($0, /\]\([^) ]+\)/)) {
                print doc, substr($0, RSTART + 2, RLENGTH - 3)
                $0 = substr($0, RSTART + RLENGTH)
            }
        }' "$doc"
done | grep -v ' [a-z]*://' >"$work/links"

# The anchors that a forge makes of the headings of a file.
anchors() {
    sed -n '/^```/,/^```/d; s/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'
}

bad=0
while read -r doc link; do
    path=${link%%#*}
    target=$(dirname "$doc")/$path
    [ -n "$path" ] || target=$doc
    if [ ! -e "$target" ]; then
        echo "$doc: $link leads nowhere"
        bad=1
    elif [ "$link" != "$path" ] && ! anchors "$target" | grep -qxF -- "${link#*#}"; then
        echo "$doc: $link: no such heading"
        bad=1
    fi
done <"$work/links"
echo "$(wc -l <"$work/links") links"
exit "$bad"
