#!/usr/bin/env bash
# static_files_test.sh PROGRAM - a web site from a folder, with curl.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

root=$folder/site
mkdir -p "$root/docs"
echo '<h1>home</h1>' >"$root/index.html"
echo '<h1>docs</h1>' >"$root/docs/index.html"
echo '<h1>about</h1>' >"$root/about.html"
echo '<h1>lost</h1>' >"$root/404.html"
echo 'a;b' >"$root/report.csv"
echo 'secret' >"$folder/secret"
ln -s ../secret "$root/way_out"
seq 1 200000 >"$root/app.js" # more than a socket takes at once
gzip -k "$root/app.js"
touch -d '2020-01-01T00:00:00Z' "$root"/* "$root/docs/index.html"

same() { cmp -s "$1" "$folder/body" || fail "the body is not $1"; }
head_lacks() { ! grep -qiF -- "$1" "$folder/head" || fail "'$1' in: $(cat "$folder/head")"; }
field() { sed -n "s/^$1: \(.*\)\r\$/\1/Ip" "$folder/head"; }

start "$1" 0 "$root"

# Pages: an index, a name without its extension, a redirect that keeps the prefix.
expect 200 GET /
same "$root/index.html"
head_has 'content-type: text/html; charset=utf-8'
head_has 'cache-control: no-cache'
expect 200 GET /about
same "$root/about.html"
expect 307 GET /docs?a=b
head_has 'location: ./docs/?a=b'
expect 200 GET /docs -L
same "$root/docs/index.html"
expect 307 GET /assets
expect 200 GET /assets -L
same "$root/index.html"

# What is not there.
expect 404 GET /none
same "$root/404.html"
expect 404 GET /none -H 'If-None-Match: *' -H 'Range: bytes=0-1'
same "$root/404.html"
for path in /../secret /..%2fsecret /%2e%2e/secret /way_out /docs/..%5c..%5csecret //etc/passwd \
    /assets/../../secret /assets/%2e%2e/%2e%2e/secret /assets/way_out; do
    expect 404 GET "$path" --path-as-is
    ! grep -q secret "$folder/body" || fail "$path leads out"
done
expect 400 GET '/a%zz'
expect 405 POST / -d x
head_has 'allow: GET, HEAD'

# The whole of a large file, a part of it, and the rest of it.
expect 200 GET /app.js
same "$root/app.js"
tag=$(field etag)
head_has 'last-modified: Wed, 01 Jan 2020 00:00:00 GMT'
head_has 'accept-ranges: bytes'
expect 206 GET /app.js -H 'Range: bytes=10-19'
head_has "content-range: bytes 10-19/$(stat -c %s "$root/app.js")"
head -c 20 "$root/app.js" | tail -c 10 >"$folder/part"
same "$folder/part"
head -c 500000 "$root/app.js" >"$folder/resumed"
curl -sS -C - -o "$folder/resumed" "$address/app.js"
cmp "$root/app.js" "$folder/resumed" || fail "what was resumed is not the file"
expect 206 GET /app.js -H 'Range: bytes=0-0' -H "If-Range: $tag"
expect 200 GET /app.js -H 'Range: bytes=0-0' -H 'If-Range: "other"'
expect 416 GET /app.js -H 'Range: bytes=99999999-'
head_has "content-range: bytes */$(stat -c %s "$root/app.js")"
expect 416 GET /app.js -H 'Range: bytes=0-1,5-6'

# What the client has already, or has lost.
expect 304 GET /app.js -H "If-None-Match: $tag"
[ "$(field etag)" = "$tag" ] || fail "the 304 has another tag"
head_lacks 'content-length'
expect 304 GET /app.js -H 'If-Modified-Since: Wed, 01 Jan 2020 00:00:00 GMT'
expect 412 GET /app.js -H 'If-Match: "other"'
expect 200 HEAD /app.js --head
head_has "content-length: $(stat -c %s "$root/app.js")"

# Variants, and what may be kept for ever.
expect 200 GET /assets/app.js -H 'Accept-Encoding: gzip'
same "$root/app.js.gz"
head_has 'content-encoding: gzip'
head_has 'content-type: text/javascript; charset=utf-8'
head_has 'vary: accept-encoding'
head_has 'immutable'
[ "$(field etag)" != "$tag" ] || fail "the variant has the tag of the file"
expect 200 GET /assets/app.js -H 'Accept-Encoding: br'
same "$root/app.js"
head_has 'vary: accept-encoding'

# From memory, and to be saved.
expect 200 GET /robots.txt
body_has 'Disallow: /assets/'
expect 200 GET /download
same "$root/report.csv"
head_has "content-disposition: attachment; filename=\"Bericht f_r Juni.csv\"; filename*=UTF-8''Bericht%20f%C3%BCr%20Juni.csv"
head_has 'content-type: text/csv; charset=utf-8'

kill -USR2 "$server"
soon log_has 'serve_dir(root=' || fail "USR2 printed no stack"
drain
echo "static_files: everything as expected"
