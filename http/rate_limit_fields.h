/* rate_limit_fields.h - what is left of a rate, as header fields of a response. */
#ifndef CAIRN_HTTP_RATE_LIMIT_FIELDS_H
#define CAIRN_HTTP_RATE_LIMIT_FIELDS_H

#include <stdbool.h>

#include <cairn/http/message.h>
#include <cairn/layers/keyed_limiter.h>

CAIRN_BEGIN_DECLS

/* Which fields; added up. */
enum cairn_http_rate_limit_fields {
    CAIRN_HTTP_RATE_LIMIT_DRAFT = 1,  /* draft-ietf-httpapi-ratelimit-headers: RateLimit-Policy: */
                                      /* "default";q=100;w=60 and RateLimit: "default";r=42;t=17 */
    CAIRN_HTTP_RATE_LIMIT_LEGACY = 2, /* X-RateLimit-Limit, -Remaining, -Reset (seconds from now) */
    CAIRN_HTTP_RATE_LIMIT_NONE = 4    /* neither; alone */
};

/*
 * Writes what ANSWER says, for a call under RATE, into RES. FIELDS: some of the enum's; 0: DRAFT.
 *
 *     q, Limit       what may come at once, the burst
 *     w              the seconds in which all of that comes back
 *     r, Remaining   what is left of it
 *     t, Reset       the seconds until all of it is there again
 *     Retry-After    only of a refusal: the seconds until a call is let through; instead of one
 * that was there. Whatever FIELDS says; left out where that is never.
 *
 * Seconds are rounded up. The fields of the draft are lists: those of POLICY, which is copied, come
 * behind what is there. The legacy ones stay as they are, so that the innermost limit is told. An
 * answer without a limit writes nothing.
 *
 * Returns 0; -1 without memory, or for a POLICY that cairn_http_is_rate_limit_policy refuses.
 */
CAIRN_API int cairn_http_rate_limit_fields(struct cairn_http_response *res, const char *policy,
    const struct cairn_keyed_rate *rate, const struct cairn_keyed_answer *answer, unsigned fields);

/* 1 to 64 printable characters of ASCII, neither a quote nor a backslash. */
CAIRN_API bool cairn_http_is_rate_limit_policy(struct cairn_str name);

CAIRN_END_DECLS

#endif
