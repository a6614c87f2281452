#include <cairn/http/encoder.h>

#include <cairn/http/body.h>
#include <cairn/http/codec/blocks.h>
#include <cairn/http/codec/reason.h>
#include <cairn/http/message/fields_core.h>

#define ENCODER_DATE_LENGTH (CAIRN_HTTP_DATE_BYTES - 1)
#define ENCODER_MAX_DIGITS 20

/* More than the status line, Date, framing, Connection and the empty line can have together: the
 * longest of them are 46, 37, 38, 24 and 2 bytes. */
#define ENCODER_ENDS_BYTES 192
/* The same without the first two. */
#define ENCODER_BACK_BYTES 96

static inline char *encoder_put(char *at, struct cairn_str s)
{
    return cairn__put(at, s.data, s.length);
}

static char *encoder_put_number(char *at, uint64_t value)
{
    size_t digits = 1;
    for (uint64_t least = 10; digits < ENCODER_MAX_DIGITS && value >= least; least *= 10)
        digits++;
    char *end = at + digits;
    for (char *digit = end; digit > at; value /= 10)
        *--digit = (char)('0' + value % 10);
    return end;
}

static bool encoder_status_has_body(int status)
{
    return status != 101 && status != 204 && status != 205 && status != 304;
}

void cairn_http_encoder_plan(const struct cairn_http_response *res, struct cairn_http_plan *plan)
{
    bool may = plan->method != CAIRN_HTTP_HEAD && encoder_status_has_body(res->status);
    int64_t length = cairn_http_response_length(res);
    bool is_open = length < 0;
    plan->has_body = may && length != 0;
    plan->is_chunked = may && is_open && plan->version_minor != 0;
    if (may && is_open && plan->version_minor == 0)
        plan->keep_alive = false;
}

static inline char *encoder_put_status_line(char *at, int status)
{
    if (CAIRN_LIKELY(status == 200))
        return encoder_put(at, CAIRN_STR("HTTP/1.1 200 OK\r\n"));
    struct cairn_str line = cairn__status_line(status);
    if (line.data)
        return encoder_put(at, line);
    at = encoder_put(at, CAIRN_STR("HTTP/1.1 "));
    at = encoder_put_number(at, (uint64_t)status);
    return encoder_put(at, CAIRN_STR(" Unknown\r\n"));
}

static char *encoder_put_date(char *at, const char *date)
{
    at = encoder_put(at, CAIRN_STR("Date: "));
    at = encoder_put(at, cairn_str_of(date, ENCODER_DATE_LENGTH));
    return encoder_put(at, CAIRN_STR("\r\n"));
}

/* Fields that are the encoder's own. */
static bool encoder_owns(struct cairn_str name)
{
    switch (name.length) {
    case 4:
        return cairn_str_equal_nocase(name, CAIRN_STR("date"));
    case 10:
        return cairn_str_equal_nocase(name, CAIRN_STR("connection"));
    case 14:
        return cairn_str_equal_nocase(name, CAIRN_STR("content-length"));
    case 17:
        return cairn_str_equal_nocase(name, CAIRN_STR("transfer-encoding"));
    default:
        return false;
    }
}

static bool encoder_may_send(const struct cairn_http_field *field)
{
    return cairn_http_is_token(field->name) && cairn_http_is_field_value(field->value);
}

enum encoder_result { ENCODER_WRITTEN, ENCODER_TOO_LONG, ENCODER_REFUSED };

/* Writes the fields from *AT on, as far as END, and moves it behind them. */
static inline enum encoder_result encoder_put_fields(
    const struct cairn_http_fields *fields, char **at, const char *end)
{
    const struct cairn_http_field *field = fields->items;
    char *to = *at;
    uint64_t lines = fields->lines;
    for (size_t left = fields->count; left > 0; left--, field++, lines >>= 1) {
        size_t length = cairn__line_length(field);
        bool is_line = cairn__field_is_line(field, lines);
        if (!is_line && !encoder_may_send(field))
            return ENCODER_REFUSED;
        if (!is_line && encoder_owns(field->name))
            continue;
        if (length > (size_t)(end - to))
            return ENCODER_TOO_LONG;
        to = is_line ? cairn__put(to, field->name.data, length)
                     : cairn__line_put(to, field->name, field->value);
    }
    *at = to;
    return ENCODER_WRITTEN;
}

/* The length of all fields; false when one of them may not be sent. */
static bool encoder_measure_fields(const struct cairn_http_fields *fields, size_t *length)
{
    *length = 0;
    for (size_t i = 0; i < fields->count; i++) {
        const struct cairn_http_field *field = &fields->items[i];
        if (!encoder_may_send(field))
            return false;
        if (!encoder_owns(field->name))
            *length += cairn__line_length(field);
    }
    return true;
}

/* RFC 9110 section 8.6: no length with 204; with 304 and to HEAD it would be that of a body which
 * is not sent, known for HEAD when the body is. */
static inline char *encoder_put_framing(
    char *at, const struct cairn_http_response *res, const struct cairn_http_plan *plan)
{
    int64_t length = cairn_http_response_length(res);
    if (plan->is_chunked)
        return encoder_put(at, CAIRN_STR("Transfer-Encoding: chunked\r\n"));
    if (!plan->has_body && (res->status == 101 || res->status == 204 || res->status == 304))
        return at;
    if (!plan->has_body && res->status == 205)
        length = 0;
    if (length < 0)
        return at;
    at = encoder_put(at, CAIRN_STR("Content-Length: "));
    at = encoder_put_number(at, (uint64_t)length);
    return encoder_put(at, CAIRN_STR("\r\n"));
}

