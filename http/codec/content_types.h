/* content_types.h - the Content-Type lines of most answers, whole. Internal.
 *
 * A field that has its name and its value from here is known to be right: neither who adds it nor
 * the encoder has to look at its characters.
 */
#ifndef CAIRN_HTTP_CONTENT_TYPES_H
#define CAIRN_HTTP_CONTENT_TYPES_H

#include <stdbool.h>

#include <cairn/http/fields.h>

#define CAIRN__CONTENT_TYPES 4
#define CAIRN__CONTENT_TYPE_TEXT "text/plain; charset=utf-8" /* the first of them */

/* All names are one text: a field that has another is none of these. */
struct cairn__content_type {
    struct cairn_http_field field;
    struct cairn_str line; /* with its CRLF */
};
extern const struct cairn__content_type cairn__content_types[CAIRN__CONTENT_TYPES];

/* That of VALUE; NULL: it is none of these. */
const struct cairn__content_type *cairn__content_type_find(struct cairn_str value);

/* The same for a field whose texts may be from here. */
static inline const struct cairn__content_type *cairn__content_type_of(
    const struct cairn_http_field *field)
{
    const struct cairn__content_type *type = cairn__content_types;
    if (field->name.data != type->field.name.data || field->name.length != type->field.name.length)
        return 0;
    for (; type < cairn__content_types + CAIRN__CONTENT_TYPES; type++) {
        if (field->value.data == type->field.value.data &&
            field->value.length == type->field.value.length)
            return type;
    }
    return 0;
}

#endif
