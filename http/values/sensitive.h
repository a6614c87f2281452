/* sensitive.h - the marks of fields that logs must not show. Internal. */
#ifndef CAIRN_HTTP_SENSITIVE_H
#define CAIRN_HTTP_SENSITIVE_H

#include <cairn/http/fields.h>

/* One call of cairn_http_fields_mark_sensitive. */
struct cairn_http_sensitive {
    const struct cairn_http_sensitive *next;
    size_t count;
    struct cairn_str names[];
};

/* The marks of OF for COPY too, whose arena may be another, and live longer. -1 without memory. */
int cairn__sensitive_copy(struct cairn_http_fields *copy, const struct cairn_http_fields *of);

#endif
