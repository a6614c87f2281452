/* params.h - the parameters behind a media type or a list member. RFC 9110 section 5.6.6. Internal.
 */
#ifndef CAIRN_HTTP_PARAMS_H
#define CAIRN_HTTP_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/str.h>

struct cairn__param {
    struct cairn_str name;
    struct cairn_str value; /* of a quoted string what is between its quotes, escapes and all */
    bool is_quoted;
};

enum cairn__params_step {
    CAIRN__PARAMS_END,   /* the text is used up */
    CAIRN__PARAMS_FOUND, /* *OUT has the next one */
    CAIRN__PARAMS_BROKEN /* what comes is no parameter */
};

/* The next of *( OWS ";" OWS [ name "=" ( token / quoted-string ) ] ) OWS, cut off *TEXT. Empty
 * ones are passed over. */
enum cairn__params_step cairn__params_next(struct cairn_str *text, struct cairn__param *out);

/* name "=" ( token / quoted-string ), cut off *TEXT. False: what comes is none, and *TEXT is
 * anywhere in it. */
bool cairn__param_read(struct cairn_str *text, struct cairn__param *out);

/* Whether both values are the same once their escapes are undone, ASCII letters without case. */
bool cairn__param_equal_nocase(const struct cairn__param *a, const struct cairn__param *b);

/* Writes VALUE, of a quoted string, into OUT of at least VALUE.length bytes, its escapes undone.
 * Returns its length. */
size_t cairn__param_unescape(struct cairn_str value, char *out);

#endif
