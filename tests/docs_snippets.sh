#!/bin/sh
# docs_snippets.sh [--write] [ROOT] - the code in the documentation is cut from sources that are
# compiled and run. Fails on a difference; with --write it puts the documentation right instead.
#
# In markdown, before a fenced block:       <!-- snippet: examples/layers/timeout.c -->
# or, where a source has more than one:     <!-- snippet: examples/docs/async.c frame -->
# In the source, on lines of their own:     /* [snippet] */ ... /* [/snippet] */, /* [frame] */ ...
# Sources with other comments (# [name]) do too. The text loses the indentation of its first marker;
# what stands under one name in several places is joined. A source without [snippet] is shown whole.
set -eu

write=no
if [ "${1:-}" = --write ]; then
    write=yes
    shift
fi
root=$(cd "${1:-$(dirname "$0")/..}" && pwd)
cd "$root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the markdown file DOC with each marked block replaced by what its source says.
cat >"$work/cut.awk" <<'AWK'
function fail(line, text) {
    printf "%s:%d: %s\n", doc, line, text >"/dev/stderr"
    failed = 1
    exit 1
}

# A line that has nothing but a comment with MARK in it.
function is_mark(line, mark) {
    gsub(/^[ \t]*(\/\*|\/\/|#)[ \t]*|[ \t]*(\*\/)?[ \t]*$/, "", line)
    return line == mark
}

function unindent(line, indent) {
    return substr(line, 1, length(indent)) == indent ? substr(line, length(indent) + 1) : line
}

function cut(path, name,    line, is_in, found, text, whole, indent, status) {
    while ((status = (getline line <path)) > 0) {
        whole = whole line "\n"
        if (is_mark(line, "[" name "]")) {
            if (is_in) fail(FNR, path " opens [" name "] twice")
            is_in = found = 1
            indent = line
            sub(/[^ \t].*$/, "", indent)
        } else if (is_mark(line, "[/" name "]")) {
            if (!is_in) fail(FNR, path " closes [" name "] without opening it")
            is_in = 0
        } else if (is_in && line !~ marks) {
            text = text unindent(line, indent) "\n"
        }
    }
    close(path)
    if (status < 0) fail(FNR, path " cannot be read")
    if (!found && name == "snippet") return whole
    if (!found) fail(FNR, path " has no [" name "]")
    if (is_in) fail(FNR, path " does not close [" name "]")
    return text
}

# Marks of other snippets, which may lie within this one.
BEGIN { marks = "^[ \t]*(/[*]|//|#)[ \t]*[[]/?[a-z0-9_]+[]][ \t]*([*]/)?[ \t]*$" }

wanted != "" {
    if ($0 !~ /^```[a-z]/) fail(FNR, "a fenced block must follow the snippet's comment")
    print
    printf "%s", cut(wanted, name)
    wanted = ""
    is_old = is_fenced = 1
    next
}
is_old && /^```/ { is_old = 0 }
is_old { next }
{ print }
/^```/ { is_fenced = !is_fenced }
/^<!-- snippet:/ && !is_fenced {
    if (NF < 4 || NF > 5 || $NF != "-->") fail(FNR, "not <!-- snippet: path [name] -->")
    wanted = $3
    name = NF == 5 ? $4 : "snippet"
}
END {
    if (failed) exit 1
    if (wanted != "" || is_old) fail(FNR, "ends within a snippet")
}
AWK

count=0
bad=0
find . -name '*.md' -not -path './build/*' -not -path './.git/*' | sort >"$work/docs"
while read -r doc; do
    grep -q '^<!-- snippet:' "$doc" || continue
    count=$((count + $(grep -c '^<!-- snippet:' "$doc")))
    if ! awk -v doc="$doc" -f "$work/cut.awk" "$doc" >"$work/new"; then
        bad=1
    elif ! cmp -s "$doc" "$work/new"; then
        if [ "$write" = yes ]; then
            cat "$work/new" >"$doc"
            echo "$doc: written"
        else
            diff -u "$doc" "$work/new" || true
            bad=1
        fi
    fi
done <"$work/docs"
echo "$count snippets"
exit "$bad"
