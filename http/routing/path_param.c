#include <cairn/http/path_param.h>

#include <cairn/http/text/utf8.h>

static bool path_param_reject(struct cairn_http_rejection *out,
    enum cairn_http_rejection_reason reason, int status, const char *detail)
{
    *out = (struct cairn_http_rejection){.reason = reason, .status = status, .detail = detail};
    return false;
}

static bool path_param_refuse(const struct cairn_http_request *req, const char *name,
    const char *what, struct cairn_http_rejection *out)
{
    struct cairn_str detail =
        cairn_arena_printf(req->arena, "the path's %s must be %s", name, what);
    return detail.data ? path_param_reject(out, CAIRN_HTTP_REJECTION_SYNTAX, 400, detail.data)
                       : path_param_reject(out, CAIRN_HTTP_REJECTION_NO_MEMORY, 503, NULL);
}

/* The same answer as for a path without a route: it does not tell what would be there. */
static bool path_param_miss(struct cairn_http_rejection *out)
{
    return path_param_reject(out, CAIRN_HTTP_REJECTION_NOT_FOUND, 404, NULL);
}

static bool path_param_get(const struct cairn_http_request *req, const char *name,
    struct cairn_str *out, struct cairn_http_rejection *rejection)
{
    *out = cairn_http_request_param(req, name);
    return out->data || path_param_reject(rejection, CAIRN_HTTP_REJECTION_ROUTE, 500, NULL);
}

static bool path_param_is_digits(struct cairn_str s)
{
    for (size_t i = 0; i < s.length; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    }
    return s.length > 0;
}

bool cairn_http_param_uint(const struct cairn_http_request *req, const char *name, uint64_t min,
    uint64_t max, uint64_t *out, struct cairn_http_rejection *rejection)
{
    struct cairn_str text;
    unsigned long long value;
    if (!path_param_get(req, name, &text, rejection))
        return false;
    if (!path_param_is_digits(text))
        return path_param_refuse(req, name, "a whole number", rejection);
    if (!cairn_str_to_u64(text, &value) || value < min || value > max)
        return path_param_miss(rejection);
    *out = value;
    return true;
}

bool cairn_http_param_int(const struct cairn_http_request *req, const char *name, int64_t min,
    int64_t max, int64_t *out, struct cairn_http_rejection *rejection)
{
    struct cairn_str text;
    unsigned long long magnitude;
    if (!path_param_get(req, name, &text, rejection))
        return false;
    bool is_negative = text.length > 0 && text.data[0] == '-';
    struct cairn_str digits = cairn_str_of(text.data + is_negative, text.length - is_negative);
    if (!path_param_is_digits(digits))
        return path_param_refuse(req, name, "a whole number", rejection);
    if (!cairn_str_to_u64(digits, &magnitude) ||
        magnitude > (unsigned long long)INT64_MAX + is_negative)
        return path_param_miss(rejection);
    int64_t value = (int64_t)(is_negative ? -magnitude : magnitude);
    if (value < min || value > max)
        return path_param_miss(rejection);
    *out = value;
    return true;
}

bool cairn_http_param_uuid(const struct cairn_http_request *req, const char *name,
    struct cairn_uuid *out, struct cairn_http_rejection *rejection)
{
    struct cairn_str text;
    if (!path_param_get(req, name, &text, rejection))
        return false;
    return cairn_uuid_parse(text, out) || path_param_refuse(req, name, "a UUID", rejection);
}

bool cairn_http_param_str(const struct cairn_http_request *req, const char *name, size_t max_length,
    struct cairn_str *out, struct cairn_http_rejection *rejection)
{
    struct cairn_str text;
    if (!path_param_get(req, name, &text, rejection))
        return false;
    if (!cairn__utf8_is_valid(text))
        return path_param_refuse(req, name, "UTF-8", rejection);
    if (max_length && text.length > max_length)
        return path_param_miss(rejection);
    *out = text;
    return true;
}
