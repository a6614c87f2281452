#include "coding_rig.h"
#include "hand_stream.h"

#include <stdio.h>

#include <cairn/http/compress/decoded_body.h>
#include <cairn/http/layers/decompression.h>

static const struct cairn_str text = CAIRN_STR_INIT(
    "a stone on a stone on a stone on a stone on a stone on a stone on a stone on a stone");

static const struct cairn__decoded_limits ample = {UINT64_C(1) << 40, 1000000};

/* "fine" as gzip. */
static const struct cairn_str fine = CAIRN_STR_INIT(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xcb\xcc\x4b\x05\x00\x92\x54\xa9\xbe\x04\x00\x00"
    "\x00");

static void *contract_request(void *arena)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    if (!req)
        return NULL;
    cairn_http_fields_add(&req->fields, CAIRN_STR("Content-Encoding"), CAIRN_STR("gzip"));
    req->body = fine;
    return req;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(
        cairn_decompression(), (struct cairn_contract_options){.new_request = contract_request});
}

static struct cairn_http_request *request(
    struct fixture *f, const char *encoding, struct cairn_str body)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    if (encoding)
        fixture_add_field(req, "Content-Encoding", encoding);
    req->body = body;
    return req;
}

/* The same, with the body as a stream that PIECES gives. */
static struct cairn_http_request *streamed(
    struct fixture *f, const char *encoding, struct rig_pieces *pieces)
{
    struct cairn_http_request *req = request(f, encoding, CAIRN_STR(""));
    int64_t length = (int64_t)pieces->bytes.length;
    assert_int_equal(cairn_http_request_set_body(req, rig_pieces_stream(pieces), length), 0);
    return req;
}

static struct cairn_http_response *echo(struct cairn_http_request *req, void *state)
{
    (void)state;
    assert_null(cairn_http_request_field(req, "Content-Encoding").data);
    assert_null(cairn_http_request_field(req, "Content-Length").data);
    return cairn_http_bytes(req, 200, NULL, req->body);
}

static struct cairn_service *echo_behind(struct cairn_layer layer)
{
    return fixture_apply(layer, cairn_http_handler(echo, NULL));
}

/* Sends REQ, which fails with CODE. */
static void assert_fails(struct fixture *f, struct cairn_service *s, struct cairn_http_request *req,
    enum cairn_error_code code)
{
    struct cairn_future future = fixture_send(f, s, req);
    struct cairn_error *error = fixture_failure(f, &future);
    assert_int_equal(error->code, code);
    cairn_error_unref(error);
}

static void handlers_get_the_decoded_body(void **state)
{
    static const char *const names[] = {"zstd", "br", "gzip", "deflate", "X-GZIP"};
    struct fixture *f = *state;
    struct cairn_service *s = echo_behind(cairn_decompression());
    for (unsigned i = 0; i < 5; i++) {
        struct cairn_str encoded = rig_encode(i < 4 ? i : GZIP, 1, text);
        struct cairn_http_request *req = request(f, names[i], encoded);
        fixture_add_field(req, "Content-Length", "1");
        struct cairn_http_response *res = fixture_ask(f, s, req);
        assert_true(cairn_str_equal(res->body, text));
        struct rig_pieces pieces = {.bytes = encoded, .most = 7};
        res = fixture_ask(f, s, streamed(f, names[i], &pieces));
        assert_true(cairn_str_equal(res->body, text));
        assert_true(pieces.is_dropped);
        rig_free(encoded);
    }
    assert_int_equal(fixture_number(s, "decoded"), 10);
    assert_int_equal(fixture_number(s, "bytes_out"), 10 * text.length);
    cairn_service_drop(s);
}

