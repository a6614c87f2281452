/* fields.h - header fields: an ordered list with case-insensitive names. RFC 9110 section 5. */
#ifndef CAIRN_HTTP_FIELDS_H
#define CAIRN_HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/arena.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

struct cairn_http_field {
    struct cairn_str name;
    struct cairn_str value;
};

struct cairn_http_sensitive;

/* In the order of the wire; a name may occur several times. Lives in its arena. Read the members
 * freely; change them through the functions. */
struct cairn_http_fields {
    struct cairn_http_field *items;
    size_t count;
    size_t capacity;
    struct cairn_arena *arena;
    const struct cairn_http_sensitive *sensitive; /* cairn_http_fields_is_sensitive */
    uint64_t lines; /* which of the first 64 are whole lines, known to be good; the core's */
};

/* The first value of NAME, or the absent string. */
CAIRN_API struct cairn_str cairn_http_fields_get(
    const struct cairn_http_fields *fields, struct cairn_str name);
/* Walks the values of NAME: *CURSOR is 0 before the first call. Returns false after the last. */
CAIRN_API bool cairn_http_fields_next(const struct cairn_http_fields *fields, struct cairn_str name,
    size_t *cursor, struct cairn_str *value);
/* Whether one of NAME's values has TOKEN in its comma-separated list, without case. */
CAIRN_API bool cairn_http_fields_has_token(
    const struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str token);

/*
 * The functions that add refuse a NAME that is no token and a VALUE with a control character other
 * than TAB (so no CR, LF or NUL), or with a space at either end. They copy neither: both are
 * borrowed until the arena is freed (literals, and text in the arena). Return 0; -1 when refused or
 * without memory, nothing changed.
 */
CAIRN_API int cairn_http_fields_add(
    struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str value);
/* In place of all fields of that name. */
CAIRN_API int cairn_http_fields_set(
    struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str value);
/* Removes all fields of that name; returns how many there were. */
CAIRN_API size_t cairn_http_fields_remove(struct cairn_http_fields *fields, struct cairn_str name);

/*
 * What logs must not show. The mark is on a name, for as long as the message lives: a value that is
 * set later, by whichever layer, is hidden too. Authorization, Proxy-Authorization, Cookie and
 * Set-Cookie always are.
 */

/* Copies NAMES, COUNT of them. Returns 0, or -1 without memory. */
CAIRN_API int cairn_http_fields_mark_sensitive(
    struct cairn_http_fields *fields, const struct cairn_str *names, size_t count);
CAIRN_API bool cairn_http_fields_is_sensitive(
    const struct cairn_http_fields *fields, struct cairn_str name);
/* What a log shows of FIELD, one of FIELDS: its value, or "(sensitive)". Whoever writes field
 * values where others may read them takes them from here. */
CAIRN_API struct cairn_str cairn_http_field_for_log(
    const struct cairn_http_fields *fields, const struct cairn_http_field *field);

/* RFC 9110 section 5.6.2: one or more token characters. */
CAIRN_API bool cairn_http_is_token(struct cairn_str s);
/* RFC 9110 section 5.5: may stand as a field value. */
CAIRN_API bool cairn_http_is_field_value(struct cairn_str s);

CAIRN_END_DECLS

#endif
