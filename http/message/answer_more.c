#include <cairn/http/answer.h>

#include <cairn/http/error_response.h>
#include <cairn/http/message/redirect_status.h>
#include <cairn/service/assert.h>

struct cairn_http_response *cairn_http_textf(
    const struct cairn_http_request *req, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct cairn_str text = cairn_arena_printfv(req->arena, format, arguments);
    va_end(arguments);
    return text.data ? cairn_http_bytes(req, status, "text/plain; charset=utf-8", text) : NULL;
}

struct cairn_http_response *cairn_http_html(
    const struct cairn_http_request *req, int status, struct cairn_str html)
{
    return cairn_http_bytes(req, status, "text/html; charset=utf-8", html);
}

struct cairn_http_response *cairn_http_redirect(
    const struct cairn_http_request *req, int status, const char *location)
{
    CAIRN_ASSERT(cairn__redirect_is_status(status), "cairn_http_redirect",
        "the status of a redirect is 301, 302, 303, 307 or 308");
    struct cairn_str copy = cairn_arena_copy(req->arena, cairn_str_from(location));
    struct cairn_http_response *res = copy.data ? cairn_http_response_new(req, status) : NULL;
    /* There is room for the field: what is refused is its value. */
    if (res && cairn_http_fields_add(&res->fields, CAIRN_STR("Location"), copy))
        return cairn_http_problem(req, 500, NULL);
    return res;
}

struct cairn_http_response *cairn_http_no_content(const struct cairn_http_request *req)
{
    return cairn_http_response_new(req, 204);
}
