#include <cairn/http/error_response.h>

#include <string.h>

#include <cairn/http/json/json_escape.h>

#define ERROR_TYPE "application/problem+json"

int cairn_http_error_status(const struct cairn_error *error)
{
    switch (error->code) {
    case CAIRN_ERROR_OVERLOADED:
    case CAIRN_ERROR_MEMORY:
        return 503;
    case CAIRN_ERROR_LIMITED:
        return 429;
    case CAIRN_ERROR_ELAPSED:
        return 504;
    case CAIRN_ERROR_SLOW:
        return 408;
    case CAIRN_ERROR_UNAVAILABLE:
    case CAIRN_ERROR_CLOSED:
        return 502;
    case CAIRN_ERROR_NOT_FOUND:
        return 404;
    case CAIRN_ERROR_CONFLICT:
        return 409;
    case CAIRN_ERROR_TOO_LARGE:
        return strcmp(error->layer, CAIRN_HTTP_TRAILERS) == 0 ? 431 : 413;
    case CAIRN_ERROR_PROTOCOL:
        return 400;
    case CAIRN_ERROR_REJECTED:
        return 403;
    default:
        return 500;
    }
}

/* The answers that cairn itself gives, and those most given by handlers. */
static struct cairn_str error_static_body(int status)
{
#define BODY(status, title) \
    case status:            \
        return CAIRN_STR(   \
            "{\"type\":\"about:blank\",\"title\":\"" title "\",\"status\":" #status "}")
    switch (status) {
        BODY(400, "Bad Request");
        BODY(401, "Unauthorized");
        BODY(403, "Forbidden");
        BODY(404, "Not Found");
        BODY(405, "Method Not Allowed");
        BODY(406, "Not Acceptable");
        BODY(408, "Request Timeout");
        BODY(409, "Conflict");
        BODY(410, "Gone");
        BODY(411, "Length Required");
        BODY(412, "Precondition Failed");
        BODY(413, "Content Too Large");
        BODY(414, "URI Too Long");
        BODY(415, "Unsupported Media Type");
        BODY(417, "Expectation Failed");
        BODY(421, "Misdirected Request");
        BODY(422, "Unprocessable Content");
        BODY(428, "Precondition Required");
        BODY(429, "Too Many Requests");
        BODY(431, "Request Header Fields Too Large");
        BODY(500, "Internal Server Error");
        BODY(501, "Not Implemented");
        BODY(502, "Bad Gateway");
        BODY(503, "Service Unavailable");
        BODY(504, "Gateway Timeout");
        BODY(505, "HTTP Version Not Supported");
    default:
        return cairn_str_of(NULL, 0);
    }
#undef BODY
}

static struct cairn_str error_escape(struct cairn_arena *arena, struct cairn_str s)
{
    size_t size;
    if (__builtin_mul_overflow(s.length, CAIRN__JSON_ESCAPE_MOST, &size) ||
        __builtin_add_overflow(size, 1, &size))
        return cairn_str_of(NULL, 0);
    char *text = cairn_arena_alloc_text(arena, size);
    if (!text)
        return cairn_str_of(NULL, 0);
    size_t length = cairn__json_escape(s, text, size - 1);
    text[length] = '\0';
    return cairn_str_of(text, length);
}

static struct cairn_str error_body(struct cairn_arena *arena, int status, const char *detail)
{
    struct cairn_str body = detail ? cairn_str_of(NULL, 0) : error_static_body(status);
    if (body.data)
        return body;
    const char *title = cairn_http_reason(status);
    if (!detail)
        return cairn_arena_printf(
            arena, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d}", title, status);
    struct cairn_str text = error_escape(arena, cairn_str_from(detail));
    if (!text.data)
        return text;
    return cairn_arena_printf(arena,
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}", title,
        status, text.data);
}

struct cairn_http_response *cairn_http_problem(
    const struct cairn_http_request *req, int status, const char *detail)
{
    struct cairn_str body = error_body(req->arena, status, detail);
    struct cairn_http_response *res =
        body.data ? cairn_http_bytes(req, status, ERROR_TYPE, body) : NULL;
    if (!res || (status != 429 && status != 503))
        return res;
    if (cairn_http_fields_set(&res->fields, CAIRN_STR("Retry-After"), CAIRN_STR("1")))
        return NULL;
    return res;
}

struct cairn_http_response *cairn_http_error_response(
    const struct cairn_http_request *req, const struct cairn_error *error)
{
    return cairn_http_problem(req, cairn_http_error_status(error), NULL);
}