static void length_of_a_decoded_body_is_not_known(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_decompression());
    struct cairn_http_request *req = request(f, "gzip", fine);
    struct cairn_future future = fixture_send(f, s, req);
    assert_int_equal(cairn_http_request_length(req), -1);
    cairn_future_drop(&future);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static void what_is_not_coded_passes_as_it_is(void **state)
{
    static const struct {
        const char *encoding;
        struct cairn_str body;
    } cases[] = {
        {NULL, CAIRN_STR_INIT("plain")},
        {"identity", CAIRN_STR_INIT("plain")},
        {"", CAIRN_STR_INIT("plain")},
        {" , ", CAIRN_STR_INIT("plain")},
        {"gzip", CAIRN_STR_INIT("")},
        {"compress", CAIRN_STR_INIT("")},
    };
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_decompression());
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cairn_http_request *req = request(f, NULL, cases[i].body);
        if (cases[i].encoding && cases[i].encoding[0] != ' ')
            fixture_add_field(req, "Content-Encoding", cases[i].encoding);
        struct cairn_future future = fixture_send(f, s, req);
        assert_true(cairn_http_is_collected(req));
        assert_true(cairn_str_equal(req->body, cases[i].body));
        assert_int_equal(req->fields.count, cases[i].encoding && cases[i].encoding[0] != ' ');
        fixture_respond(f, NULL);
        fixture_response(f, &future);
    }
    assert_int_equal(fixture_number(s, "decoded"), 0);
    cairn_service_drop(s);
}

static void what_is_not_known_is_answered_415_before_it_is_read(void **state)
{
    static const char *const encodings[] = {
        "compress", "gzip, br", "gzip, gzip", "identity, gzip", "gzip;q=1", "deflate"};
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_decompression(.codings = CAIRN_CODING_GZIP | CAIRN_CODING_BR));
    for (size_t i = 0; i < 6; i++) {
        struct hand_stream hand = {.is_open = true};
        struct cairn_http_request *req = hand_stream_request(f, &hand, -1);
        fixture_add_field(req, "Content-Encoding", encodings[i]);
        struct cairn_http_response *res = fixture_ask(f, s, req);
        assert_int_equal(res->status, 415);
        assert_str(fixture_field(res, "Accept-Encoding"), "br, gzip");
        assert_true(hand.is_dropped);
        assert_int_equal(hand.given, 0);
    }
    struct cairn_http_request *req = request(f, "gzip", fine);
    fixture_add_field(req, "Content-Encoding", "br");
    assert_int_equal(fixture_ask(f, s, req)->status, 415);
    assert_int_equal(fixture_number(s, "unsupported"), 7);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
    s = fixture_around_mock(f, cairn_decompression());
    assert_str(fixture_field(fixture_ask(f, s, request(f, "x", fine)), "Accept-Encoding"),
        "zstd, br, gzip, deflate");
    cairn_service_drop(s);
}

static void what_is_not_known_passes_if_it_may(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_decompression(.passes_unknown = true));
    struct cairn_http_request *req = request(f, "compress, gzip", fine);
    struct cairn_future future = fixture_send(f, s, req);
    assert_true(cairn_str_equal(req->body, fine));
    assert_str(cairn_http_request_field(req, "Content-Encoding"), "compress, gzip");
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 200);
    cairn_service_drop(s);
}

/* A gzip within a gzip is a body, which happens to be a gzip. */
static void one_coding_is_taken_off(void **state)
{
    struct fixture *f = *state;
    struct cairn_str twice = rig_encode(GZIP, 6, fine);
    struct cairn_service *s = echo_behind(cairn_decompression());
    struct cairn_http_response *res = fixture_ask(f, s, request(f, "gzip", twice));
    assert_true(cairn_str_equal(res->body, fine));
    cairn_service_drop(s);
    rig_free(twice);
}

static struct cairn_str zeros(size_t length)
{
    return cairn_str_of(calloc(1, length), length);
}

/* LENGTH zeros in a coding. */
static struct cairn_str bomb(unsigned coding, size_t length)
{
    struct cairn_str bytes = zeros(length);
    struct cairn_str encoded = rig_encode(coding, cairn__codecs[coding]->normal, bytes);
    rig_free(bytes);
    return encoded;
}

