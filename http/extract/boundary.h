/* boundary.h - finds the boundaries between the parts of a body that comes in pieces. RFC 2046
 * section 5.1.1. Internal.
 *
 * A boundary is CR LF "--" and a text without CR. So it can begin nowhere inside itself: what was
 * held back as its possible begin is data as soon as one byte differs, and the search goes on
 * behind it. No byte is looked at twice but that one, however the data is cut.
 */
#ifndef CAIRN_HTTP_BOUNDARY_H
#define CAIRN_HTTP_BOUNDARY_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/str.h>

#define CAIRN__BOUNDARY_MOST 70 /* RFC 2046 */

struct cairn__boundary {
    char text[4 + CAIRN__BOUNDARY_MOST];
    size_t length;
    size_t matched; /* bytes of it that were the last to be seen */
    size_t implied; /* of these the first so many were seen before the data: the end of a line */
};

/* Whether S may be a boundary: 1 to 70 characters of section 5.1.1, the last no space. */
bool cairn__boundary_is_valid(struct cairn_str s);

/* S is valid. The search begins at the begin of a line. */
void cairn__boundary_init(struct cairn__boundary *self, struct cairn_str s);
/* A new search, at the begin of a line. */
void cairn__boundary_restart(struct cairn__boundary *self);

/*
 * Looks at INPUT; *USED is how much of it. *PIECE is data before a boundary, or before what may
 * become one; it may be empty, and lies in INPUT or in SELF. Returns true when a boundary follows
 * PIECE: then all of it is used up. Call again with what is left, if there is anything.
 */
bool cairn__boundary_find(
    struct cairn__boundary *self, struct cairn_str input, size_t *used, struct cairn_str *piece);

#endif
