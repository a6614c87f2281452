/* trace.h - hooks along the life of a request: for spans, logs and metrics. tower-http's Trace. */
#ifndef CAIRN_HTTP_LAYERS_TRACE_H
#define CAIRN_HTTP_LAYERS_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/http/classify.h>
#include <cairn/http/exchange.h>
#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Each may be NULL. They are called on the thread of the request, must not block, and borrow what
 * they are given for the call. Times are nanoseconds of the runtime's clock, which is read once a
 * turn. In this order:
 */
struct cairn_trace_hooks {
    /* SPAN, which the others get: a pointer of yours, into the request's arena say. It may change
     * REQ, to tell the services behind of the span. NULL here: SPAN is NULL. */
    void *(*make_span)(void *cx, struct cairn_http_request *req);
    /* Before inner is called. */
    void (*on_request)(void *cx, void *span, const struct cairn_http_request *req);
    /* The head of the response is there, LATENCY_NS after the call. */
    void (*on_response)(
        void *cx, void *span, const struct cairn_http_response *res, uint64_t latency_ns);
    /* For each chunk of the response's stream as it passes, LATENCY_NS after the one before or the
     * head. A body that is whole is one chunk, and passes with the head; one that is a file passes
     * unseen. */
    void (*on_body_chunk)(void *cx, void *span, struct cairn_str bytes, uint64_t latency_ns);
    /* The body has ended as it should, DURATION_NS after the head. TRAILERS: NULL for none. */
    void (*on_eos)(
        void *cx, void *span, const struct cairn_http_fields *trailers, uint64_t duration_ns);
    /* At most once: behind on_response or on_eos, where the classifier says so; or in their place,
     * when the call or the body fails. LATENCY_NS counts from the call. */
    void (*on_failure)(
        void *cx, void *span, const struct cairn_http_failure *failure, uint64_t latency_ns);
    /* Once for each span, also of a call that was given up: the exchange has ended, as END says.
     * SPAN will not be used any more. */
    void (*end_span)(void *cx, void *span, const struct cairn_http_end *end);
    /* Borrowed until the last copy of the service is dropped, and the last exchange has ended. */
    void *cx;
};

/*
 * Readiness, errors and types are inner's, which must be http.request and http.response. May be
 * cloned. A request for which there is no memory in its arena passes untraced. A ready answer
 * allocates nothing. Invalid: no hooks. Counts, in all copies: `failures`, `untraced`.
 *
 * Place: outermost, inside of request_id; outside of error_to_response it sees the answers to
 * errors, inside of it the errors.
 */
struct cairn_trace_options {
    size_t size;
    const struct cairn_trace_hooks *hooks;   /* copied when it is applied; required */
    struct cairn_http_classifier classifier; /* zero: 500 to 599 are failures */
};

/* OPTIONS must have hooks. */
CAIRN_API struct cairn_layer cairn_trace_layer(const struct cairn_trace_options *options);

/* cairn_trace(.hooks = &my_hooks, .classifier = cairn_http_classify_grpc(0)) */
#define cairn_trace(...)                                   \
    cairn_trace_layer(&(const struct cairn_trace_options){ \
        .size = sizeof(struct cairn_trace_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