static void bodies_may_be_as_large_as_their_limit(void **state)
{
    struct fixture *f = *state;
    const size_t limit = 2000;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        struct cairn_str good = bomb(i, limit);
        struct cairn_str bad = bomb(i, limit + 1);
        struct cairn_service *s = echo_behind(cairn_decompression());
        struct cairn_http_request *req = request(f, cairn__codecs[i]->name, good);
        req->body_limit = limit;
        assert_int_equal(fixture_ask(f, s, req)->body.length, limit);
        req = request(f, cairn__codecs[i]->name, bad);
        req->body_limit = limit;
        assert_fails(f, s, req, CAIRN_ERROR_TOO_LARGE);
        assert_int_equal(fixture_number(s, "too_large"), 1);
        cairn_service_drop(s);
        s = echo_behind(cairn_decompression(.max_bytes = limit));
        assert_int_equal(
            fixture_ask(f, s, request(f, cairn__codecs[i]->name, good))->body.length, limit);
        assert_fails(f, s, request(f, cairn__codecs[i]->name, bad), CAIRN_ERROR_TOO_LARGE);
        cairn_service_drop(s);
        rig_free(good);
        rig_free(bad);
    }
}

static void limit_is_2_mib_where_nothing_else_is_said(void **state)
{
    struct fixture *f = *state;
    struct cairn_str bad = bomb(GZIP, CAIRN_HTTP_BODY_BYTES + 1);
    struct cairn_service *s = echo_behind(cairn_decompression(.max_ratio = 1000000));
    assert_fails(f, s, request(f, "gzip", bad), CAIRN_ERROR_TOO_LARGE);
    cairn_service_drop(s);
    rig_free(bad);
}

/* Reads BYTES, cut as MOST and WAITS say. */
static struct rig_body decode(struct fixture *f, struct cairn__coder_pool *pool, unsigned coding,
    struct cairn__decoded_limits limits, struct rig_pieces *pieces)
{
    const struct cairn_context cx = cairn_harness_context(&f->hand);
    struct cairn__coder *coder = cairn__coder_pool_take(pool, coding);
    assert_non_null(coder);
    struct cairn_stream stream =
        cairn__decoded_body(rig_pieces_stream(pieces), pool, coder, limits);
    struct rig_body body = rig_read(&stream, &cx);
    assert_true(pieces->is_dropped);
    return body;
}

/* What becomes of BYTES, whole and byte by byte: it is taken, or too large. */
static void assert_grows(struct fixture *f, struct cairn__coder_pool *pool, unsigned coding,
    struct cairn_str bytes, uint64_t max_ratio, bool is_taken)
{
    const struct cairn__decoded_limits limits = {1 << 20, max_ratio};
    for (unsigned n = 0; n < 2; n++) {
        struct rig_pieces pieces = {.bytes = bytes, .most = n ? 1 : bytes.length};
        struct rig_body body = decode(f, pool, coding, limits, &pieces);
        assert_true(is_taken == (body.failed == NULL));
        if (!is_taken)
            assert_int_equal(body.failed->code, CAIRN_ERROR_TOO_LARGE);
        rig_body_free(&body);
    }
}

/* Of 512 bytes and less each counts as 512. */
static void bodies_may_grow_as_much_as_their_ratio(void **state)
{
    struct fixture *f = *state;
    const uint64_t ratio = 3 * CAIRN__DECODED_FREE_BYTES / CAIRN__DECODED_GRAIN_BYTES;
    struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        struct cairn_str small = bomb(i, CAIRN__DECODED_FREE_BYTES);
        struct cairn_str large = bomb(i, 3 * CAIRN__DECODED_FREE_BYTES);
        struct cairn_str larger = bomb(i, 3 * CAIRN__DECODED_FREE_BYTES + 1);
        assert_in_range(larger.length, 1, CAIRN__DECODED_GRAIN_BYTES);
        assert_grows(f, pool, i, small, 1, true);
        assert_grows(f, pool, i, large, ratio, true);
        assert_grows(f, pool, i, large, ratio - 1, false);
        assert_grows(f, pool, i, larger, ratio, false);
        rig_free(small);
        rig_free(large);
        rig_free(larger);
    }
    cairn__coder_pool_unref(pool);
}

