/* query.h - the pairs of a query string, or of a form: read and written. WHATWG URL section 5. */
#ifndef CAIRN_HTTP_QUERY_H
#define CAIRN_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/*
 * How application/x-www-form-urlencoded is read, as browsers and the WHATWG's URL standard do:
 *
 * Pairs are divided by "&"; empty ones are passed over. A pair is divided by its first "=": "a=b=c"
 * is "b=c" for "a". "a" and "a=" have the empty value, which is not the absent one; "=b" has the
 * empty name. In both a plus sign is a space, and percent-encoding is undone, once: "%2541" is
 * "%41". A percent sign without two hexadecimal digits stands for itself. What comes out is bytes:
 * it may hold a NUL ("%00") and need not be UTF-8. Names compare exactly. ";" divides nothing.
 */

/* In the order of the text; a name may occur several times. A list, searched from its begin: so no
 * choice of names makes it slower than its length, which is bounded. */
struct cairn_http_query {
    const struct cairn_http_param *items;
    size_t count;
};

#define CAIRN_HTTP_QUERY_PAIRS 1000

/*
 * All pairs of TEXT, without a question mark; an absent one has none. MAX_PAIRS 0 is 1000. The list
 * lives in ARENA; a name or value that has neither percent nor plus sign borrows from TEXT, any
 * other is in ARENA, too. Returns 0, or what to answer with: 400 when there are more pairs, 503
 * without memory. *OUT is empty then.
 */
CAIRN_API int cairn_http_query_parse(struct cairn_str text, size_t max_pairs,
    struct cairn_arena *arena, struct cairn_http_query *out);

/* The same for the query of REQ, in its arena, with at most 1000 pairs. */
CAIRN_API int cairn_http_query_of(
    const struct cairn_http_request *req, struct cairn_http_query *out);

/* The first value of NAME, or the absent string. */
CAIRN_API struct cairn_str cairn_http_query_get(
    const struct cairn_http_query *query, const char *name);
/* Walks the values of NAME: *CURSOR is 0 before the first call. Returns false after the last. */
CAIRN_API bool cairn_http_query_next(const struct cairn_http_query *query, const char *name,
    size_t *cursor, struct cairn_str *value);

/*
 * One pair at a time, without a list: cuts the next one off *REST, which is the whole text before
 * the first call. Returns 1 with it in *OUT; 0 at the end; -1 without memory. Strings are as above.
 */
CAIRN_API int cairn_http_query_cut(
    struct cairn_str *rest, struct cairn_arena *arena, struct cairn_http_param *out);

/*
 * The text of PAIRS[0..COUNT), in ARENA, with a NUL behind it: "name=a+b&x=%26". Letters, digits
 * and "*-._" stay, a space is "+", any other byte is encoded; parsed again it gives the same pairs.
 * The result's data is NULL without memory.
 */
CAIRN_API struct cairn_str cairn_http_query_write(
    struct cairn_arena *arena, const struct cairn_http_param *pairs, size_t count);

CAIRN_END_DECLS

#endif
