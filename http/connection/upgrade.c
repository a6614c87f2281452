#include <cairn/http/upgrade.h>

#include <cairn/http/body.h>
#include <cairn/http/error_response.h>

bool cairn_http_wants_upgrade(const struct cairn_http_request *req, const char *protocol)
{
    return req->version_minor == 1 && cairn_http_request_length(req) == 0 &&
           cairn_http_fields_has_token(
               &req->fields, CAIRN_STR("connection"), CAIRN_STR("upgrade")) &&
           cairn_http_fields_has_token(
               &req->fields, CAIRN_STR("upgrade"), cairn_str_from(protocol));
}

static struct cairn_http_response *upgrade_required(
    const struct cairn_http_request *req, const char *protocol)
{
    struct cairn_http_response *res = cairn_http_problem(req, 426, NULL);
    if (!res ||
        cairn_http_fields_add(&res->fields, CAIRN_STR("Upgrade"), cairn_str_from(protocol)) != 0)
        return NULL;
    return res;
}

struct cairn_http_response *cairn_http_upgrade(const struct cairn_http_request *req,
    const char *protocol, struct cairn_future (*begin)(void *cx, struct cairn_byte_stream stream),
    void *cx)
{
    if (!cairn_http_wants_upgrade(req, protocol))
        return upgrade_required(req, protocol);
    struct cairn_http_upgrade *upgrade = cairn_arena_alloc(req->arena, sizeof(*upgrade));
    struct cairn_http_response *res = upgrade ? cairn_http_response_new(req, 200) : NULL;
    if (!res ||
        cairn_http_fields_add(&res->fields, CAIRN_STR("Upgrade"), cairn_str_from(protocol)) != 0)
        return NULL;
    *upgrade = (struct cairn_http_upgrade){begin, cx};
    res->status = 101;
    res->upgrade = upgrade;
    return res;
}
