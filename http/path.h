/* path.h - the path of a request target: one form for what means the same, decoding, encoding. */
#ifndef CAIRN_HTTP_PATH_H
#define CAIRN_HTTP_PATH_H

#include <cairn/service/arena.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * The router needs none of this: it compares and captures decoded segments (router.h). These are
 * for what looks at whole paths: files, proxies, keys of caches, rules about prefixes.
 *
 * Both return 0 with the result in *OUT, which borrows from PATH if nothing had to be changed, and
 * is in ARENA otherwise; or what to answer with: 400 for a path that does not begin with a slash, a
 * percent sign without two hexadecimal digits, or an encoded NUL; 503 without memory. *OUT is
 * absent then.
 */

/*
 * RFC 3986 section 6.2.2: what need not be encoded (letters, digits, "-._~") is decoded, the digits
 * of all other encodings are upper case, and then dot segments are removed as section 5.2.4 says,
 * so that encoded ones are, too; ".." stays below the root. An encoded slash is data and remains
 * "%2F", empty segments remain, and characters that are not encoded stay as they are. The result is
 * still encoded; normalised again it is the same.
 */
CAIRN_API int cairn_http_path_normalize(
    struct cairn_str path, struct cairn_arena *arena, struct cairn_str *out);

/*
 * Undoes percent-encoding, once: "/a%2520b" is "/a%20b". An encoded slash is refused with 400, for
 * it would divide what it does not divide. A path that was normalised before has no dot segments
 * afterwards; any other may.
 */
CAIRN_API int cairn_http_path_decode(
    struct cairn_str path, struct cairn_arena *arena, struct cairn_str *out);

/* S as one segment of a path, or any other part of a URI: all but letters, digits and "-._~" is
 * encoded, slashes too. In ARENA, with a NUL behind it; data is NULL without memory. */
CAIRN_API struct cairn_str cairn_http_path_encode(struct cairn_arena *arena, struct cairn_str s);

CAIRN_END_DECLS

#endif
