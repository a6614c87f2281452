/* session_app.h - an app whose every answer can be told beforehand from the request alone. */
#ifndef CAIRN_TESTS_HTTP_SESSION_APP_H
#define CAIRN_TESTS_HTTP_SESSION_APP_H

#include <stddef.h>

#include <cairn/http/server.h>

/*
 * The path names what is done, with up to two numbers behind it:
 *   /collect      "LENGTH HASH TRAILER" of the whole body
 *   /spawned      the same, collected by another task
 *   /kept         the same, of a body that can be read again
 *   /echo         the body, as it comes
 *   /ignore       "ignored", without a look at the body
 *   /half/N       "half", after N bytes of the body or all of it
 *   /fail/N       an error then
 *   /file/N       the first N bytes of the pattern, from a file
 *   /gen/N/C      the same in chunks of C, of unknown length
 *   /known/N/C    the same with its length
 *   /trail/N/C    as /gen, with the trailer X-Sum: N
 *   /break/N/C    as /gen, and then it fails
 *   /short/N/C    as /break, with a length that promises one more
 *   /late         "late", some turns later
 *   /inform       a 103, then "informed"
 *   /upgrade      to "shout": what is read is sent back, and "bye" at the peer's end
 */
struct cairn_service *session_app(void *cx, const struct cairn_http_worker *worker);

/* The most that a file and a chunk can be asked for. */
enum { SESSION_FILE_BYTES = 300000, SESSION_CHUNK_BYTES = 65536 };

/* Makes the file, and closes it. */
void session_app_open(void);
void session_app_close(void);

/* Byte AT of the pattern. */
char session_pattern(size_t at);
/* Of LENGTH bytes of DATA. */
unsigned session_hash(const char *data, size_t length);

/* Exchanges that the app has begun, and that have told their end. */
struct session_counts {
    int begun;
    int ended;
};
struct session_counts session_app_counts(void);

#endif
