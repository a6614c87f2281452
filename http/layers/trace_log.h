/* trace_log.h - a line for each step of a request: trace with hooks that log. */
#ifndef CAIRN_HTTP_LAYERS_TRACE_LOG_H
#define CAIRN_HTTP_LAYERS_TRACE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cairn/http/classify.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_trace_log_level {
    CAIRN_TRACE_LOG_DEBUG, /* every step, and failures */
    CAIRN_TRACE_LOG_ERROR  /* failures alone */
};

/* What times are told in. */
enum cairn_trace_log_unit {
    CAIRN_TRACE_LOG_MS,
    CAIRN_TRACE_LOG_US,
    CAIRN_TRACE_LOG_NS,
    CAIRN_TRACE_LOG_S
};

/*
 * The lines of a request, as trace's hooks come. All have
 *
 *     ts, level   as access_log's; "debug", or "error" of a failure
 *     event       "request", "response", "chunk", "eos" or "failure"
 *     span        a number that the lines of one request share, unlike those of others
 *     method, target, request_id    of the request, as access_log has them
 *
 * and then
 *
 *     request     version ("1.1"); with `headers` header.NAME for each field, its name in small
 *                 letters, the first 256 bytes of the value; headers_cut: true where a line was
 * full response    status, latency chunk       bytes, latency: only with `chunks` eos duration;
 * grpc_status where a trailer has it failure     status (of a failed call that of
 * cairn_http_error_status, of a failed body the response's), grpc_status, error (the first 512
 * bytes), latency
 *
 * Times are whole numbers of `unit`; the key says which: latency_ms. Header fields are those of
 * requests only; of a sensitive one the line has what cairn_http_field_for_log makes of it, so that
 * Authorization, Proxy-Authorization and Cookie are hidden. Mind that a query is not.
 *
 * Lines are written as access_log's are: never waiting, in batches, dropped and counted where the
 * file takes no more. Readiness, errors, types and place are trace's. A ready answer allocates
 * nothing.
 * Invalid: a file without a descriptor, an unknown format, level or unit.
 * Counts as trace and access_log do: `failures`, `untraced`, `lines`, `dropped`, `buffered`.
 */
struct cairn_trace_log_options {
    size_t size;
    FILE *file; /* only its descriptor is used; borrowed until the last copy is dropped; NULL:
                   stderr */
    enum cairn_access_log_format format;     /* 0: JSON */
    enum cairn_trace_log_level level;        /* 0: debug */
    enum cairn_trace_log_unit unit;          /* 0: ms */
    bool headers;                            /* whether to log those of requests */
    bool chunks;                             /* whether to log each chunk */
    struct cairn_http_classifier classifier; /* zero: 500 to 599 are failures */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_trace_log_layer(const struct cairn_trace_log_options *options);

/* cairn_trace_log(.level = CAIRN_TRACE_LOG_ERROR) */
#define cairn_trace_log(...)                                       \
    cairn_trace_log_layer(&(const struct cairn_trace_log_options){ \
        .size = sizeof(struct cairn_trace_log_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
