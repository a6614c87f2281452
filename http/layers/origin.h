/* origin.h - web origins as options name them. RFC 6454, Fetch section 3.2. Internal. */
#ifndef CAIRN_HTTP_LAYERS_ORIGIN_H
#define CAIRN_HTTP_LAYERS_ORIGIN_H

#include <stdbool.h>

#include <cairn/service/api.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/* What an option must be, for its complaint. */
#define CAIRN__ORIGIN_FORM                                                                         \
    "of the form scheme://host[:port], separated by commas: lower case, no path, no wildcard, no " \
    "default port"

/* Whether S is an origin as a browser would write it: scheme "://" host [ ":" port ], in lower
 * case, nothing behind it, and not the port that the scheme has anyway. "null" is none. */
bool cairn__origin_is_valid(struct cairn_str s);

CAIRN_END_DECLS

#endif
