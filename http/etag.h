/* etag.h - entity tags: one, and lists of them. RFC 9110 section 8.8.3. */
#ifndef CAIRN_HTTP_ETAG_H
#define CAIRN_HTTP_ETAG_H

#include <stdbool.h>

#include <cairn/service/api.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/* "xyzzy" or W/"xyzzy". */
struct cairn_http_etag {
    struct cairn_str opaque; /* what is between the quotes; absent: no tag */
    bool is_weak;
};

/* Reads S, whole, as one tag. Returns false, and leaves *OUT alone, for anything else: no quotes, a
 * small w, a space, a quote or a control character within. Borrows S as long as OUT is used. */
CAIRN_API bool cairn_http_etag_parse(struct cairn_str s, struct cairn_http_etag *out);

/* Section 8.8.3.2. By the strong comparison a weak tag equals none; by the weak one the quoted
 * texts decide. An absent tag equals none. */
CAIRN_API bool cairn_http_etag_equal_strong(struct cairn_http_etag a, struct cairn_http_etag b);
CAIRN_API bool cairn_http_etag_equal_weak(struct cairn_http_etag a, struct cairn_http_etag b);

enum cairn_http_etag_match {
    CAIRN_HTTP_ETAG_DIFFERS,
    CAIRN_HTTP_ETAG_MATCHES,
    CAIRN_HTTP_ETAG_MALFORMED /* all of the list counts for nothing */
};

/* Whether TAG is one of LIST, by the comparison EQUAL. Elements may be empty, and may have spaces
 * around them. "*" is no list. */
CAIRN_API enum cairn_http_etag_match cairn_http_etag_match_list(struct cairn_str list,
    struct cairn_http_etag tag, bool (*equal)(struct cairn_http_etag, struct cairn_http_etag));

CAIRN_END_DECLS

#endif
