/* Any fields, body and trailers into the encoder: it sends nothing of them, or a message that
 * llhttp reads as just them, to its last byte, and in which a line end is nowhere but at the end of
 * a line that is meant. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <llhttp.h>

#include <cairn/http/body.h>
#include <cairn/http/encoder.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define FIELDS 8
#define HEAD_BYTES 4096
#define END_BYTES 512
#define BUFFER_BYTES (HEAD_BYTES + 512 + END_BYTES) /* a body has at most 255 bytes */

struct reader {
    llhttp_t parser; /* first: the callbacks get its address */
    const struct cairn_http_fields *fields;
    const struct cairn_http_fields *trailers;
    struct cairn_str body;
    bool has_body;
    struct cairn_str name;
    size_t next; /* the field that is expected */
    size_t own;  /* fields of the encoder's that were read */
    bool is_own; /* the running field is one of them */
    bool is_head_complete;
    bool is_complete;
};

static bool is_own_name(struct cairn_str name)
{
    return cairn_str_equal_nocase(name, CAIRN_STR("date")) ||
           cairn_str_equal_nocase(name, CAIRN_STR("connection")) ||
           cairn_str_equal_nocase(name, CAIRN_STR("content-length")) ||
           cairn_str_equal_nocase(name, CAIRN_STR("transfer-encoding"));
}

static void reader_skip_own(struct reader *r)
{
    while (r->next < r->fields->count && is_own_name(r->fields->items[r->next].name))
        r->next++;
}

static int reader_name(llhttp_t *parser, const char *at, size_t length)
{
    struct reader *r = (struct reader *)parser;
    struct cairn_str name = cairn_str_of(at, length);
    r->name = name;
    r->is_own = is_own_name(name);
    if (r->is_head_complete) {
        CHECK(!r->is_own);
        return 0;
    }
    r->own += r->is_own;
    if (r->is_own)
        return 0;
    reader_skip_own(r);
    CHECK(r->next < r->fields->count);
    CHECK(cairn_str_equal(name, r->fields->items[r->next++].name));
    return 0;
}

/* Of the trailers those may be missing that may not be sent; the others are in order. */
static void reader_trailer(struct reader *r, struct cairn_str value)
{
    const struct cairn_http_field *field;
    do {
        CHECK(r->trailers && r->next < r->trailers->count);
        field = &r->trailers->items[r->next++];
    } while (!cairn_str_equal(field->name, r->name) || !cairn_str_equal(field->value, value));
    CHECK(cairn_http_fields_has_token(r->fields, CAIRN_STR("trailer"), r->name));
}

static int reader_value(llhttp_t *parser, const char *at, size_t length)
{
    struct reader *r = (struct reader *)parser;
    if (r->is_head_complete)
        reader_trailer(r, cairn_str_of(at, length));
    else if (!r->is_own)
        CHECK(cairn_str_equal(cairn_str_of(at, length), r->fields->items[r->next - 1].value));
    return 0;
}

/* The head's fields have all been there; those that follow are trailers. */
static int reader_head_end(llhttp_t *parser)
{
    struct reader *r = (struct reader *)parser;
    reader_skip_own(r);
    CHECK(r->next == r->fields->count);
    r->next = 0;
    r->is_head_complete = true;
    return !r->has_body;
}

static int reader_body(llhttp_t *parser, const char *at, size_t length)
{
    struct reader *r = (struct reader *)parser;
    CHECK(length <= r->body.length && memcmp(at, r->body.data, length) == 0);
    r->body = cairn_str_of(r->body.data + length, r->body.length - length);
    return 0;
}

static int reader_end(llhttp_t *parser)
{
    ((struct reader *)parser)->is_complete = true;
    return HPE_PAUSED;
}

/* Line ends are pairs, as many as there are lines, and the first empty line is the last. */
static void check_lines(const char *head, size_t length, size_t lines)
{
    size_t count = 0;
    CHECK(length >= 4 && memcmp(head + length - 4, "\r\n\r\n", 4) == 0);
    for (size_t i = 0; i < length; i++) {
        CHECK(head[i] != '\r' || head[i + 1] == '\n');
        CHECK(head[i] != '\n' || head[i - 1] == '\r');
        CHECK(head[i] != '\0');
        count += head[i] == '\n';
        CHECK(i + 4 >= length || memcmp(head + i, "\r\n\r\n", 4) != 0);
    }
    CHECK(count == lines);
}

static size_t count_fields(const struct cairn_http_fields *fields)
{
    size_t count = 0;
    for (size_t i = 0; i < fields->count; i++)
        count += !is_own_name(fields->items[i].name);
    return count;
}

static const llhttp_settings_t reader_settings = {.on_header_field = reader_name,
    .on_header_value = reader_value,
    .on_headers_complete = reader_head_end,
    .on_body = reader_body,
    .on_message_complete = reader_end};

static void check_head(
    const struct cairn_http_fields *fields, int status, const char *head, size_t length)
{
    struct reader r = {.fields = fields};
    llhttp_init(&r.parser, HTTP_RESPONSE, &reader_settings);
    llhttp_errno_t rc = llhttp_execute(&r.parser, head, length);
    CHECK(rc == HPE_PAUSED || rc == HPE_PAUSED_UPGRADE);
    CHECK(r.is_head_complete && r.is_complete);
    CHECK(rc == HPE_PAUSED_UPGRADE || llhttp_get_error_pos(&r.parser) == head + length);
    CHECK(r.parser.status_code == status);
    check_lines(head, length, 2 + count_fields(fields) + r.own);
}

