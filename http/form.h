/* form.h - the fields of a submitted form. application/x-www-form-urlencoded. */
#ifndef CAIRN_HTTP_FORM_H
#define CAIRN_HTTP_FORM_H

#include <cairn/http/query.h>

CAIRN_BEGIN_DECLS

/*
 * The fields of the form that the body of REQ is: the whole body, which has been collected. They
 * are read as query.h says, and live in the arena. MAX_FIELDS 0 is 1000; their size is bounded by
 * the body's limit. Returns 0, or what to answer with, *OUT being empty then:
 *
 *   415  Content-Type is not application/x-www-form-urlencoded, or is there twice or not at all, or
 *        has a charset other than UTF-8 or ASCII
 *   413  there are more fields
 *   503  no memory
 *
 * Forms with files are multipart/form-data: multipart.h.
 */
CAIRN_API int cairn_http_form_parse(
    const struct cairn_http_request *req, size_t max_fields, struct cairn_http_query *out);

CAIRN_END_DECLS

#endif
