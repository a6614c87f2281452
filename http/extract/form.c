#include <cairn/http/form.h>

#include <cairn/http/media_type.h>

int cairn_http_form_parse(
    const struct cairn_http_request *req, size_t max_fields, struct cairn_http_query *out)
{
    struct cairn_http_media_type type;
    *out = (struct cairn_http_query){NULL, 0};
    if (!cairn_http_media_type_of(&req->fields, &type) ||
        !cairn_http_media_type_is(&type, "application/x-www-form-urlencoded") ||
        !cairn_http_media_type_is_utf8(&type))
        return 415;
    int status = cairn_http_query_parse(req->body, max_fields, req->arena, out);
    return status == 400 ? 413 : status;
}
