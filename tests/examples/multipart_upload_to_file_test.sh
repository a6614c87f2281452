#!/usr/bin/env bash
# multipart_upload_to_file_test.sh PROGRAM - files of a form, with curl.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir "$folder/uploads"
head -c 5000000 /dev/urandom >"$folder/large"
printf 'small' >"$folder/small"
start env UPLOAD_DIR="$folder/uploads" "$1" 0
expect 200 GET /
body_has 'multipart/form-data'
expect 201 POST / -F 'title=two files' -F "file=@$folder/large;filename=../../etc/passwd" \
    -F "file=@$folder/small"
body_has '2 files, 5000005 bytes'
[ "$(ls "$folder/uploads" | wc -l)" = 2 ] || fail "in the folder: $(ls "$folder/uploads")"
found=0
for file in "$folder"/uploads/*; do
    if cmp -s "$file" "$folder/large" || cmp -s "$file" "$folder/small"; then
        found=$((found + 1))
    fi
done
[ "$found" = 2 ] || fail "the files are not as they were sent"
expect 415 POST / -d 'a=1'
expect 400 POST / -H 'Content-Type: multipart/form-data; boundary=x' -d 'no boundary'

# One that does not come to its end leaves nothing behind.
count() { [ "$(find "$folder/uploads" -type f | wc -l)" = "$1" ]; }
curl -sS --limit-rate 1M -F "file=@$folder/large" "$address/" 2>/dev/null &
sender=$!
soon count 3 || fail "the file is not made while it comes"
kill "$sender"
soon count 2 || fail "half a file is left: $(ls "$folder/uploads")"
drain
UPLOAD_DIR=/nowhere "$1" 0 2>"$folder/log" && fail "a folder that is none is taken"
log_has 'UPLOAD_DIR is no folder' || fail "it does not say what is wrong"
echo "multipart_upload_to_file: everything as expected"
