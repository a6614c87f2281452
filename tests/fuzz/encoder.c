/* Any fields into the encoder: it sends nothing of them, or a head that llhttp reads as just them,
 * to its last byte. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <llhttp.h>

#include <cairn/http/encoder.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define BUFFER_BYTES 4096

struct reader {
    llhttp_t parser; /* first: the callbacks get its address */
    const struct cairn_http_fields *fields;
    size_t next; /* the field that is expected */
    bool is_own; /* the running field is one of the encoder's */
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
    r->is_own = is_own_name(name);
    if (r->is_own)
        return 0;
    reader_skip_own(r);
    CHECK(r->next < r->fields->count);
    CHECK(cairn_str_equal(name, r->fields->items[r->next++].name));
    return 0;
}

static int reader_value(llhttp_t *parser, const char *at, size_t length)
{
    struct reader *r = (struct reader *)parser;
    if (!r->is_own)
        CHECK(cairn_str_equal(cairn_str_of(at, length), r->fields->items[r->next - 1].value));
    return 0;
}

static int reader_end(llhttp_t *parser)
{
    ((struct reader *)parser)->is_complete = true;
    return HPE_PAUSED;
}

static void check_reads_back(const struct cairn_http_response *res, const char *head, size_t length)
{
    static const llhttp_settings_t settings = {.on_header_field = reader_name,
        .on_header_value = reader_value,
        .on_headers_complete = reader_end};
    struct reader r = {.fields = &res->fields};
    llhttp_init(&r.parser, HTTP_RESPONSE, &settings);
    CHECK(llhttp_execute(&r.parser, head, length) == HPE_PAUSED);
    CHECK(r.is_complete);
    CHECK(llhttp_get_error_pos(&r.parser) == head + length);
    CHECK(r.parser.status_code == res->status);
    reader_skip_own(&r);
    CHECK(r.next == res->fields.count);
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

/* The first three bytes are status and plan; then names and values, each behind its length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source s = {data, size};
    struct cairn_http_field items[8];
    struct cairn_http_response res = {.fields = {.items = items, .capacity = 8}};
    char buffer[BUFFER_BYTES];
    res.status = (int)(source_byte(&s) * 3);
    unsigned flags = source_byte(&s);
    struct cairn_http_plan plan = {
        .method = (enum cairn_http_method)(source_byte(&s) % CAIRN_HTTP_METHODS),
        .version_minor = flags & 1,
        .keep_alive = (flags & 2) != 0};
    res.body = cairn_str_of("", flags & 4 ? 0 : flags);
    while (s.size && res.fields.count < 8) {
        items[res.fields.count].name = source_text(&s);
        items[res.fields.count++].value = source_text(&s);
    }
    cairn_http_encoder_plan(&res, &plan);
    size_t needed = cairn_http_encoder_head(&res, &plan, DATE, NULL, 0);
    size_t length = cairn_http_encoder_head(&res, &plan, DATE, buffer, sizeof(buffer));
    CHECK(length == needed);
    if (length && length <= sizeof(buffer))
        check_reads_back(&res, buffer, length);
    return 0;
}