/* Zeros, which are over the ratio, and so much noise that the whole is not. */
static void what_comes_later_does_not_excuse_a_bomb(void **state)
{
    struct fixture *f = *state;
    const size_t count = CAIRN__DECODED_FREE_BYTES + 100;
    uint64_t seed = 1;
    char *data = calloc(1, count + 20000);
    struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
    for (size_t i = 0; i < 20000; i++)
        data[count + i] = (char)rig_random(&seed);
    for (unsigned i = GZIP; i <= DEFLATE; i++) {
        struct cairn_str bytes = rig_encode(i, 6, cairn_str_of(data, count + 20000));
        assert_grows(f, pool, i, bytes, 128, false);
        assert_grows(f, pool, i, bytes, 129, true);
        rig_free(bytes);
    }
    free(data);
    cairn__coder_pool_unref(pool);
}

/* In KiB, from /proc/self/status. */
static long status(const char *key)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtol(line + strlen(key), NULL, 10);
    }
    fclose(file);
    assert_true(value > 0);
    return value;
}

/* The most of memory is what it is now. False where that cannot be. */
static bool forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file)
        return false;
    bool is_done = fputs("5", file) >= 0;
    return fclose(file) == 0 && is_done;
}

/* 10 MiB of zeros are 10 KiB of gzip. */
static void bombs_take_less_than_a_mebibyte(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        struct cairn_str encoded = bomb(i, (size_t)10 << 20);
        struct cairn_service *s = echo_behind(cairn_decompression(.max_bytes = UINT64_C(1) << 40));
        assert_in_range(encoded.length, 1, 11 << 10);
        fixture_ask(f, s, request(f, "gzip", fine));
        if (!forget_peak())
            skip();
        long before = status("VmRSS:");
        assert_fails(f, s, request(f, cairn__codecs[i]->name, encoded), CAIRN_ERROR_TOO_LARGE);
        assert_true(status("VmHWM:") - before <= 1024);
        cairn_service_drop(s);
        rig_free(encoded);
        fixture_end_exchange(f);
    }
}

static void body_that_is_cut_anywhere_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = echo_behind(cairn_decompression());
    size_t count = 0;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        struct cairn_str encoded = rig_encode(i, cairn__codecs[i]->normal, text);
        for (size_t length = 1; length < encoded.length; length++, count++) {
            struct cairn_str cut = cairn_str_of(encoded.data, length);
            assert_fails(f, s, request(f, cairn__codecs[i]->name, cut), CAIRN_ERROR_PROTOCOL);
        }
        rig_free(encoded);
    }
    assert_int_equal(fixture_number(s, "bad"), count);
    cairn_service_drop(s);
}

static void stream_that_is_empty_is_refused(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"", ""}};
    struct cairn_service *s = echo_behind(cairn_decompression());
    struct cairn_http_request *req = hand_stream_request(f, &hand, -1);
    fixture_add_field(req, "Content-Encoding", "gzip");
    assert_fails(f, s, req, CAIRN_ERROR_PROTOCOL);
    cairn_service_drop(s);
}

static void what_follows_the_end_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = echo_behind(cairn_decompression());
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        struct cairn_str encoded = rig_encode(i, cairn__codecs[i]->normal, text);
        char *data = malloc(encoded.length + 1);
        for (int byte = 0; byte < 256; byte += 51) {
            memcpy(data, encoded.data, encoded.length);
            data[encoded.length] = (char)byte;
            struct cairn_str longer = cairn_str_of(data, encoded.length + 1);
            assert_fails(f, s, request(f, cairn__codecs[i]->name, longer), CAIRN_ERROR_PROTOCOL);
            struct rig_pieces pieces = {.bytes = longer, .most = 1};
            assert_fails(f, s, streamed(f, cairn__codecs[i]->name, &pieces), CAIRN_ERROR_PROTOCOL);
        }
        free(data);
        rig_free(encoded);
    }
    cairn_service_drop(s);
}

