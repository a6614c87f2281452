/* from_fn.h - a layer from a function that gets the request and what comes next. Axum's from_fn. */
#ifndef CAIRN_HTTP_LAYERS_FROM_FN_H
#define CAIRN_HTTP_LAYERS_FROM_FN_H

#include <stddef.h>

#include <cairn/http/message.h>
#include <cairn/service/future.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/* What is inside of the layer, readied for one call. Lives in the arena of the request. */
struct cairn_http_next;

/*
 * Calls what is inside: takes REQ, the function's own or another of its arena, and returns the
 * future of the response. At most once in a call, and before the future that the function returned
 * is over: else an assertion.
 */
CAIRN_API struct cairn_future cairn_http_next_run(
    struct cairn_http_next *next, struct cairn_http_request *req);

/*
 * At each call `f` takes the request and returns the future of the response, which is the answer of
 * the call; a value of NULL is out of memory. In between it does what it likes: it changes the
 * request, runs next, looks at the response, or answers without running next. An async function
 * keeps REQ and NEXT in its frame and runs next when it is time to.
 *
 * What inner has reserved is for next, until it is run or the call is over: then the room is given
 * back. When `f` returns a future that is not complete and has not run next, the readied inner
 * service moves into the call, and a copy takes its place. A few of those that have done their part
 * are kept, so that calls need no memory for them at steady state. A function that runs next before
 * it returns, or answers at once, costs neither copy nor box: 32 bytes in the arena.
 *
 * Readiness and types are inner's, which must be http.request and http.response; errors are the
 * function's and inner's. May be cloned. Refused (CAIRN_ERROR_TYPE): an inner service that cannot
 * be cloned. Invalid: f missing. Counts, in all copies: `passed`, calls that ran next; `answered`,
 * those that ended without; gauge `waiting`, those that have not run it and hold inner's room.
 *
 * Place: where what it does belongs. One that waits long before it runs next keeps inner's room all
 * that time: put what limits outside of it, or around what it asks.
 */
struct cairn_from_fn_options {
    size_t size;
    struct cairn_future (*f)(
        struct cairn_http_request *req, struct cairn_http_next *next, void *state);
    void *state;      /* f's own, borrowed until the last copy and the last call are gone */
    const char *name; /* copied; shown where the stack is printed; NULL: none */
};

/* OPTIONS may be NULL, which is invalid: there is no function. */
CAIRN_API struct cairn_layer cairn_from_fn_layer(const struct cairn_from_fn_options *options);

/* cairn_from_fn(.f = only_json) */
#define cairn_from_fn(...)                                     \
    cairn_from_fn_layer(&(const struct cairn_from_fn_options){ \
        .size = sizeof(struct cairn_from_fn_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