static char *encoder_put_connection(
    char *at, const struct cairn_http_response *res, const struct cairn_http_plan *plan)
{
    if (res->status == 101)
        return encoder_put(at, CAIRN_STR("Connection: upgrade\r\n"));
    if (!plan->keep_alive)
        return encoder_put(at, CAIRN_STR("Connection: close\r\n"));
    if (plan->version_minor == 0)
        return encoder_put(at, CAIRN_STR("Connection: keep-alive\r\n"));
    return at;
}

/* What stands before the fields, and what behind them. */

static inline char *encoder_put_front(
    char *at, const struct cairn_http_response *res, const char *date)
{
    at = encoder_put_status_line(at, res->status);
    return encoder_put_date(at, date);
}

static inline char *encoder_put_back(
    char *at, const struct cairn_http_response *res, const struct cairn_http_plan *plan)
{
    at = encoder_put_framing(at, res, plan);
    at = encoder_put_connection(at, res, plan);
    return encoder_put(at, CAIRN_STR("\r\n"));
}

/* Where room may be short all parts are measured before anything is written. */
static size_t encoder_head_tight(const struct cairn_http_response *res,
    const struct cairn_http_plan *plan, const char *date, char *buffer, size_t size)
{
    char front[ENCODER_ENDS_BYTES];
    char back[ENCODER_ENDS_BYTES];
    struct cairn_str a = {front, (size_t)(encoder_put_front(front, res, date) - front)};
    struct cairn_str b = {back, (size_t)(encoder_put_back(back, res, plan) - back)};
    size_t fields;
    if (!encoder_measure_fields(&res->fields, &fields))
        return 0;
    size_t total = a.length + fields + b.length;
    if (total > size)
        return total;
    char *at = encoder_put(buffer, a);
    encoder_put_fields(&res->fields, &at, buffer + size);
    encoder_put(at, b);
    return total;
}

size_t cairn_http_encoder_head(const struct cairn_http_response *res,
    const struct cairn_http_plan *plan, const char *date, char *buffer, size_t size)
{
    if ((res->status < 200 && res->status != 101) || res->status > 599)
        return 0;
    if (size < ENCODER_ENDS_BYTES)
        return encoder_head_tight(res, plan, date, buffer, size);
    char *at = encoder_put_front(buffer, res, date);
    switch (encoder_put_fields(&res->fields, &at, buffer + size - ENCODER_BACK_BYTES)) {
    case ENCODER_WRITTEN:
        return (size_t)(encoder_put_back(at, res, plan) - buffer);
    case ENCODER_TOO_LONG:
        return encoder_head_tight(res, plan, date, buffer, size);
    default:
        return 0;
    }
}

size_t cairn_http_encoder_inform(
    int status, const struct cairn_http_fields *fields, char *buffer, size_t size)
{
    static const struct cairn_http_fields none = {0};
    fields = fields ? fields : &none;
    if (size < ENCODER_ENDS_BYTES)
        return size + 1;
    char *at = encoder_put_status_line(buffer, status);
    switch (encoder_put_fields(fields, &at, buffer + size - ENCODER_BACK_BYTES)) {
    case ENCODER_WRITTEN:
        return (size_t)(encoder_put(at, CAIRN_STR("\r\n")) - buffer);
    case ENCODER_TOO_LONG:
        return size + 1;
    default:
        return 0;
    }
}

/* RFC 9110 section 6.5.1: what frames or routes a message has no place in its trailers. */
static bool encoder_may_trail(const struct cairn_http_response *res, struct cairn_str name)
{
    static const char *const never[] = {"Trailer", "Host", "TE", "Content-Encoding", "Content-Type",
        "Content-Range", "Cache-Control", "Set-Cookie", "Authorization"};
    if (encoder_owns(name) || !cairn_http_is_token(name))
        return false;
    for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
        if (cairn_str_equal_nocase(name, cairn_str_from(never[i])))
            return false;
    }
    return cairn_http_fields_has_token(&res->fields, CAIRN_STR("trailer"), name);
}

size_t cairn_http_encoder_end(const struct cairn_http_response *res, char *buffer, size_t size)
{
    char *at = encoder_put(buffer, CAIRN_STR("0\r\n"));
    size_t count = res->trailers ? res->trailers->count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct cairn_http_field *field = &res->trailers->items[i];
        if (encoder_may_trail(res, field->name) && cairn_http_is_field_value(field->value) &&
            cairn__line_length(field) <= size - (size_t)(at - buffer) - 2)
            at = cairn__line_put(at, field->name, field->value);
    }
    return (size_t)(encoder_put(at, CAIRN_STR("\r\n")) - buffer);
}

size_t cairn_http_encoder_chunk_head(size_t length, char *buffer)
{
    static const char hex[] = "0123456789abcdef";
    char digits[2 * sizeof(length)];
    char *at = digits + sizeof(digits);
    do {
        *--at = hex[length & 15];
        length >>= 4;
    } while (length);
    size_t count = (size_t)(digits + sizeof(digits) - at);
    memcpy(buffer, at, count);
    memcpy(buffer + count, "\r\n", 2);
    return count + 2;
}