/* Each body comes back, however it was cut on its way in and out. */
static void random_bodies_come_back_in_random_pieces(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 3;
    struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
    for (unsigned round = 0; round < 200; round++) {
        unsigned i = round % CAIRN__CODECS;
        struct cairn_str bytes = rig_bytes(&seed, rig_random(&seed) % (round % 16 ? 3000 : 200000));
        struct cairn_str encoded = rig_encode(i, cairn__codecs[i]->fastest, bytes);
        for (unsigned n = 0; n < 3; n++) {
            struct rig_pieces pieces = {.bytes = encoded,
                .most = n == 0   ? 1
                        : n == 1 ? encoded.length
                                 : rig_random(&seed) % 1000,
                .waits = rig_random(&seed) % 4,
                .seed = seed};
            if (pieces.waits == 1)
                pieces.waits = 0;
            struct rig_body body = decode(f, pool, i, ample, &pieces);
            assert_null(body.failed);
            assert_int_equal(body.length, bytes.length);
            if (bytes.length)
                assert_memory_equal(body.data, bytes.data, bytes.length);
            rig_body_free(&body);
        }
        rig_free(encoded);
        rig_free(bytes);
    }
    cairn__coder_pool_unref(pool);
}

/* Changes a few bytes, or takes some out, or puts some in. DATA has room for 8 more. */
static size_t corrupt(char *data, size_t length, uint64_t *seed)
{
    for (unsigned n = rig_random(seed) % 3 + 1; n > 0 && length > 1; n--) {
        size_t at = rig_random(seed) % length;
        switch (rig_random(seed) % 4) {
        case 0:
            data[at] = (char)(data[at] ^ 1 << rig_random(seed) % 8);
            break;
        case 1:
            data[at] = (char)rig_random(seed);
            break;
        case 2:
            memmove(data + at, data + at + 1, length-- - at - 1);
            break;
        default:
            memmove(data + at + 1, data + at, length++ - at);
        }
    }
    return length;
}

#define CORRUPT_LIMIT 4096

/* The same as the coder alone has it, whole and in pieces: refused, or these bytes. */
static void assert_like_the_coder(struct fixture *f, struct cairn__coder_pool *pool,
    unsigned coding, struct cairn_str encoded, uint64_t seed)
{
    const struct cairn__decoded_limits limits = {CORRUPT_LIMIT, 1000000};
    enum cairn__coder_step step;
    struct cairn__coder *coder = cairn__coder_pool_take(pool, coding);
    struct cairn_str expected = rig_decode_with(coder, encoded, CORRUPT_LIMIT + 1, &step);
    cairn__coder_pool_give_back(pool, coder);
    bool is_good = step == CAIRN__CODER_ENDED && expected.length <= CORRUPT_LIMIT;
    struct rig_pieces pieces = {
        .bytes = encoded, .most = seed % 3 ? 1 + seed % 20 : encoded.length, .seed = seed};
    struct rig_body body = decode(f, pool, coding, limits, &pieces);
    if (is_good != !body.failed)
        fail_msg("%s: %d", cairn__codecs[coding]->name, is_good);
    if (is_good) {
        assert_int_equal(body.length, expected.length);
        if (body.length)
            assert_memory_equal(body.data, expected.data, body.length);
    } else {
        assert_true(body.failed->code == CAIRN_ERROR_PROTOCOL ||
                    body.failed->code == CAIRN_ERROR_TOO_LARGE);
        assert_true(body.length <= CORRUPT_LIMIT);
    }
    rig_body_free(&body);
    rig_free(expected);
}

