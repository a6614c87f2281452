#!/usr/bin/env bash
# form_test.sh PROGRAM - a form that is right, wrong, hostile, too long and no form, with curl.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

lacks() { ! grep -qF -- "$1" "$folder/body" || fail "'$1' in: $(cat "$folder/body")"; }

start "$1" 0

expect 200 GET /
head_has 'content-type: text/html; charset=utf-8'
head_has 'x-frame-options: DENY'
body_has '<form method=post action=/sign-up>'
lacks '<li>'

# Good: a redirect, and the page it leads to.
expect 303 POST /sign-up -d 'name=Zo%C3%AB+%26+Co&email=zoe%40example.org&age=30&plan=paid&news=on'
head_has 'location: /welcome?name=Zo%C3%AB+%26+Co'
expect 200 GET '/welcome?name=Zo%C3%AB+%26+Co'
body_has '<h1>Welcome, Zoë &amp; Co!</h1>'

# Bad: all that is wrong, and what was typed.
expect 422 POST /sign-up -d 'name=Ann&email=nowhere&age=17&plan=gold'
body_has '<li>email must be an e-mail address</li>'
body_has '<li>age must be a whole number from 18 to 120</li>'
body_has '<li>plan must be'
body_has 'value="Ann"'
lacks '<li>name'
expect 422 POST /sign-up -d 'email=a%40b&age=30'
body_has '<li>name is required</li>'

# What is typed is text, wherever it is shown.
expect 422 POST /sign-up --data-urlencode 'name="><script>alert(1)</script>' -d 'email=x'
lacks '<script>'
body_has 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"'
expect 200 GET '/welcome?name=%3Cscript%3E'
lacks '<script>'

# No form, too long a form, the form of another site.
expect 415 POST /sign-up -H 'Content-Type: application/json' -d '{}'
head -c 10001 /dev/zero | tr '\0' a >"$folder/long"
expect 413 POST /sign-up -d "@$folder/long"
expect 403 POST /sign-up -H 'Origin: https://evil.example' -d 'name=Ann&email=a%40b&age=30'
head_has 'x-frame-options: DENY'

drain
echo "form: everything as expected"
