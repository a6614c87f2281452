/* content_types.h - the Content-Type lines of most answers, whole. Internal. */
#ifndef CAIRN_HTTP_CONTENT_TYPES_H
#define CAIRN_HTTP_CONTENT_TYPES_H

#include <cairn/http/fields.h>

#define CAIRN__CONTENT_TYPES 4

/* Lines as fields_core.h has them, known to be right. The first is that of plain text. */
extern const struct cairn_http_field cairn__content_types[CAIRN__CONTENT_TYPES];

/* That of VALUE; NULL: it is none of these. */
const struct cairn_http_field *cairn__content_type_find(struct cairn_str value);

#endif