static void corrupt_bodies_are_refused_or_decoded_whatever_the_pieces(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 4;
    struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
    for (unsigned body = 0; body < 40; body++) {
        unsigned i = body % CAIRN__CODECS;
        char data[1024];
        struct cairn_str bytes = rig_bytes(&seed, rig_random(&seed) % 300);
        struct cairn_str encoded = rig_encode(i, cairn__codecs[i]->normal, bytes);
        for (unsigned round = 0; round < 2500; round++) {
            memcpy(data, encoded.data, encoded.length);
            size_t length = corrupt(data, encoded.length, &seed);
            assert_like_the_coder(f, pool, i, cairn_str_of(data, length), seed);
        }
        rig_free(encoded);
        rig_free(bytes);
    }
    cairn__coder_pool_unref(pool);
}

/* What can be decoded of what has come is handed on before more is waited for. */
static void slow_bodies_are_not_held_back(void **state)
{
    struct fixture *f = *state;
    struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
    const struct cairn_context cx = cairn_harness_context(&f->hand);
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        char out[256];
        bool is_over;
        struct rig_body body = {0};
        struct cairn__coder *encoder = cairn__codecs[i]->encoder->open(1);
        struct cairn__coder_io io = {text.data, text.length, out, sizeof(out)};
        assert_int_equal(encoder->ops->code(encoder, &io, CAIRN__CODER_GO_ON), 0);
        assert_int_equal(encoder->ops->code(encoder, &io, CAIRN__CODER_FLUSH), 0);
        encoder->ops->close(encoder);
        struct cairn_str flushed = cairn_str_of(out, sizeof(out) - io.out_length);
        struct hand_stream hand = {.is_open = true};
        struct cairn_stream stream = cairn__decoded_body(
            hand_stream_body(&hand), pool, cairn__coder_pool_take(pool, i), ample);
        assert_int_equal(rig_body_step(&body, &stream, &cx, &is_over), CAIRN_PENDING);
        cairn_stream_drop(&stream);
        assert_true(hand.is_dropped);
        struct rig_pieces pieces = {.bytes = flushed, .most = 1000, .waits = 2, .seed = 1};
        stream = cairn__decoded_body(
            rig_pieces_stream(&pieces), pool, cairn__coder_pool_take(pool, i), ample);
        while (body.length < text.length) {
            rig_body_step(&body, &stream, &cx, &is_over);
            assert_false(is_over);
        }
        assert_memory_equal(body.data, text.data, text.length);
        cairn_stream_drop(&stream);
        rig_body_free(&body);
    }
    cairn__coder_pool_unref(pool);
}

static void failure_of_the_body_is_its_own(void **state)
{
    struct fixture *f = *state;
    static struct cairn_error slow = CAIRN_ERROR_STATIC(CAIRN_ERROR_SLOW, "test", "slow");
    struct hand_stream hand = {.chunks = {"\x1f\x8b"}, .error = &slow};
    struct cairn_service *s = echo_behind(cairn_decompression());
    struct cairn_http_request *req = hand_stream_request(f, &hand, -1);
    fixture_add_field(req, "Content-Encoding", "gzip");
    assert_fails(f, s, req, CAIRN_ERROR_SLOW);
    assert_true(hand.is_dropped);
    cairn_service_drop(s);
}

static struct cairn_future unread(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_future_ready(cairn_http_text(req, 200, "fine"));
}

static void body_that_nobody_reads_outlives_the_layer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_decompression(), cairn_http_stream_handler(unread, NULL));
    struct hand_stream hand = {.is_open = true};
    struct cairn_http_request *req = hand_stream_request(f, &hand, -1);
    fixture_add_field(req, "Content-Encoding", "zstd");
    assert_int_equal(fixture_ask(f, s, req)->status, 200);
    cairn_service_drop(s);
    assert_false(hand.is_dropped);
    fixture_end_exchange(f);
    assert_true(hand.is_dropped);
}