/* The message is nothing but the head, the body and the trailers that may be sent. */
static void check_message(const struct cairn_http_response *res, const struct cairn_http_plan *plan,
    const char *message, size_t length)
{
    struct reader r = {.fields = &res->fields,
        .trailers = res->trailers,
        .body = plan->has_body ? res->body : cairn_str_of("", 0),
        .has_body = plan->has_body};
    llhttp_init(&r.parser, HTTP_RESPONSE, &reader_settings);
    llhttp_errno_t rc = llhttp_execute(&r.parser, message, length);
    if (rc == HPE_OK) { /* a body that ends with the connection */
        CHECK(plan->has_body && !plan->is_chunked && cairn_http_response_length(res) < 0);
        rc = llhttp_finish(&r.parser);
    }
    CHECK(rc == HPE_PAUSED || rc == HPE_PAUSED_UPGRADE);
    CHECK(r.is_complete && r.body.length == 0);
    CHECK(rc == HPE_PAUSED_UPGRADE || !llhttp_get_error_pos(&r.parser) ||
          llhttp_get_error_pos(&r.parser) == message + length);
}

struct source {
    const uint8_t *data;
    size_t size;
};

static unsigned source_byte(struct source *s)
{
    if (s->size == 0)
        return 0;
    s->size--;
    return *s->data++;
}

static struct cairn_str source_text(struct source *s)
{
    size_t length = source_byte(s);
    if (length > s->size)
        length = s->size;
    struct cairn_str text = cairn_str_of((const char *)s->data, length);
    s->data += length;
    s->size -= length;
    return text;
}

#define FLAG_OLD 1        /* an HTTP/1.0 request */
#define FLAG_KEEP_ALIVE 2 /* the connection could go on */
#define FLAG_EMPTY 4      /* no body; else one of as many bytes as the flags' number */
#define FLAG_STREAM 8     /* the body is a stream */
#define FLAG_LENGTH 16    /* whose length is known */
#define FLAG_TRAILERS 32  /* the last fields are trailers */

static size_t message_add_body(
    const struct cairn_http_response *res, const struct cairn_http_plan *plan, char *at)
{
    size_t step = plan->is_chunked ? 1 + res->body.length / 3 : res->body.length;
    char *begin = at;
    for (size_t done = 0; done < res->body.length && plan->has_body; done += step) {
        size_t length = res->body.length - done < step ? res->body.length - done : step;
        if (plan->is_chunked)
            at += cairn_http_encoder_chunk_head(length, at);
        memcpy(at, res->body.data + done, length);
        at += length;
        if (plan->is_chunked) {
            memcpy(at, "\r\n", 2);
            at += 2;
        }
    }
    if (plan->is_chunked)
        at += cairn_http_encoder_end(res, at, END_BYTES);
    return (size_t)(at - begin);
}

static void check_response(const struct cairn_http_response *res, struct cairn_http_plan *plan)
{
    static char buffer[BUFFER_BYTES];
    cairn_http_encoder_plan(res, plan);
    size_t needed = cairn_http_encoder_head(res, plan, DATE, NULL, 0);
    size_t length = cairn_http_encoder_head(res, plan, DATE, buffer, HEAD_BYTES);
    CHECK(length == needed);
    if (length == 0 || length > HEAD_BYTES)
        return;
    check_head(&res->fields, res->status, buffer, length);
    check_message(res, plan, buffer, length + message_add_body(res, plan, buffer + length));
}

static void check_information(const struct cairn_http_fields *fields)
{
    static char buffer[HEAD_BYTES];
    size_t length = cairn_http_encoder_inform(103, fields, buffer, sizeof(buffer));
    if (length && length <= sizeof(buffer))
        check_head(fields, 103, buffer, length);
}

/* The first three bytes are status and plan; then names and values, each behind its length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char body[256] = "0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
    static const struct cairn_stream_ops stream = {.name = "body"};
    struct source s = {data, size};
    struct cairn_http_field items[FIELDS];
    struct cairn_http_fields trailers = {.items = items};
    struct cairn_http_response res = {.fields = {.items = items, .capacity = FIELDS}};
    res.status = (int)(source_byte(&s) * 3);
    unsigned flags = source_byte(&s);
    struct cairn_http_plan plan = {
        .method = (enum cairn_http_method)(source_byte(&s) % CAIRN_HTTP_METHODS),
        .version_minor = flags & FLAG_OLD ? 0 : 1,
        .keep_alive = (flags & FLAG_KEEP_ALIVE) != 0};
    res.body = cairn_str_of(body, flags & FLAG_EMPTY ? 0 : flags);
    res.stream.ops = flags & FLAG_STREAM ? &stream : NULL;
    res.stream_length = flags & FLAG_LENGTH ? (int64_t)res.body.length : -1;
    while (s.size && res.fields.count < FIELDS) {
        items[res.fields.count].name = source_text(&s);
        items[res.fields.count++].value = source_text(&s);
    }
    if (flags & FLAG_TRAILERS) {
        trailers.count = res.fields.count / 2;
        res.fields.count -= trailers.count;
        trailers.items = items + res.fields.count;
        res.trailers = &trailers;
    }
    check_response(&res, &plan);
    check_information(&res.fields);
    return 0;
}
