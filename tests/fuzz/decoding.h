/* decoding.h - what the decoder makes of any bytes. One verdict for every cut; what is accepted,
 * written out again from what was read, is read the same; a body is what a reader without the
 * decoder's states finds, and is within its limit. */
#ifndef CAIRN_TESTS_FUZZ_DECODING_H
#define CAIRN_TESTS_FUZZ_DECODING_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/decoder.h>
#include <cairn/service/alloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

/* Re-written heads may be longer by the authority of their target: these keep clear of limits. */
#define REWRITE_MAX 4096

struct bytes {
    char *data;
    size_t length;
    size_t capacity;
};

static void bytes_add(struct bytes *b, const void *data, size_t length)
{
    if (b->length + length > b->capacity) {
        b->capacity = 2 * (b->length + length) + 1024;
        b->data = cairn_resize(b->data, b->capacity);
        CHECK(b->data);
    }
    if (length)
        memcpy(b->data + b->length, data, length);
    b->length += length;
}

static void bytes_add_str(struct bytes *b, struct cairn_str s)
{
    bytes_add(b, s.data, s.length);
}

static void bytes_add_number(struct bytes *b, uint64_t number, unsigned base)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    bytes_add(b, digits + at, sizeof(digits) - at);
}

static void bytes_add_fields(struct bytes *b, const struct cairn_http_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        bytes_add_str(b, fields->items[i].name);
        bytes_add_str(b, CAIRN_STR(":"));
        bytes_add_str(b, fields->items[i].value);
        bytes_add_str(b, CAIRN_STR("\r\n"));
    }
}

struct decoding {
    enum cairn_http_event last;
    size_t used;
    size_t head; /* where the body begins */
    uint64_t max_body;
    int64_t content_length; /* of what has a head, as the two below */
    bool keeps_alive;
    bool expects_continue;
    struct bytes body;
    struct bytes request; /* written out again; of a refused one as far as it was read */
};

/* A message that means what the decoder has read. */
static void decoding_rewrite(struct decoding *d, struct cairn_http_decoder *decoder)
{
    const struct cairn_http_request *req = cairn_http_decoder_request(decoder);
    struct bytes *b = &d->request;
    bytes_add_str(b, req->method_name);
    bytes_add_str(b, CAIRN_STR(" "));
    bytes_add_str(b, req->target);
    bytes_add_str(b, req->version_minor ? CAIRN_STR(" HTTP/1.1\r\n") : CAIRN_STR(" HTTP/1.0\r\n"));
    bytes_add_fields(b, &req->fields);
    bytes_add_str(b, CAIRN_STR("\r\n"));
    bool is_chunked = cairn_http_decoder_content_length(decoder) < 0;
    if (is_chunked && d->body.length) {
        bytes_add_number(b, d->body.length, 16);
        bytes_add_str(b, CAIRN_STR("\r\n"));
    }
    bytes_add(b, d->body.data, d->body.length);
    if (is_chunked && d->body.length)
        bytes_add_str(b, CAIRN_STR("\r\n"));
    if (is_chunked) {
        bytes_add_str(b, CAIRN_STR("0\r\n"));
        bytes_add_fields(b, cairn_http_decoder_trailers(decoder));
        bytes_add_str(b, CAIRN_STR("\r\n"));
    }
}

/* Verdict and state, in a form that can be compared. */
static void decoding_sum_up(struct decoding *d, struct cairn_http_decoder *decoder, bool has_head)
{
    if (has_head) {
        d->content_length = cairn_http_decoder_content_length(decoder);
        d->keeps_alive = cairn_http_decoder_keeps_alive(decoder);
        d->expects_continue = cairn_http_decoder_expects_continue(decoder);
    }
    if (d->last == CAIRN_HTTP_EVENT_REFUSED) {
        CHECK(cairn_http_decoder_status(decoder) >= 400);
        bytes_add_number(&d->request, (uint64_t)cairn_http_decoder_status(decoder), 10);
        bytes_add_str(&d->request, cairn_str_from(cairn_http_decoder_reason(decoder)));
    }
}

static bool decoding_feed(
    struct decoding *d, struct cairn_http_decoder *decoder, const char *piece, size_t length)
{
    bool has_head = false;
    do {
        size_t used = 0;
        d->last = cairn_http_decoder_feed(decoder, piece, length, &used);
        CHECK(used <= length);
        piece += used;
        length -= used;
        d->used += used;
        if (d->last == CAIRN_HTTP_EVENT_HEAD) {
            has_head = true;
            d->head = d->used;
        }
        if (d->last == CAIRN_HTTP_EVENT_BODY)
            bytes_add_str(&d->body, cairn_http_decoder_piece(decoder));
        CHECK(d->body.length <= d->max_body);
    } while (d->last == CAIRN_HTTP_EVENT_HEAD || d->last == CAIRN_HTTP_EVENT_BODY);
    CHECK(d->last != CAIRN_HTTP_EVENT_MORE || length == 0);
    return has_head;
}

/* The pieces stand at the end of one block, of which the one before is overwritten: a read past a
 * piece's end is seen, and so is one of a piece that is gone. STEP 0: whole; 17: in random pieces.
 */
