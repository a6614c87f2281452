/* fields_core.h - fields whose name and value are known to be good: checked when a stack was built,
 * or made by cairn itself. Internal. */
#ifndef CAIRN_HTTP_FIELDS_CORE_H
#define CAIRN_HTTP_FIELDS_CORE_H

#include <cairn/http/fields.h>

/* cairn_http_fields_add without its checks. Returns 0, or -1 without memory. */
int cairn__fields_append(
    struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str value);
/* The same of cairn_http_fields_set. */
int cairn__fields_replace(
    struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str value);

#endif
