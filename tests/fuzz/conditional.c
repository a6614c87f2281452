/* A byte for method and validators; then lines, whose first byte is the field: what must hold of
 * any condition. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/conditional.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

#define FIELDS 8
#define NOW 784112777

/* An input is the fields of one request. Those of the caller's list are borrowed. */
static void read_fields(struct cairn_http_fields *fields, const char *at, const char *end)
{
    static const char *const names[] = {"If-Match", "If-Unmodified-Since", "If-None-Match",
        "If-Modified-Since", "If-Range", "Range"};
    while (at < end && fields->count < FIELDS) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        if (!line)
            line = end;
        if (line > at)
            fields->items[fields->count++] =
                (struct cairn_http_field){cairn_str_from(names[(unsigned char)*at % 6]),
                    cairn_str_of(at + 1, (size_t)(line - at - 1))};
        at = line + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_http_field items[FIELDS];
    struct cairn_http_request req = {.fields = {.items = items}};
    struct cairn_http_validators v = {.modified = 784111777};
    if (size == 0)
        return 0;
    unsigned flags = *data;
    req.method = (enum cairn_http_method)(flags % 8);
    v.etag.opaque = flags & 16 ? CAIRN_STR("a") : cairn_str_of(NULL, 0);
    v.etag.is_weak = (flags & 32) != 0;
    v.has_modified = (flags & 64) != 0;
    v.is_absent = (flags & 128) != 0;
    read_fields(&req.fields, (const char *)data + 1, (const char *)data + size);

    struct cairn_http_condition got = cairn_http_conditional(&req, &v, NOW);
    bool is_read = req.method == CAIRN_HTTP_GET || req.method == CAIRN_HTTP_HEAD;
    CHECK(got.status == 0 || got.status == 412 || (got.status == 304 && is_read));
    CHECK(got.status == 0 || req.fields.count > 0);
    CHECK(got.status != 304 || !v.is_absent);
    CHECK(!got.range.data || (req.method == CAIRN_HTTP_GET && got.status == 0));
    struct cairn_http_condition again = cairn_http_conditional(&req, &v, NOW);
    CHECK(again.status == got.status && again.range.data == got.range.data);
    return 0;
}
