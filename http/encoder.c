#include <cairn/http/encoder.h>

#include <cairn/http/reason.h>

#define ENCODER_DATE_LENGTH (CAIRN_HTTP_DATE_BYTES - 1)
#define ENCODER_MAX_DIGITS 20

/* More than the status line, Date, framing, Connection and the empty line can have together: the
 * longest of them are 46, 37, 38, 24 and 2 bytes. */
#define ENCODER_ENDS_BYTES 192

struct encoder_room {
    char *buffer;
    size_t size;
    size_t fields; /* bytes of the fields to be written */
};

static inline char *encoder_put(char *at, struct cairn_str s)
{
    memcpy(at, s.data, s.length);
    return at + s.length;
}

static char *encoder_put_number(char *at, uint64_t value)
{
    char digits[ENCODER_MAX_DIGITS];
    char *first = digits + sizeof(digits);
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return encoder_put(at, cairn_str_of(first, (size_t)(digits + sizeof(digits) - first)));
}

static bool encoder_status_has_body(int status)
{
    return status != 204 && status != 205 && status != 304;
}

void cairn_http_encoder_plan(const struct cairn_http_response *res, struct cairn_http_plan *plan)
{
    bool may = plan->method != CAIRN_HTTP_HEAD && encoder_status_has_body(res->status);
    bool has_stream = !cairn_stream_is_empty(&res->stream);
    bool is_open = has_stream && res->stream_length < 0;
    plan->has_body = may && (has_stream ? res->stream_length != 0 : res->body.length != 0);
    plan->is_chunked = may && is_open && plan->version_minor != 0;
    if (may && is_open && plan->version_minor == 0)
        plan->keep_alive = false;
}

static char *encoder_put_status_line(char *at, int status)
{
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

/* Adds the length of the fields to *LENGTH; false when one must not be sent. */
static bool encoder_measure(const struct cairn_http_fields *fields, size_t *length)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct cairn_http_field *field = &fields->items[i];
        if (!cairn_http_is_token(field->name) || !cairn_http_is_field_value(field->value))
            return false;
        if (!encoder_owns(field->name))
            *length += field->name.length + field->value.length + 4;
    }
    return true;
}

static char *encoder_put_fields(char *at, const struct cairn_http_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct cairn_http_field *field = &fields->items[i];
        if (encoder_owns(field->name))
            continue;
        at = encoder_put(at, field->name);
        at = encoder_put(at, CAIRN_STR(": "));
        if (field->value.length)
            at = encoder_put(at, field->value);
        at = encoder_put(at, CAIRN_STR("\r\n"));
    }
    return at;
}

/* RFC 9110 section 8.6: no length with 204; with 304 and to HEAD it would be that of a body which
 * is not sent, known for HEAD when the body is. */
static char *encoder_put_framing(
    char *at, const struct cairn_http_response *res, const struct cairn_http_plan *plan)
{
    bool has_stream = !cairn_stream_is_empty(&res->stream);
    uint64_t length = has_stream ? (uint64_t)res->stream_length : res->body.length;
    if (res->status == 204 || res->status == 304)
        return at;
    if (plan->is_chunked)
        return encoder_put(at, CAIRN_STR("Transfer-Encoding: chunked\r\n"));
    if (res->status == 205)
        length = 0;
    else if (has_stream && res->stream_length < 0)
        return at;
    at = encoder_put(at, CAIRN_STR("Content-Length: "));
    at = encoder_put_number(at, length);
    return encoder_put(at, CAIRN_STR("\r\n"));
}

static char *encoder_put_connection(char *at, const struct cairn_http_plan *plan)
{
    if (!plan->keep_alive)
        return encoder_put(at, CAIRN_STR("Connection: close\r\n"));
    if (plan->version_minor == 0)
        return encoder_put(at, CAIRN_STR("Connection: keep-alive\r\n"));
    return at;
}

/* What stands before the fields, and what behind them. */

static char *encoder_put_front(char *at, const struct cairn_http_response *res, const char *date)
{
    at = encoder_put_status_line(at, res->status);
    return encoder_put_date(at, date);
}

static char *encoder_put_back(
    char *at, const struct cairn_http_response *res, const struct cairn_http_plan *plan)
{
    at = encoder_put_framing(at, res, plan);
    at = encoder_put_connection(at, plan);
    return encoder_put(at, CAIRN_STR("\r\n"));
}

/* Where room may be short the ends are written apart, to be measured. */
static size_t encoder_head_tight(const struct cairn_http_response *res,
    const struct cairn_http_plan *plan, const char *date, struct encoder_room room)
{
    char front[ENCODER_ENDS_BYTES];
    char back[ENCODER_ENDS_BYTES];
    struct cairn_str a = {front, (size_t)(encoder_put_front(front, res, date) - front)};
    struct cairn_str b = {back, (size_t)(encoder_put_back(back, res, plan) - back)};
    size_t length = a.length + room.fields + b.length;
    if (length <= room.size)
        encoder_put(encoder_put_fields(encoder_put(room.buffer, a), &res->fields), b);
    return length;
}

size_t cairn_http_encoder_head(const struct cairn_http_response *res,
    const struct cairn_http_plan *plan, const char *date, char *buffer, size_t size)
{
    struct encoder_room room = {buffer, size, 0};
    if (res->status < 200 || res->status > 599 || !encoder_measure(&res->fields, &room.fields))
        return 0;
    if (size < ENCODER_ENDS_BYTES || size - ENCODER_ENDS_BYTES < room.fields)
        return encoder_head_tight(res, plan, date, room);
    char *at = encoder_put_front(buffer, res, date);
    at = encoder_put_fields(at, &res->fields);
    return (size_t)(encoder_put_back(at, res, plan) - buffer);
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
