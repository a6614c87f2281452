#include <cairn/http/layers/error_answer.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/http/accept.h>

#define ERROR_ANSWER_GRPC "application/grpc"

const struct cairn_error_rule *cairn__error_rule_find(
    const struct cairn_error_rule *rules, const struct cairn_error *error)
{
    for (; rules && error; error = error->source) {
        for (const struct cairn_error_rule *rule = rules; rule->code; rule++) {
            if (rule->code == error->code)
                return rule;
        }
    }
    return NULL;
}

/* A client that takes JSON takes a problem: it is one. */
static bool error_answer_is_text(const struct cairn_http_request *req)
{
    static const char *const offers[] = {
        "application/problem+json", "text/plain", "application/json"};
    return cairn_http_accept_media(&req->fields, offers, sizeof(offers) / sizeof(*offers)) == 1;
}

static int error_answer_retry_after(struct cairn_http_response *res, uint32_t seconds)
{
    struct cairn_str value = cairn_arena_printf(res->arena, "%" PRIu32, seconds);
    return value.data ? cairn_http_fields_set(&res->fields, CAIRN_STR("Retry-After"), value) : -1;
}

/* The detail is copied: a response may outlive the layer. */
static struct cairn_http_response *error_answer_text(
    const struct cairn_http_request *req, int status, const char *detail)
{
    struct cairn_str text =
        cairn_arena_copy(req->arena, cairn_str_from(detail ? detail : cairn_http_reason(status)));
    struct cairn_http_response *res = text.data ? cairn_http_text(req, status, text.data) : NULL;
    if (res && (status == 429 || status == 503) && error_answer_retry_after(res, 1) != 0)
        return NULL;
    return res;
}

struct cairn_http_response *cairn__error_answer(const struct cairn_http_request *req,
    const struct cairn_error *error, const struct cairn_error_rule *rule,
    enum cairn_error_format format)
{
    int status = rule ? rule->status : cairn_http_error_status(error);
    const char *detail = rule ? rule->detail : NULL;
    bool is_text = format == CAIRN_ERROR_TEXT ||
                   (format == CAIRN_ERROR_NEGOTIATED && error_answer_is_text(req));
    struct cairn_http_response *res =
        is_text ? error_answer_text(req, status, detail) : cairn_http_problem(req, status, detail);
    if (!res)
        return NULL;
    if (format == CAIRN_ERROR_NEGOTIATED &&
        cairn_http_fields_add(&res->fields, CAIRN_STR("Vary"), CAIRN_STR("Accept")) != 0)
        return NULL;
    if (rule && rule->retry_after_s && error_answer_retry_after(res, rule->retry_after_s) != 0)
        return NULL;
    return res;
}

/*
 * gRPC
 */

bool cairn__error_is_grpc(const struct cairn_http_request *req)
{
    struct cairn_str type = cairn_http_fields_get(&req->fields, CAIRN_STR("Content-Type"));
    size_t length = sizeof(ERROR_ANSWER_GRPC) - 1;
    if (type.length < length ||
        !cairn_str_equal_nocase(cairn_str_of(type.data, length), CAIRN_STR(ERROR_ANSWER_GRPC)))
        return false;
    return type.length == length || strchr("+;- ", type.data[length]);
}

/* grpc.github.io/grpc/core/md_doc_statuscodes.html */
static int error_answer_grpc_status(const struct cairn_error *error)
{
    switch (error->code) {
    case CAIRN_ERROR_CANCELLED:
        return 1;
    case CAIRN_ERROR_PROTOCOL:
        return 3;
    case CAIRN_ERROR_ELAPSED:
    case CAIRN_ERROR_SLOW:
        return 4;
    case CAIRN_ERROR_NOT_FOUND:
        return 5;
    case CAIRN_ERROR_REJECTED:
        return 7;
    case CAIRN_ERROR_LIMITED:
    case CAIRN_ERROR_TOO_LARGE:
        return 8;
    case CAIRN_ERROR_CONFLICT:
        return 10;
    case CAIRN_ERROR_OVERLOADED:
    case CAIRN_ERROR_MEMORY:
    case CAIRN_ERROR_UNAVAILABLE:
    case CAIRN_ERROR_CLOSED:
        return 14;
    default:
        return 13;
    }
}

/* Percent-encoded but for printable ASCII, as gRPC over HTTP/2 says of Status-Message. */
static struct cairn_str error_answer_grpc_message(struct cairn_arena *arena, const char *detail)
{
    static const char digits[] = "0123456789ABCDEF";
    char *text = cairn_arena_alloc_text(arena, strlen(detail) * 3 + 1);
    size_t length = 0;
    if (!text)
        return cairn_str_of(NULL, 0);
    for (; *detail; detail++) {
        unsigned char c = (unsigned char)*detail;
        if (c > ' ' && c <= '~' && c != '%') {
            text[length++] = (char)c;
            continue;
        }
        text[length++] = '%';
        text[length++] = digits[c >> 4];
        text[length++] = digits[c & 15];
    }
    return cairn_str_of(text, length);
}

struct cairn_http_response *cairn__error_answer_grpc(const struct cairn_http_request *req,
    const struct cairn_error *error, const struct cairn_error_rule *rule)
{
    struct cairn_http_response *res = cairn_http_bytes(req, 200, NULL, cairn_str_of(NULL, 0));
    int status = rule && rule->grpc_status ? rule->grpc_status : error_answer_grpc_status(error);
    struct cairn_str code = cairn_arena_printf(req->arena, "%d", status);
    struct cairn_str type = cairn_http_fields_get(&req->fields, CAIRN_STR("Content-Type"));
    if (!res || !code.data ||
        cairn_http_fields_add(&res->fields, CAIRN_STR("Content-Type"), type) ||
        cairn_http_fields_add(&res->fields, CAIRN_STR("grpc-status"), code))
        return NULL;
    if (!rule || !rule->detail)
        return res;
    struct cairn_str message = error_answer_grpc_message(req->arena, rule->detail);
    if (!message.data || cairn_http_fields_add(&res->fields, CAIRN_STR("grpc-message"), message))
        return NULL;
    return res;
}
