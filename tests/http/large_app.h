/* large_app.h - an app for bodies that are larger than memory ought to become. */
#ifndef CAIRN_TESTS_HTTP_LARGE_APP_H
#define CAIRN_TESTS_HTTP_LARGE_APP_H

#include <cairn/http/server.h>

struct cairn_blocking_pool;

/*
 * The path names what is done, with a number of bytes behind it:
 *   /count     reads the body as it comes, and answers with its length
 *   /save      writes it to /dev/null with cairn_http_save, and answers with its length
 *   /pool      the same on a thread of the pool, which is CX
 *   /stream/N  N bytes as a stream
 *   /file/N    N bytes of a file with a hole for a content
 */
struct cairn_service *large_app(void *cx, const struct cairn_http_worker *worker);

#endif
