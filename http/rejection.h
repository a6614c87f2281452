/* rejection.h - why a request was not what a handler asked for, and the answer to that. */
#ifndef CAIRN_HTTP_REJECTION_H
#define CAIRN_HTTP_REJECTION_H

#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

enum cairn_http_rejection_reason {
    CAIRN_HTTP_REJECTION_NONE,
    CAIRN_HTTP_REJECTION_MEDIA_TYPE, /* 415: another Content-Type, or none */
    CAIRN_HTTP_REJECTION_SYNTAX,     /* 400: what it should be it is not, as far as it was read */
    CAIRN_HTTP_REJECTION_TOO_LARGE,  /* 413 */
    CAIRN_HTTP_REJECTION_DATA,       /* 422 for a body, else 400: see the violations */
    CAIRN_HTTP_REJECTION_NOT_FOUND,  /* 404: a path parameter that cannot name anything */
    CAIRN_HTTP_REJECTION_ROUTE,      /* 500: the route's pattern has no such parameter */
    CAIRN_HTTP_REJECTION_NO_MEMORY   /* 503 */
};

/* One thing that is wrong with the data. */
struct cairn_http_violation {
    /* Where: a JSON pointer as a fragment, "#/tags/2" (RFC 6901 section 6), or the name of a
     * parameter. */
    struct cairn_str where;
    struct cairn_str detail; /* "must be a whole number from 0 to 150" */
};
/* More are counted, not listed. */
#define CAIRN_HTTP_MAX_VIOLATIONS 100

/* All it points to lives in the arena of the request, or is static. */
struct cairn_http_rejection {
    enum cairn_http_rejection_reason reason;
    int status;
    const char *detail; /* for the client; NULL: none */
    int line;           /* of a syntax error, from 1; 0: none in particular */
    int column;
    bool is_json; /* whether violations are placed by JSON pointers, or by names */
    const struct cairn_http_violation *violations;
    size_t violation_count;
    size_t violation_total; /* with those that are not listed */
};

/*
 * The answer: problem+json (RFC 9457) with the rejection's status and detail, and each violation in
 * an array `errors` of {"pointer", "detail"}, or {"parameter", "detail"}. NULL without memory, and
 * for NO_MEMORY: which a handler may return as it is.
 */
CAIRN_API struct cairn_http_response *cairn_http_reject(
    const struct cairn_http_request *req, const struct cairn_http_rejection *rejection);

/*
 * Has F(REQ, REJECTION, CX) make the answers of cairn_http_reject for REQ from now on: for an
 * application whose errors look otherwise, in a layer around its handlers. F may call
 * cairn_http_reject_standard. Returns 0, or -1 without memory.
 */
CAIRN_API int cairn_http_reject_with(struct cairn_http_request *req,
    struct cairn_http_response *(*f)(const struct cairn_http_request *req,
        const struct cairn_http_rejection *rejection, void *cx),
    void *cx);
/* What cairn_http_reject does by default. */
CAIRN_API struct cairn_http_response *cairn_http_reject_standard(
    const struct cairn_http_request *req, const struct cairn_http_rejection *rejection);

CAIRN_END_DECLS

#endif
