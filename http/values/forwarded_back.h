/* forwarded_back.h - lists that proxies append to, read from their end: the nearest proxy first.
 * Internal. */
#ifndef CAIRN_HTTP_FORWARDED_BACK_H
#define CAIRN_HTTP_FORWARDED_BACK_H

#include <cairn/http/fields.h>
#include <cairn/http/forwarded.h>

/* How far back a line of Forwarded can be read. */
#define CAIRN__FORWARDED_BACK 64

/* The elements of all fields of one name. Borrows. */
struct cairn__list_back {
    const struct cairn_http_fields *fields;
    struct cairn_str name;
    size_t line; /* fields before this one are still to be looked at */
    struct cairn_str rest;
};

void cairn__list_back_init(
    struct cairn__list_back *self, const struct cairn_http_fields *fields, struct cairn_str name);
/* The next one, without the white space around it. Empty ones are passed over. */
bool cairn__list_back_next(struct cairn__list_back *self, struct cairn_str *element);

/* The elements of all Forwarded fields. A line that is broken anywhere gives none: BROKEN. */
struct cairn__forwarded_back {
    const struct cairn_http_fields *fields;
    struct cairn_arena *arena;
    size_t line;
    struct cairn_str text;                     /* of the line that is being read */
    const char *starts[CAIRN__FORWARDED_BACK]; /* of its elements; the n-th is at n % 64 */
    size_t count;                              /* of those that are left */
    size_t oldest;                             /* the first one that is not overwritten */
};

void cairn__forwarded_back_init(struct cairn__forwarded_back *self,
    const struct cairn_http_fields *fields, struct cairn_arena *arena);
/* END, too, where a line has more elements than can be read back. */
enum cairn_http_forwarded_step cairn__forwarded_back_next(
    struct cairn__forwarded_back *self, struct cairn_http_forwarded *out);

#endif
