/* cache_directives.h - what Cache-Control says of a response. RFC 9111 section 5.2.2, RFC 5861.
 * Internal. */
#ifndef CAIRN_HTTP_CACHE_DIRECTIVES_H
#define CAIRN_HTTP_CACHE_DIRECTIVES_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/http/fields.h>

CAIRN_BEGIN_DECLS

/* More seconds than that are as many: RFC 9111 section 1.2.2. */
#define CAIRN__CACHE_MOST_S 2147483648

/* Of seconds: -1 where the directive is absent. */
struct cairn__cache_directives {
    bool no_store;
    bool no_cache;        /* with names of fields, too: who does not know them keeps nothing */
    bool is_private;      /* likewise */
    bool must_revalidate; /* or proxy-revalidate */
    int64_t max_age_s;
    int64_t s_maxage_s;
    int64_t stale_if_error_s;
};

/*
 * All Cache-Control fields of FIELDS. Directives are without case, and those unknown mean nothing.
 * Seconds that are no whole number are 0, and the smaller one counts where a directive comes twice:
 * in doubt a response is stale (RFC 9111 section 4.2.1).
 */
void cairn__cache_directives_parse(
    const struct cairn_http_fields *fields, struct cairn__cache_directives *out);

/* Digits alone, clamped; -1 for anything else. */
int64_t cairn__cache_seconds(struct cairn_str text);

CAIRN_END_DECLS

#endif
