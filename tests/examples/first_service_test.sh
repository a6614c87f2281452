#!/usr/bin/env bash
# first_service_test.sh PROGRAM - what docs/first-service.md has its reader type.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# One CPU makes one worker, and so four permits for /sign.
start taskset -c "$(taskset -cp $$ | sed 's/.*: \([0-9]*\).*/\1/')" "$1" 0

# The page says 8080, the test has a free port.
curl() { command curl -sS --max-time 10 "${@/localhost:8080/localhost:$port}"; }
says() { grep -qF -- "$1" "$folder/said" || fail "no '$1' in: $(cat "$folder/said")"; }

{
    # [greet]
    curl -i http://localhost:8080/greet/Ada
    # [/greet]
} >"$folder/said"
says 'HTTP/1.1 200 OK'
says 'Welcome, Ada! You are guest 1.'
says 'X-Request-Id: '

{
    # [sign]
    curl http://localhost:8080/sign -d Ada
    curl http://localhost:8080/sign -d ''
    # [/sign]
} >"$folder/said"
says 'signed'
says '"detail":"sign with your name"'

{
    # [wrong]
    curl -i http://localhost:8080/nowhere
    curl -i http://localhost:8080/sign
    # [/wrong]
} >"$folder/said"
says 'HTTP/1.1 404 Not Found'
says 'HTTP/1.1 405 Method Not Allowed'
says 'Allow: POST, OPTIONS'

for _ in $(seq 60); do
    curl -o /dev/null -w '%{http_code}\n' http://localhost:8080/sign -d Ada &
done >"$folder/said"
wait $(jobs -p | grep -v "^$server\$")
says 201
says 503

kill -USR2 "$server"
soon log_has 'concurrency_limit(max=4)' || fail "USR2 printed no stack"
drain
echo "first_service: everything as documented"
