/* origin.h - web origins as options name them. RFC 6454, Fetch section 3.2. Internal. */
#ifndef CAIRN_HTTP_LAYERS_ORIGIN_H
#define CAIRN_HTTP_LAYERS_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

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

/*
 * Walks the elements of a comma-separated list, without the white space around them: moves *LIST on
 * and returns false after the last. A list has one more element than commas; they may be empty.
 */
bool cairn__list_next(struct cairn_str *list, struct cairn_str *element);

/* Whether each element of LIST passes IS_VALID; of an empty list none does. *COUNT is how many
 * there are. */
bool cairn__list_is(struct cairn_str list, bool (*is_valid)(struct cairn_str), size_t *count);

/* Whether ORIGIN is an element of LIST. Bytes compare: a browser writes an origin in one way only.
 */
bool cairn__list_has(struct cairn_str list, struct cairn_str origin);

CAIRN_END_DECLS

#endif
