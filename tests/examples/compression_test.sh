#!/usr/bin/env bash
# compression_test.sh PROGRAM - bodies in every coding both ways, with curl and the codings' own
# programs, as far as they are there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
expect 200 GET /stones
head_has 'vary: accept-encoding'
head_has 'etag: "stones"'
! grep -qi content-encoding "$folder/head" || fail "compressed for who has not asked"
mv "$folder/body" "$folder/plain"
plain=$(wc -c <"$folder/plain")

# decoder and encoder CODING: programs that read and write it; empty where there is none.
decoder() {
    case $1 in
    gzip) echo "gzip -dc" ;;
    br) command -v brotli >/dev/null && echo "brotli -dc" ;;
    zstd) command -v zstd >/dev/null && echo "zstd -dcq" ;;
    deflate) command -v zlib-flate >/dev/null && echo "zlib-flate -uncompress" ;;
    esac || true
}
encoder() { decoder "$1" | sed 's/ -dc/ -c/; s/-uncompress/-compress/'; }

for coding in gzip deflate br zstd; do
    expect 200 GET /stones -H "Accept-Encoding: $coding"
    head_has "content-encoding: $coding"
    head_has 'vary: accept-encoding'
    head_has 'etag: W/"stones"'
    [ "$(wc -c <"$folder/body")" -lt $((plain / 2)) ] || fail "$coding: not smaller"
    program=$(decoder "$coding")
    if [ -n "$program" ]; then
        $program <"$folder/body" | cmp - "$folder/plain" || fail "$program decodes something else"
        $(encoder "$coding") <"$folder/plain" >"$folder/coded"
        expect 200 POST /count -H "Content-Encoding: $coding" --data-binary "@$folder/coded"
        [ "$(cat "$folder/body")" = "$plain" ] || fail "$coding: $(cat "$folder/body") of $plain"
        expect 200 POST /count -H "Content-Encoding: $coding" -H 'Transfer-Encoding: chunked' \
            --data-binary "@$folder/coded"
        [ "$(cat "$folder/body")" = "$plain" ] || fail "$coding, chunked: $(cat "$folder/body")"
    fi
done

# What curl can decode, it asks for.
expect 200 GET /stones --compressed
head_has 'content-encoding: '
cmp "$folder/body" "$folder/plain" || fail "curl decodes something else"
expect 200 GET /secret --compressed
! grep -qi -e content-encoding -e vary "$folder/head" || fail "the secret is compressed"
expect 406 GET /stones -H 'Accept-Encoding: identity;q=0'
expect 200 HEAD /stones -I -H 'Accept-Encoding: gzip'
head_has 'vary: accept-encoding'

# The first line comes before the second is there.
curl -sN --compressed --max-time 0.9 "$address/ticker" >"$folder/lines" || true
[ "$(cat "$folder/lines")" = 'line 1' ] || fail "the first line is held back"

head -c 10485760 /dev/zero | gzip -c >"$folder/bomb"
expect 413 POST /count -H 'Content-Encoding: gzip' --data-binary "@$folder/bomb"
gzip -c <"$folder/plain" >"$folder/coded"
head -c 100 "$folder/coded" >"$folder/cut"
expect 400 POST /count -H 'Content-Encoding: gzip' --data-binary "@$folder/cut"
expect 415 POST /count -H 'Content-Encoding: compress' --data-binary "@$folder/plain"
head_has 'accept-encoding: zstd, br, gzip, deflate'
drain
echo "compression: everything as expected"