static struct decoding decode(
    const char *data, size_t size, size_t step, const struct cairn_http_limits *limits)
{
    struct decoding d = {.last = CAIRN_HTTP_EVENT_MORE, .max_body = limits->stream_bytes};
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_decoder *decoder = arena ? cairn_http_decoder_new(arena, limits) : NULL;
    size_t room = step == 17 ? 16 : step ? step : size;
    char *block = cairn_alloc(room ? room : 1);
    CHECK(decoder && block);
    uint64_t seed = size * 2654435761u + 1;
    bool has_head = false;
    for (size_t at = 0; at < size && d.last == CAIRN_HTTP_EVENT_MORE;) {
        seed = seed * 6364136223846793005u + (unsigned char)data[at];
        size_t length = step == 17 ? 1 + (seed >> 40) % 16 : room;
        if (length > size - at)
            length = size - at;
        char *piece = block + room - length;
        memcpy(piece, data + at, length);
        has_head = decoding_feed(&d, decoder, piece, length) || has_head;
        at += length;
    }
    cairn_free(block);
    if (has_head)
        decoding_rewrite(&d, decoder);
    decoding_sum_up(&d, decoder, has_head);
    cairn_arena_free(arena);
    return d;
}

static void decoding_free(struct decoding *d)
{
    cairn_free(d->body.data);
    cairn_free(d->request.data);
}

static void check_same(const struct decoding *a, const struct decoding *b)
{
    CHECK(a->last == b->last);
    CHECK(a->content_length == b->content_length);
    CHECK(a->keeps_alive == b->keeps_alive && a->expects_continue == b->expects_continue);
    CHECK(a->body.length == b->body.length);
    CHECK(a->request.length == b->request.length);
    CHECK(!a->body.length || memcmp(a->body.data, b->body.data, a->body.length) == 0);
    CHECK(!a->request.length || memcmp(a->request.data, b->request.data, a->request.length) == 0);
}

static void check_cut(const struct decoding *whole, const char *data, size_t size, size_t step,
    const struct cairn_http_limits *limits)
{
    struct decoding d = decode(data, size, step, limits);
    check_same(whole, &d);
    CHECK(d.last == CAIRN_HTTP_EVENT_REFUSED || d.used == whole->used);
    decoding_free(&d);
}

static void check_rewritten(const struct decoding *whole, const struct cairn_http_limits *limits)
{
    struct decoding d = decode(whole->request.data, whole->request.length, 0, limits);
    check_same(whole, &d);
    CHECK(d.used == whole->request.length);
    decoding_free(&d);
}

static unsigned hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? (unsigned)(digit - 'a') + 10 : 16;
}

/* One that knows the sizes alone: the body is the chunks' data, one after the other. */
static void check_chunks(const struct decoding *whole, const char *data)
{
    size_t at = whole->head;
    size_t sum = 0;
    for (;;) {
        size_t size = 0;
        CHECK(hex_value(data[at]) < 16);
        while (hex_value(data[at]) < 16)
            size = size * 16 + hex_value(data[at++]);
        while (data[at] != '\n')
            CHECK(++at < whole->used);
        at++;
        if (size == 0)
            break;
        CHECK(size <= whole->body.length - sum && size + 2 <= whole->used - at);
        CHECK(memcmp(whole->body.data + sum, data + at, size) == 0);
        sum += size;
        at += size + 2;
        CHECK(data[at - 2] == '\r' && data[at - 1] == '\n');
    }
    CHECK(sum == whole->body.length);
}

static void check_body(const struct decoding *whole, const char *data)
{
    if (whole->content_length < 0) {
        check_chunks(whole, data);
        return;
    }
    CHECK(whole->body.length == (uint64_t)whole->content_length);
    CHECK(whole->used - whole->head == whole->body.length);
    CHECK(!whole->body.length ||
          memcmp(whole->body.data, data + whole->head, whole->body.length) == 0);
}

static void check_with(const char *data, size_t size, const struct cairn_http_limits *limits)
{
    struct cairn_http_limits resolved;
    CHECK(!cairn_http_limits_resolve(limits, &resolved));
    struct decoding whole = decode(data, size, 0, &resolved);
    check_cut(&whole, data, size, 1, &resolved);
    check_cut(&whole, data, size, 17, &resolved);
    if (whole.last == CAIRN_HTTP_EVENT_DONE)
        check_body(&whole, data);
    if (!limits && whole.last == CAIRN_HTTP_EVENT_DONE && size <= REWRITE_MAX)
        check_rewritten(&whole, &resolved);
    decoding_free(&whole);
}

static void decoding_check(const char *data, size_t size)
{
    static const struct cairn_http_limits small = {.head_bytes = 1024,
        .line_bytes = 256,
        .fields = 4,
        .stream_bytes = 64,
        .chunk_line_bytes = 16,
        .chunk_overhead = 256,
        .trailer_bytes = 256,
        .trailer_fields = 2};
    check_with(data, size, NULL);
    check_with(data, size, &small);
}

#endif
