/* server_app.h - the app that the server's tests talk to. */
#ifndef CAIRN_TESTS_HTTP_SERVER_APP_H
#define CAIRN_TESTS_HTTP_SERVER_APP_H

#include <cairn/http/server.h>

/* What the app counts and holds, for the test to look at; one worker only. */
struct server_app {
    int begun;   /* calls of /hang */
    int dropped; /* futures of /hang that were given up or completed */
    struct cairn_service *(*wrap)(struct cairn_service *inner); /* NULL: no layers */
};

/*
 * Answers by path:
 *   /hello  text · /echo  the body as it came · /field  a forbidden response field
 *   /big    1 MiB of 'x' · /chunks  "one", "two", "three" as a stream of unknown length
 *   /sized  the same with its length · /short  with a length that is too long · /break  fails in
 * the middle /hang   never, until it is dropped · /fail/CODE  an error of that code · /null  no
 * response /empty  204 · /peer  "v4" or "v6"
 */
struct cairn_service *server_app(void *cx, const struct cairn_http_worker *worker);

#endif
