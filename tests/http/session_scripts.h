/* session_scripts.h - what a client says to session_app, for tests that disturb it everywhere. */
#ifndef CAIRN_TESTS_HTTP_SESSION_SCRIPTS_H
#define CAIRN_TESTS_HTTP_SESSION_SCRIPTS_H

#define SESSION_HEAD(request) request " HTTP/1.1\r\nHost: a\r\n"
#define SESSION_GET(path) SESSION_HEAD("GET " path) "\r\n"

/* An array of pieces, NULL at its end: each is sent when the one before has been worked up. */
#define SESSION_PIECES 6
typedef const char *const session_script[SESSION_PIECES];

static session_script session_scripts[] = {
    {SESSION_GET("/ignore")},
    {SESSION_HEAD("POST /collect") "Content-Length: 10\r\n\r\n", "abcde", "fghij"},
    {SESSION_HEAD("POST /echo") "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n",
        "4\r\ndefg\r\n", "0\r\nX-Sum: 1\r\n\r\n"},
    {SESSION_HEAD("POST /kept") "Expect: 100-continue\r\nContent-Length: 6\r\n\r\n", "abc", "def"},
    {SESSION_HEAD("POST /spawned") "Transfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n",
        "0\r\nX-Sum: 7\r\n\r\n"},
    {SESSION_HEAD("GET /trail/5000/900") "TE: trailers\r\n\r\n"},
    {SESSION_GET("/inform"), SESSION_GET("/late")},
    {SESSION_GET("/file/300000"), SESSION_GET("/ignore")},
    {SESSION_HEAD("GET /upgrade") "Connection: upgrade\r\nUpgrade: shout\r\n\r\nab", "cde"},
    {SESSION_GET("/known/40000/20000") SESSION_GET("/gen/3000/1000")
            SESSION_HEAD("POST /half/2") "Content-Length: 4\r\n\r\nabcd" SESSION_HEAD(
                "HEAD /ignore") "\r\n" SESSION_GET("/fail/1")},
    {SESSION_GET("/gen/90000/30000") SESSION_GET("/short/500/100")},
    {"BAD\r\n\r\n"},
    {"GET /ignore HTTP/1.0\r\n\r\n"},
    {"GET /ignore HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", SESSION_GET("/ignore")},
    {"GET /gen/5000/700 HTTP/1.0\r\n\r\n"},
    {"GET /ignore HTTP/2.0\r\nHost: a\r\n\r\n"},
    {"GET /ignore HTTP/1.1\r\n\r\n"},
    {SESSION_HEAD("HEAD /ignore") "\r\n"},
    {SESSION_HEAD("HEAD /file/300000") "\r\n", SESSION_HEAD("HEAD /gen/9/3") "\r\n"},
    {SESSION_HEAD("GET /ignore") "Connection: close\r\n\r\n"},
    {SESSION_HEAD("GET /file/70000") "Connection: close\r\n\r\n"},
    {SESSION_GET("/file/0")},
    {SESSION_GET("/known/0/1")},
    {SESSION_GET("/known/65536/65536")},
    {SESSION_GET("/break/4000/500")},
    {SESSION_GET("/late") SESSION_GET("/late") SESSION_GET("/inform")},
    {SESSION_HEAD("DELETE /ignore") "\r\n"},
    {SESSION_HEAD("LEAP /ignore") "\r\n"},
    {SESSION_HEAD("POST /collect") "Content-Length: 0\r\n\r\n"},
    {SESSION_HEAD("PUT /collect") "Content-Length: 3\r\n\r\nabc" SESSION_GET("/ignore")},
    {SESSION_HEAD("POST /collect") "Content-Length: 4\r\nContent-Length: 5\r\n\r\n"},
    {SESSION_HEAD("POST /collect") "Content-Length: 99999999\r\n\r\n"},
    {SESSION_HEAD("POST /collect") "Transfer-Encoding: gzip\r\n\r\n"},
    {SESSION_HEAD("POST /collect") "Transfer-Encoding: chunked\r\n\r\nx\r\n"},
    {SESSION_HEAD("POST /collect") "Expect: more\r\nContent-Length: 1\r\n\r\na"},
    {SESSION_HEAD("POST /ignore") "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", "abc"},
    {SESSION_HEAD("POST /ignore") "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "0\r\n\r\n"},
    {SESSION_HEAD("POST /fail/2") "Content-Length: 4\r\n\r\nab", "cd"},
    {SESSION_HEAD("POST /echo") "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
        "2\r\nab\r\n", "0\r\nX-Sum: 1\r\n\r\n", SESSION_GET("/ignore")},
    {SESSION_HEAD("POST /kept") "Transfer-Encoding: chunked\r\n\r\n", "1;a=\"b\"\r\na\r\n",
        "0\r\n\r\n", SESSION_HEAD("POST /half/1") "Content-Length: 3\r\n\r\n", "abc"},
};

enum { SESSION_SCRIPTS = sizeof(session_scripts) / sizeof(*session_scripts) };

#endif
