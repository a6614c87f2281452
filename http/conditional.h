/* conditional.h - conditional requests: is this what the client knows already, is it still what the
 * client means. RFC 9110 section 13. */
#ifndef CAIRN_HTTP_CONDITIONAL_H
#define CAIRN_HTTP_CONDITIONAL_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/http/etag.h>
#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/* What tells the current representation from others. All zero: there is one, nothing tells. */
struct cairn_http_validators {
    struct cairn_http_etag etag; /* absent: none */
    int64_t modified;            /* Last-Modified, in Unix seconds; counts if … */
    bool has_modified;
    bool is_absent; /* there is no representation: a PUT would make the first */
};

struct cairn_http_condition {
    int status; /* 0: go on; 304: the client has it; 412: do nothing */
    /* The value of the Range field, if it is to be heeded; absent: all is to be sent. */
    struct cairn_str range;
};

/*
 * What the fields of REQ ask for, given the VALIDATORS of what it is about, in the order of section
 * 13.2.2: If-Match, else If-Unmodified-Since; If-None-Match, else If-Modified-Since; If-Range. NOW,
 * in Unix seconds, is for dates. Allocates nothing; the result borrows from REQ.
 *
 * Call it before the method does anything, and only where the answer would otherwise be 2xx
 * (section 13.2.1). A handler for PUT that must not overwrite what the client has not seen:
 *
 *     if (cairn_http_conditional(req, &current, now).status)
 *         return cairn_http_problem(req, 412, NULL);
 *
 * Never 304 but to GET and HEAD, no range but to GET; CONNECT, OPTIONS and TRACE know no
 * conditions. Dates that are none, or come twice, count for nothing, as the RFC asks. For lists of
 * tags that cannot be read it has no rule: here an If-Match holds for nothing (412), and an
 * If-None-Match sends all to GET and HEAD but lets nothing else happen (412). Of two Range fields
 * neither counts; nor does a range below an If-Range that is no validator, or comes twice, or has a
 * date less than a second old, in which there may have been two versions (section 8.8.2.2).
 */
CAIRN_API struct cairn_http_condition cairn_http_conditional(const struct cairn_http_request *req,
    const struct cairn_http_validators *validators, int64_t now);

CAIRN_END_DECLS

#endif
