/* http_coalesce.h - requests for the same thing at the same time share one call. */
#ifndef CAIRN_HTTP_LAYERS_HTTP_COALESCE_H
#define CAIRN_HTTP_LAYERS_HTTP_COALESCE_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * layers/coalesce.h for HTTP. GET and HEAD requests share a call when method, Host and target are
 * the same, and all values of the fields in `vary`. Not shared is a request with a body; one with
 * Authorization or Cookie, unless that is in `vary` or ignored; one that asks for a part (Range),
 * under a condition (If-…), for an upgrade, or with Cache-Control: no-store. It passes.
 *
 * A call that may be shared lives longer than who began it, so inner gets a copy of the request in
 * an arena of its own, which then belongs to the response: the head, without extensions and
 * exchange. So what inner reads of those (an identity, a deadline, a trace) is not there, early
 * hints go to nobody, and its exchange ends with the arena. Everyone gets a copy of the response;
 * one whose body is a stream or a file goes to who began the call, and the others call for
 * themselves.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; without
 * memory for the copy of the request the call fails with CAIRN_ERROR_MEMORY. May be cloned, and
 * copies are one group. A shared call costs an arena, also when it is answered at once.
 * Invalid: more than 16 names in `vary`, or one that is none. Counts: as coalesce, which is
 * described as what is inside.
 *
 * Place: inside of http_cache, and of all that looks at who asks: authorization, access_log, trace,
 * limits for each client. Outside of what makes a call cost something.
 */
struct cairn_http_coalesce_options {
    size_t size;
    const char *const *vary;    /* names of fields, ended by NULL; copied; NULL: none */
    bool ignores_authorization; /* the answer does not depend on it: all who get here may have it */
    bool ignores_cookies;       /* nor on cookies */
};

/* NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_http_coalesce_layer(
    const struct cairn_http_coalesce_options *options);

/* cairn_http_coalesce() */
#define cairn_http_coalesce(...)                                           \
    cairn_http_coalesce_layer(&(const struct cairn_http_coalesce_options){ \
        .size = sizeof(struct cairn_http_coalesce_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
