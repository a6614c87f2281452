/* on_end.h - tells how each exchange ended: answered in full, or its peer gone before that.
 * tower-http's OnEarlyDrop, and more. */
#ifndef CAIRN_HTTP_LAYERS_ON_END_H
#define CAIRN_HTTP_LAYERS_ON_END_H

#include <cairn/http/exchange.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Has a function called once for each request that comes through, when its exchange has ended: see
 * cairn_http_on_end, which does it for one. A client that went away before there was an answer
 * shows as CAIRN_HTTP_PEER_GONE with status 0; one that went away during the body, with the status
 * that was sent, and how many bytes of the body went out.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. Without
 * memory the call fails with CAIRN_ERROR_MEMORY. May be cloned. Invalid: no function. Counts:
 * nothing.
 *
 * Place: anywhere; what it tells is of the exchange, not of the layers inside.
 */
struct cairn_on_end_options {
    size_t size;
    /* Called on the worker's thread, after the handler's future has been dropped; REQ and its arena
     * are still good. Required. */
    void (*ended)(void *cx, const struct cairn_http_request *req, const struct cairn_http_end *end);
    void *cx; /* borrowed until the last exchange has ended */
};

CAIRN_API struct cairn_layer cairn_on_end_layer(const struct cairn_on_end_options *options);

/* cairn_on_end(.ended = count_those_who_left, .cx = &metrics) */
#define cairn_on_end(...)                                    \
    cairn_on_end_layer(&(const struct cairn_on_end_options){ \
        .size = sizeof(struct cairn_on_end_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
