#include <cairn/http/bind.h>

#include <cairn/http/form.h>
#include <cairn/http/query.h>

/* STATUS is what the parser says: 0, or what to answer with. */
static bool query_is_read(int status, struct cairn_http_rejection *out)
{
    *out = (struct cairn_http_rejection){.status = status};
    switch (status) {
    case 0:
        return true;
    case 415:
        out->reason = CAIRN_HTTP_REJECTION_MEDIA_TYPE;
        out->detail = "the body must be application/x-www-form-urlencoded, in UTF-8, and say so";
        return false;
    case 503:
        out->reason = CAIRN_HTTP_REJECTION_NO_MEMORY;
        return false;
    default:
        out->reason = CAIRN_HTTP_REJECTION_TOO_LARGE;
        out->detail = "there are too many parameters";
        return false;
    }
}

bool cairn_http_bind_query(struct cairn_http_request *req, const struct cairn_record *record,
    void *out, struct cairn_http_rejection *rejection)
{
    struct cairn_http_query query;
    return query_is_read(cairn_http_query_of(req, &query), rejection) &&
           cairn_http_bind_pairs(req->arena, query.items, query.count, 400, record, out, rejection);
}

bool cairn_http_bind_form(struct cairn_http_request *req, const struct cairn_record *record,
    void *out, struct cairn_http_rejection *rejection)
{
    struct cairn_http_query form;
    return query_is_read(cairn_http_form_parse(req, 0, &form), rejection) &&
           cairn_http_bind_pairs(req->arena, form.items, form.count, 422, record, out, rejection);
}
