/* error_to_response.h - makes each failure of a call a response. Axum's HandleError. */
#ifndef CAIRN_HTTP_LAYERS_ERROR_TO_RESPONSE_H
#define CAIRN_HTTP_LAYERS_ERROR_TO_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/error_response.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_error_format {
    CAIRN_ERROR_PROBLEM,   /* application/problem+json (RFC 9457) */
    CAIRN_ERROR_TEXT,      /* text/plain: "Not Found", or the detail */
    CAIRN_ERROR_NEGOTIATED /* either, as Accept says; a problem where neither is acceptable */
};

/* What errors of a code become. */
struct cairn_error_rule {
    enum cairn_error_code code; /* 0: the end of the rules */
    int status;                 /* 400 to 599 */
    const char *detail;         /* for the client; NULL: none */
    uint32_t retry_after_s;     /* Retry-After; 0: 1 for 429 and 503, else none */
    int grpc_status;            /* 1 to 16, where gRPC is spoken; 0: the code's, see below */
};
#define CAIRN_ERROR_RULES_MOST 64

/*
 * A call that fails gets a response; the error is let go of. Which one says `map`; where that
 * returns NULL, the first of `rules` for the code of the error, or else of its source, and so on
 * down; where there is none, the status is cairn_http_error_status's. Without memory for the answer
 * the error passes through as it is.
 *
 * Nothing of an error's inside is told: no message, no source, no status line of its own; the
 * client sees the name of the status, and the detail of a rule. `source_header` alone names the
 * layer that raised the error ("timeout"), for clients of yours: also on the answers of `map`.
 *
 * With `grpc` a request whose Content-Type is application/grpc, or begins so, gets an answer of
 * trailers only: 200, grpc-status, and grpc-message with the detail. Of a code without a rule:
 *   OVERLOADED, MEMORY, UNAVAILABLE, CLOSED 14 · LIMITED, TOO_LARGE 8 · ELAPSED, SLOW 4 ·
 *   CANCELLED 1 · NOT_FOUND 5 · CONFLICT 10 · REJECTED 7 · PROTOCOL 3 · anything else 13.
 *
 * A failure of readiness passes: that service is dead, and a response would hide it.
 *
 * Readiness and types are inner's, which must be http.request and http.response. May be cloned.
 * Invalid: a rule out of range, more than 64 of them; an unknown format; source_header no token.
 * Counts, in all copies: `errors_4xx` and `errors_5xx`, by the status of the response; for gRPC by
 * that which it would have had.
 *
 * Place: outside of what may fail, inside of what wants to see responses only (set_header,
 * request_id, metrics). The server does the same with errors that reach it; this layer does it
 * where other layers can still add to the answer.
 */
struct cairn_error_to_response_options {
    size_t size;
    /* Borrows all it is given; NULL: no such function. */
    struct cairn_http_response *(*map)(
        void *cx, const struct cairn_http_request *req, const struct cairn_error *error);
    void *cx; /* borrowed until the last copy and the last future are gone */
    const struct cairn_error_rule *rules; /* copied; ended by a code of 0; NULL: none */
    enum cairn_error_format format;       /* 0: a problem */
    const char *source_header;            /* "X-Error-Source"; copied; NULL: none */
    bool grpc;
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_error_to_response_layer(
    const struct cairn_error_to_response_options *options);

/* cairn_error_to_response(.map = my_answer) */
#define cairn_error_to_response(...)                                               \
    cairn_error_to_response_layer(&(const struct cairn_error_to_response_options){ \
        .size = sizeof(struct cairn_error_to_response_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