/* With the N-th allocation failing. Returns whether none did. */
static bool goes_well(struct fixture *f, unsigned coding, struct cairn_str encoded, size_t n)
{
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct cairn_service *s = echo_behind(cairn_decompression());
    struct rig_pieces pieces = {.bytes = encoded, .most = 100};
    struct cairn_http_request *req = streamed(f, cairn__codecs[coding]->name, &pieces);
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    cairn_test_alloc_fail_at(n);
    struct cairn_future future = cairn_service_call(s, req);
    enum cairn_poll p = cairn_harness_poll(&f->hand, &future, &out);
    bool has_failed = cairn_test_alloc_has_failed();
    cairn_test_alloc_fail_at(0);
    assert_true(has_failed == (p == CAIRN_FAILED));
    if (p == CAIRN_FAILED) {
        assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        cairn_error_unref(out.error);
    }
    cairn_service_drop(s);
    fixture_end_exchange(f);
    return !has_failed;
}

static void call_or_body_fails_without_memory(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 11;
    struct cairn_str bytes = rig_bytes(&seed, 10000);
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        struct cairn_str encoded = rig_encode(i, 1, bytes);
        size_t n = 1;
        while (!goes_well(f, i, encoded, n))
            n++;
        assert_true(n > 5);
        rig_free(encoded);
    }
    rig_free(bytes);
}

static void call_fails_without_memory_for_a_415(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_around_mock(f, cairn_decompression());
    struct cairn_http_request *req = request(f, "x", fine);
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(s, req);
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void copies_share_what_they_count(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = echo_behind(cairn_decompression());
    struct cairn_service *copy = cairn_service_clone(s);
    fixture_ask(f, copy, request(f, "gzip", fine));
    assert_int_equal(fixture_number(s, "max_ratio"), 100);
    assert_int_equal(fixture_number(s, "decoded"), 1);
    assert_int_equal(fixture_number(s, "bytes_in"), fine.length);
    assert_int_equal(fixture_number(s, "bytes_out"), 4);
    cairn_service_drop(copy);
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(
        f, cairn_decompression(.codings = 16), "codings must be of enum cairn_coding, got 16");
    assert_invalid(f, cairn_decompression(.max_ratio = 1000001),
        "max_ratio must be 1 to 1000000, got 1000001");
    assert_needs_http(cairn_decompression_layer(NULL));
    assert_refused_without_memory(f, cairn_decompression_layer(NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(handlers_get_the_decoded_body),
        fixture_test(length_of_a_decoded_body_is_not_known),
        fixture_test(what_is_not_coded_passes_as_it_is),
        fixture_test(what_is_not_known_is_answered_415_before_it_is_read),
        fixture_test(what_is_not_known_passes_if_it_may),
        fixture_test(one_coding_is_taken_off),
        fixture_test(bodies_may_be_as_large_as_their_limit),
        fixture_test(limit_is_2_mib_where_nothing_else_is_said),
        fixture_test(bodies_may_grow_as_much_as_their_ratio),
        fixture_test(what_comes_later_does_not_excuse_a_bomb),
        fixture_test(bombs_take_less_than_a_mebibyte),
        fixture_test(body_that_is_cut_anywhere_is_refused),
        fixture_test(stream_that_is_empty_is_refused),
        fixture_test(what_follows_the_end_is_refused),
        fixture_test(random_bodies_come_back_in_random_pieces),
        fixture_test(corrupt_bodies_are_refused_or_decoded_whatever_the_pieces),
        fixture_test(slow_bodies_are_not_held_back),
        fixture_test(failure_of_the_body_is_its_own),
        fixture_test(body_that_nobody_reads_outlives_the_layer),
        fixture_test(call_or_body_fails_without_memory),
        fixture_test(call_fails_without_memory_for_a_415),
        fixture_test(copies_share_what_they_count),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
