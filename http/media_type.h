/* media_type.h - what a Content-Type says. RFC 9110 sections 8.3.1 and 5.6.6, RFC 6839. */
#ifndef CAIRN_HTTP_MEDIA_TYPE_H
#define CAIRN_HTTP_MEDIA_TYPE_H

#include <stdbool.h>

#include <cairn/http/fields.h>

CAIRN_BEGIN_DECLS

/* Borrows from the text that was parsed, as it came. */
struct cairn_http_media_type {
    struct cairn_str type;    /* "application" */
    struct cairn_str subtype; /* "problem+json" */
    struct cairn_str suffix;  /* "json": behind the last plus sign; absent when there is none */
    struct cairn_str params;  /* all that follows, well-formed: "; charset=utf-8" */
};

/*
 * Parses type "/" subtype *( OWS ";" OWS [ name "=" ( token / quoted-string ) ] ), with white space
 * at either end. Returns false, and *OUT is undefined, for anything else: no slash or two, a space
 * around a slash or an equals sign, a parameter without a value, a quoted string that does not end
 * or holds a control character. Allocates nothing; the work is linear.
 */
CAIRN_API bool cairn_http_media_type_parse(
    struct cairn_str text, struct cairn_http_media_type *out);

/* The same for the Content-Type among FIELDS. False also when there is none, or more than one. */
CAIRN_API bool cairn_http_media_type_of(
    const struct cairn_http_fields *fields, struct cairn_http_media_type *out);

/*
 * Whether SELF is PATTERN, without case and whatever its parameters. PATTERN is a media type
 * ("application/json"), a type of which any subtype will do ("text/"), or a suffix ("+json"): then
 * a subtype json will do, too, of any type.
 */
CAIRN_API bool cairn_http_media_type_is(
    const struct cairn_http_media_type *self, const char *pattern);

/*
 * The value of parameter NAME, without case; of several the first. Quotes are gone and escapes
 * undone. Returns 1 with it in *OUT, borrowed from the text, or in ARENA where it had escapes; 0
 * when there is none; -1 without memory. *OUT is absent then.
 */
CAIRN_API int cairn_http_media_type_param(const struct cairn_http_media_type *self,
    const char *name, struct cairn_arena *arena, struct cairn_str *out);

/* Whether the text is UTF-8 by its charset, which is "utf-8" or "us-ascii", or absent. */
CAIRN_API bool cairn_http_media_type_is_utf8(const struct cairn_http_media_type *self);

CAIRN_END_DECLS

#endif
