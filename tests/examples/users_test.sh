#!/usr/bin/env bash
# users_test.sh PROGRAM - the users service from end to end, with curl.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
users=$1
export PORT=0 WORKERS=2 ACCESS_LOG=$folder/access.log
ada='{"name":"Ada","email":"ada@example.org"}'
bob='{"name":"Bob","email":"bob@example.org"}'

creates_reads_changes_and_deletes() {
    json 201 POST /users "$ada"
    head_has 'location: /users/1'
    head_has 'x-request-id: '
    expect 200 GET /users/1
    head_has 'content-type: application/json'
    body_has '"id":1,"name":"Ada","email":"ada@example.org","created_at":"20'
    json 200 PUT /users/1 '{"name":"Countess","email":"ada@example.org"}'
    body_has '"name":"Countess"'
    json 201 POST /users "$bob"
    expect 200 GET '/users?limit=1'
    body_has '"next":1}'
    expect 200 GET '/users?limit=1&after=1'
    body_has '"name":"Bob"'
    expect 204 DELETE /users/2
    [ ! -s "$folder/body" ] || fail "a 204 with a body"
    expect 404 GET /users/2
    expect 200 GET /healthz
}

answers_mistakes_with_problems() {
    json 422 POST /users '{"name":"","email":"nobody"}'
    head_has 'content-type: application/problem+json'
    body_has '"errors":[{"field":"name"'
    body_has '{"field":"email"'
    json 400 POST /users '{"name":'
    body_has 'line 1, column '
    json 409 POST /users "$ada"
    expect 415 POST /users -H 'Content-Type: text/plain' -d "$ada"
    expect 400 GET '/users?limit=1000'
    body_has '"field":"limit"'
    expect 404 GET /users/no-id
    expect 404 GET /nothing
    expect 405 PATCH /users/1
    head_has 'allow: '
}

prints_its_layers() {
    kill -USR2 "$server"
    soon log_has 'repository(kind=' || fail "USR2 printed no stack"
    soon log_has 'concurrency_limit(max=512)' || fail "no concurrency limit of half 1024"
}

# Fifty clients at a time as TERM comes: who is let in is answered, and the server ends well.
answers_what_it_has_read_before_it_drains() {
    local i
    for ((i = 0; i < 50; i++)); do
        cat <<END
url = "$address/users/1"
output = "/dev/null"
write-out = "%{http_code}\n"
next
END
    done >"$folder/many.curl"
    echo "url = \"$address/healthz\"" >>"$folder/many.curl"
    curl --parallel --max-time 10 -K "$folder/many.curl" >"$folder/codes" 2>/dev/null &
    local client=$!
    drain
    wait "$client" || true
    ! grep -qvE '^(200|000|ok)$' "$folder/codes" || fail "answers: $(sort "$folder/codes" | uniq -c)"
}

refuses() {
    local status=0
    env "$1" "$users" 2>"$folder/log" || status=$?
    [ "$status" = "$2" ] || fail "$1: exit status $status instead of $2"
    log_has "$3" || fail "$1: the message is not about '$3'"
}

DATABASE_URL=sqlite:$folder/users.db
export DATABASE_URL
start "$users"
creates_reads_changes_and_deletes
answers_mistakes_with_problems
prints_its_layers
answers_what_it_has_read_before_it_drains
grep -q '"method":"POST","target":"/users"' "$folder/access.log" || fail "no access log"

# What was stored is there again.
start "$users"
expect 200 GET /users/1
body_has '"name":"Countess"'
drain

for url in memory: sqlite::memory:; do
    DATABASE_URL=$url
    start "$users"
    creates_reads_changes_and_deletes
    answers_mistakes_with_problems
    drain
done

refuses PORT=65536 2 'PORT is "65536": it must be a whole number from 0 to 65535'
refuses DATABASE_URL=postgres:x 2 'DATABASE_URL is "postgres:x"'
refuses HOST=localhost 2 'HOST is "localhost"'
refuses "DATABASE_URL=sqlite:$folder/none/users.db" 1 'unable to open'
refuses "ACCESS_LOG=$folder/none/log" 1 "$folder/none/log"
echo "users: everything as expected"
