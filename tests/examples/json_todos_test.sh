#!/usr/bin/env bash
# json_todos_test.sh PROGRAM - the life of a todo, and all that can be wrong with it, with curl.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

is() { [ "$(cat "$folder/body")" = "$1" ] || fail "it says: $(cat "$folder/body")"; }

start "$1" 0

expect 200 GET /todos
is '[]'

# Create: defaults, then everything.
json 201 POST /todos '{"title":"milk"}'
head_has 'content-type: application/json'
is '{"id":1,"title":"milk","done":false}'
json 201 POST /todos '{"title":"caf\u00e9 \"au lait\"","done":true}'
is '{"id":2,"title":"café \"au lait\"","done":true}'
expect 200 GET /todos/2
is '{"id":2,"title":"café \"au lait\"","done":true}'
expect 200 GET /todos
body_has '{"id":1,"title":"milk"'
body_has '{"id":2,"title":"caf'

# All that is wrong, at its place.
json 422 POST /todos '{"title":"","done":"yes","colour":1}'
head_has 'content-type: application/problem+json'
for place in title done colour; do
    body_has "\"pointer\":\"#/$place\""
done
json 422 POST /todos '{"done":true}'
body_has 'must have a title'
json 422 POST /todos '{"title":"x","id":7}'
body_has '"pointer":"#/id"'
json 400 POST /todos '{"title":'
body_has 'line 1, column'
json 422 POST /todos '[]'
expect 415 POST /todos -d '{"title":"x"}'
json 422 POST /todos "{\"title\":\"$(printf 'a%.0s' {1..81})\"}"

# Change: only what is said.
json 200 PATCH /todos/1 '{"done":true}'
is '{"id":1,"title":"milk","done":true}'
json 200 PATCH /todos/1 '{"title":"oat milk"}'
json 200 PATCH /todos/1 '{}'
is '{"id":1,"title":"oat milk","done":true}'
json 422 PATCH /todos/1 '{"title":"soy milk","done":1}'
expect 200 GET /todos/1
body_has 'oat milk'

# Delete, and what is not there.
expect 204 DELETE /todos/1
expect 404 GET /todos/1
json 404 PATCH /todos/1 '{"done":true}'
expect 404 DELETE /todos/1
expect 400 GET /todos/first
expect 404 GET /todos/0
expect 405 PUT /todos/2
json 201 POST /todos '{"title":"tea"}'
body_has '"id":3' # an id is not used again

# The list is full, and what is deleted makes room.
curl -sS --max-time 60 -o "$folder/many" -H 'Content-Type: application/json' -d '{"title":"x"}' \
    "$address/todos?[4-1000]"
json 201 POST /todos '{"title":"the last one"}'
json 507 POST /todos '{"title":"one more"}'
expect 204 DELETE /todos/2
json 201 POST /todos '{"title":"one more"}'
body_has '"id":1002'
json 507 POST /todos '{"title":"yet one more"}'

drain
echo "json_todos: everything as expected"
