#!/usr/bin/env bash
# behind_proxy_test.sh PROGRAM - the PROXY protocol, as curl speaks it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start "$1" 0
expect 200 GET / --haproxy-protocol
[ "$(cat "$folder/body")" = 127.0.0.1 ] || fail "it says: $(cat "$folder/body")"
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\nGET / HTTP/1.0\r\n\r\n' >&3
grep -q '^203\.0\.113\.9$' <&3 || fail "the client's address is not that of the header"
exec 3>&-
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'PROXY TCP4 10.0.0.1 192.0.2.1 4711 443\r\nGET / HTTP/1.0\r\nX-Forwarded-For: 203.0.113.8\r\n\r\n' >&3
grep -q '^203\.0\.113\.8$' <&3 || fail "the proxy behind the proxy is not believed"
exec 3>&-
if curl -s "http://127.0.0.1:$port/" >/dev/null; then
    fail "a connection without a header was served"
fi
drain
echo "behind_proxy: everything as expected"
