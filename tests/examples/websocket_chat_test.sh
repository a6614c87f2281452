#!/usr/bin/env bash
# websocket_chat_test.sh PROGRAM - two pages of a browser that talk with each other.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib.sh"

start "$1" 0
expect 426 GET /chat
expect 403 GET /chat -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
    -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' -H 'Origin: http://elsewhere.example'
python3 "$here/browser.py" chat "$address" || fail "not in a browser"
drain
echo "websocket_chat: everything as expected"
