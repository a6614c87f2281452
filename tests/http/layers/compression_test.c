#include "coding_rig.h"
#include "hand_stream.h"
#include "hunger.h"

#include <stdio.h>
#include <unistd.h>

#include <cairn/http/compress/coder_pool.h>
#include <cairn/http/layers/compression.h>

static const struct cairn_str text = CAIRN_STR_INIT(
    "a stone on a stone on a stone on a stone on a stone on a stone on a stone on a stone");

static void *contract_request(void *arena)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (req)
        cairn_http_fields_add(&req->fields, CAIRN_STR("Accept-Encoding"), CAIRN_STR("gzip"));
    return req;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_compression(.min_bytes = 1),
        (struct cairn_contract_options){.new_request = contract_request});
}

static struct cairn_http_request *request(struct fixture *f, const char *accept)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    if (accept)
        fixture_add_field(req, "Accept-Encoding", accept);
    return req;
}

static struct cairn_http_response *plain(struct fixture *f)
{
    struct cairn_http_response *res =
        cairn_http_bytes(fixture_request(f, "/"), 200, "text/plain", text);
    assert_non_null(res);
    return res;
}

/* What becomes of RES, which answers REQ. */
static struct cairn_http_response *pass(struct fixture *f, struct cairn_service *s,
    struct cairn_http_request *req, struct cairn_http_response *res)
{
    struct cairn_future future = fixture_send(f, s, req);
    fixture_respond(f, res);
    return fixture_response(f, &future);
}

static void assert_field(
    const struct cairn_http_response *res, const char *name, const char *expected)
{
    struct cairn_str value = fixture_field(res, name);
    if (expected)
        assert_str(value, expected);
    else
        assert_null(value.data);
}

static struct rig_body read_body(struct fixture *f, struct cairn_http_response *res)
{
    const struct cairn_context cx = cairn_harness_context(&f->hand);
    struct cairn_stream stream = cairn_http_response_take_body(res);
    return rig_read(&stream, &cx);
}

/* RES is BYTES in CODING, and says so. */
static void assert_is_coded(
    struct fixture *f, struct cairn_http_response *res, unsigned coding, struct cairn_str bytes)
{
    assert_field(res, "Content-Encoding", cairn__codecs[coding]->name);
    assert_field(res, "Vary", "Accept-Encoding");
    struct rig_body body = read_body(f, res);
    assert_null(body.failed);
    assert_encodes(coding, cairn_str_of(body.data, body.length), bytes);
    rig_body_free(&body);
}

/* RES is as it was, but that it VARIES. */
static void assert_is_plain(struct cairn_http_response *res, bool varies)
{
    assert_field(res, "Content-Encoding", NULL);
    assert_field(res, "Vary", varies ? "Accept-Encoding" : NULL);
}

static void client_gets_the_coding_it_prefers(void **state)
{
    static const struct {
        const char *accept;
        int coding; /* -1: none */
    } cases[] = {
        {"gzip", GZIP},
        {"x-gzip", GZIP},
        {"deflate", DEFLATE},
        {"br", BR},
        {"zstd", ZSTD},
        {"gzip, deflate, br, zstd", ZSTD},
        {"gzip, deflate, br", BR},
        {"deflate, gzip", GZIP},
        {"zstd;q=0.5, br;q=0.4, gzip;q=0.9", GZIP},
        {"*", ZSTD},
        {"*;q=0.5, br", BR},
        {"*, zstd;q=0", BR},
        {"identity;q=0, *", ZSTD},
        {"GZIP;q=1.000", GZIP},
        {"gzip;q=0.5, identity", -1},
        {"gzip;q=0", -1},
        {"compress", -1},
        {"", -1},
        {NULL, -1},
    };
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cairn_http_response *res = pass(f, s, request(f, cases[i].accept), plain(f));
        if (cases[i].coding < 0) {
            assert_is_plain(res, true);
            assert_ptr_equal(res->body.data, text.data);
        } else {
            assert_is_coded(f, res, (unsigned)cases[i].coding, text);
        }
    }
    cairn_service_drop(s);
}

static void only_codings_of_the_options_are_offered(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_compression(.codings = CAIRN_CODING_GZIP | CAIRN_CODING_DEFLATE));
    assert_is_coded(f, pass(f, s, request(f, "zstd, br, gzip"), plain(f)), GZIP, text);
    assert_is_coded(f, pass(f, s, request(f, "*"), plain(f)), GZIP, text);
    assert_is_plain(pass(f, s, request(f, "zstd"), plain(f)), true);
    cairn_service_drop(s);
}

static void client_that_takes_nothing_gets_a_406(void **state)
{
    static const char *const accepts[] = {"identity;q=0", "*;q=0", "compress, *;q=0"};
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    for (size_t i = 0; i < 3; i++) {
        struct cairn_http_response *res = fixture_ask(f, s, request(f, accepts[i]));
        assert_int_equal(res->status, 406);
        assert_int_equal(res->body.length, 0);
        assert_field(res, "Vary", "Accept-Encoding");
    }
    assert_int_equal(fixture_number(s, "not_acceptable"), 3);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void call_fails_without_memory_for_a_406(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_http_request *req = request(f, "*;q=0");
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(s, req);
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void what_was_true_of_the_body_goes(void **state)
{
    static const char *const gone[] = {"Content-Length", "Accept-Ranges", "Content-Digest",
        "Repr-Digest", "Digest", "Content-MD5"};
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_http_response *res = plain(f);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(cairn_http_response_set(res, gone[i], "84"), 0);
    assert_int_equal(cairn_http_response_set(res, "Vary", "Origin"), 0);
    res = pass(f, s, request(f, "br"), res);
    for (size_t i = 0; i < 6; i++)
        assert_field(res, gone[i], NULL);
    assert_field(res, "Content-Type", "text/plain");
    assert_true(
        cairn_http_fields_has_token(&res->fields, CAIRN_STR("Vary"), CAIRN_STR("Accept-Encoding")));
    assert_true(cairn_http_fields_has_token(&res->fields, CAIRN_STR("Vary"), CAIRN_STR("Origin")));
    assert_int_equal(cairn_http_response_length(res), (int64_t)res->body.length);
    assert_true(res->body.length < text.length);
    cairn_service_drop(s);
}

static void strong_tags_become_weak(void **state)
{
    static const struct {
        const char *tag;
        const char *accept;
        const char *expected;
        int status;
        enum cairn_http_method method;
    } cases[] = {
        {"\"a\"", "gzip", "W/\"a\"", 200, CAIRN_HTTP_GET},
        {"W/\"a\"", "gzip", "W/\"a\"", 200, CAIRN_HTTP_GET},
        {"a", "gzip", "a", 200, CAIRN_HTTP_GET},
        {"\"a\"", NULL, "\"a\"", 200, CAIRN_HTTP_GET},
        {"\"a\"", "gzip", "W/\"a\"", 200, CAIRN_HTTP_HEAD},
        {"\"a\"", "gzip", "W/\"a\"", 304, CAIRN_HTTP_GET},
        {"\"a\"", NULL, "\"a\"", 304, CAIRN_HTTP_GET},
    };
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cairn_http_request *req = request(f, cases[i].accept);
        struct cairn_http_response *res = plain(f);
        req->method = cases[i].method;
        res->status = cases[i].status;
        if (res->status == 304)
            res->body = CAIRN_STR("");
        assert_int_equal(cairn_http_response_set(res, "ETag", cases[i].tag), 0);
        res = pass(f, s, req, res);
        assert_field(res, "ETag", cases[i].expected);
        assert_field(res, "Vary", "Accept-Encoding");
    }
    cairn_service_drop(s);
}

static void answers_to_head_keep_their_length(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_http_request *req = request(f, "gzip");
    req->method = CAIRN_HTTP_HEAD;
    struct cairn_http_response *res = pass(f, s, req, plain(f));
    assert_is_plain(res, true);
    assert_int_equal(cairn_http_response_length(res), (int64_t)text.length);
    cairn_service_drop(s);
}

static void some_answers_are_left_alone(void **state)
{
    static const struct {
        int status;
        const char *name;
        const char *value;
    } cases[] = {
        {204, NULL, NULL},
        {205, NULL, NULL},
        {206, NULL, NULL},
        {200, "Content-Encoding", "gzip"},
        {200, "Content-Encoding", "identity"},
        {206, "Content-Range", "bytes 0-83/84"},
        {416, "Content-Range", "bytes */84"},
        {200, "Cache-Control", "max-age=60, No-Transform"},
        {200, "Content-Type", "image/png"},
    };
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cairn_http_response *res = plain(f);
        res->status = cases[i].status;
        if (cases[i].name)
            assert_int_equal(cairn_http_response_set(res, cases[i].name, cases[i].value), 0);
        res = pass(f, s, request(f, "gzip"), res);
        assert_field(res, "Vary", NULL);
        assert_ptr_equal(res->body.data, text.data);
    }
    cairn_service_drop(s);
}

static void errors_of_inner_pass(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_future future = fixture_send(f, s, request(f, "gzip"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(s);
}

static void small_bodies_are_left_alone(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layers[] = {cairn_compression(), cairn_compression(.min_bytes = 50)};
    for (size_t i = 0; i < 2; i++) {
        size_t min = i ? 50 : 32;
        struct cairn_service *s = fixture_around_mock(f, layers[i]);
        struct cairn_http_response *res = plain(f);
        res->body.length = min - 1;
        assert_is_plain(pass(f, s, request(f, "gzip"), res), false);
        res = plain(f);
        res->body.length = min;
        assert_is_coded(f, pass(f, s, request(f, "gzip"), res), GZIP, cairn_str_of(text.data, min));
        cairn_service_drop(s);
    }
}

static void types_that_do_not_become_smaller_are_left_alone(void **state)
{
    static const struct {
        const char *type;
        bool is_compressed;
    } cases[] = {
        {"text/html; charset=utf-8", true},
        {"application/json", true},
        {"image/svg+xml", true},
        {"IMAGE/SVG+XML; charset=utf-8", true},
        {"application/grpc-web", true},
        {"application/grpc-web+proto", true},
        {"application/wasm", true},
        {"font/ttf", true},
        {"application/octet-stream", true},
        {"nonsense", true},
        {NULL, true},
        {"image/png", false},
        {"Image/WebP", false},
        {"audio/ogg", false},
        {"video/mp4", false},
        {"font/woff", false},
        {"font/woff2", false},
        {"text/event-stream", false},
        {"application/grpc", false},
        {"application/grpc+proto", false},
        {"application/zip", false},
        {"application/gzip", false},
        {"application/x-gzip", false},
        {"application/zstd", false},
        {"application/x-7z-compressed", false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cairn_http_response *res =
            cairn_http_bytes(fixture_request(f, "/"), 200, cases[i].type, text);
        if (cairn_http_is_compressible(res) != cases[i].is_compressed)
            fail_msg("%s", cases[i].type);
    }
}

static bool to_friends_only(
    const struct cairn_http_request *req, const struct cairn_http_response *res, void *state)
{
    ++*(unsigned *)state;
    return cairn_http_is_compressible(res) && cairn_str_equal(req->path, CAIRN_STR("/friend"));
}

static void predicates_compose(void **state)
{
    unsigned asked = 0;
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_compression(.predicate = to_friends_only, .state = &asked));
    struct cairn_http_request *req = request(f, "gzip");
    assert_is_plain(pass(f, s, req, plain(f)), false);
    req->path = CAIRN_STR("/friend");
    assert_is_coded(f, pass(f, s, req, plain(f)), GZIP, text);
    struct cairn_http_response *picture = plain(f);
    assert_int_equal(cairn_http_response_set(picture, "Content-Type", "image/png"), 0);
    assert_is_plain(pass(f, s, req, picture), false);
    assert_int_equal(asked, 3);
    cairn_service_drop(s);
}

static void levels_are_what_they_are_called(void **state)
{
    uint64_t seed = 5;
    struct fixture *f = *state;
    struct cairn_str bytes = rig_bytes(&seed, 20000);
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        const struct cairn__codec *codec = cairn__codecs[i];
        const struct cairn_layer layers[] = {cairn_compression(), cairn_compression(.level = 1),
            cairn_compression(.level = 2), cairn_compression(.level = 3, .precise = 1),
            cairn_compression(.level = 3, .precise = 22)};
        const int levels[] = {codec->normal, codec->fastest, codec->best, 1, codec->most};
        for (size_t k = 0; k < 5; k++) {
            struct cairn_service *s = fixture_around_mock(f, layers[k]);
            struct cairn_http_response *res = plain(f);
            res->body = bytes;
            res = pass(f, s, request(f, codec->name), res);
            struct cairn_str expected = rig_encode(i, levels[k], bytes);
            assert_int_equal(res->body.length, expected.length);
            assert_memory_equal(res->body.data, expected.data, expected.length);
            rig_free(expected);
            cairn_service_drop(s);
        }
    }
    rig_free(bytes);
}

static struct cairn_str zeros(size_t length)
{
    return cairn_str_of(calloc(1, length), length);
}

static void large_bodies_are_streams(void **state)
{
    struct fixture *f = *state;
    const size_t most = CAIRN__CODER_TURN_BYTES;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        uint64_t seed = i + 1;
        struct cairn_str bytes = rig_bytes(&seed, 3 * most);
        struct cairn_service *s = fixture_around_mock(f, cairn_compression());
        struct cairn_http_response *res = plain(f);
        res->body = cairn_str_of(bytes.data, most);
        res = pass(f, s, request(f, cairn__codecs[i]->name), res);
        assert_true(cairn_stream_is_empty(&res->stream));
        assert_encodes(i, res->body, cairn_str_of(bytes.data, most));
        res = plain(f);
        res->body = bytes;
        res = pass(f, s, request(f, cairn__codecs[i]->name), res);
        assert_int_equal(cairn_http_response_length(res), -1);
        cairn_service_drop(s); /* the body goes on without it */
        assert_is_coded(f, res, i, bytes);
        rig_free(bytes);
        fixture_end_exchange(f);
    }
}

static void files_are_read(void **state)
{
    struct fixture *f = *state;
    struct cairn_str bytes = zeros(100000);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.length, file), bytes.length);
    assert_int_equal(fflush(file), 0);
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_http_request *req = request(f, "zstd");
    struct cairn_http_response *res =
        cairn_http_file(req, 200, "text/plain", dup(fileno(file)), 0, (int64_t)bytes.length);
    assert_is_coded(f, pass(f, s, req, res), ZSTD, bytes);
    cairn_service_drop(s);
    fclose(file);
    rig_free(bytes);
}

/* What STREAM says at once is all that went into its inner stream. */
static void assert_said(struct fixture *f, struct cairn_http_response *res,
    struct cairn__coder *decoder, const char *expected)
{
    char back[256];
    union cairn_outcome out;
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_READY);
    struct cairn_http_chunk *chunk = out.value;
    assert_non_null(chunk);
    struct cairn__coder_io io = {chunk->bytes.data, chunk->bytes.length, back, sizeof(back)};
    assert_int_equal(decoder->ops->code(decoder, &io, CAIRN__CODER_GO_ON), CAIRN__CODER_DONE);
    cairn_http_chunk_free(chunk);
    assert_str(cairn_str_of(back, sizeof(back) - io.out_length), expected);
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_PENDING);
}

static void slow_streams_are_not_held_back(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        union cairn_outcome out;
        struct hand_stream hand = {.is_open = true};
        struct cairn_service *s = fixture_around_mock(f, cairn_compression());
        struct cairn_http_request *req = request(f, cairn__codecs[i]->name);
        struct cairn_http_response *res = pass(f, s, req, hand_stream_response(&hand, req));
        struct cairn__coder *decoder = cairn__codecs[i]->decoder->open(0);
        assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_PENDING);
        hand.chunks[0] = "one ";
        hand.chunks[1] = "stone";
        assert_said(f, res, decoder, "one stone");
        hand.chunks[2] = " another";
        assert_said(f, res, decoder, " another");
        hand.chunks[3] = "";
        assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_PENDING);
        hand.is_open = false;
        struct rig_body rest = read_body(f, res);
        assert_null(rest.failed);
        assert_true(rest.length > 0);
        rig_body_free(&rest);
        decoder->ops->close(decoder);
        cairn_service_drop(s);
        fixture_end_exchange(f);
    }
}

static void long_bodies_take_turns(void **state)
{
    const size_t turns = 20;
    struct fixture *f = *state;
    struct cairn_str bytes = zeros(turns * CAIRN__CODER_TURN_BYTES);
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_http_response *res = plain(f);
    res->body = bytes;
    res = pass(f, s, request(f, "zstd"), res);
    assert_false(cairn_harness_is_woken(&f->hand));
    struct rig_body body = read_body(f, res);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_in_range(body.waits, turns - 1, turns);
    assert_encodes(ZSTD, cairn_str_of(body.data, body.length), bytes);
    rig_body_free(&body);
    rig_free(bytes);
    cairn_service_drop(s);
}

static void failure_of_a_stream_is_its_own(void **state)
{
    struct fixture *f = *state;
    static struct cairn_error gone = CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "test", "gone");
    struct hand_stream hand = {.chunks = {"one"}, .error = &gone};
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_http_request *req = request(f, "gzip");
    struct rig_body body = read_body(f, pass(f, s, req, hand_stream_response(&hand, req)));
    assert_ptr_equal(body.failed, &gone);
    assert_true(hand.is_dropped);
    cairn_service_drop(s);
}

static void stream_that_is_dropped_midway_gives_everything_back(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        union cairn_outcome out;
        struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
        struct cairn_service *s = fixture_around_mock(f, cairn_compression(.max_streams = 1));
        struct cairn_http_request *req = request(f, cairn__codecs[i]->name);
        struct cairn_http_response *res = pass(f, s, req, hand_stream_response(&hand, req));
        assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_READY);
        cairn_http_chunk_free(out.value);
        fixture_end_exchange(f);
        assert_true(hand.is_dropped);
        struct hand_stream next = {.chunks = {"two"}};
        req = request(f, cairn__codecs[i]->name);
        assert_is_coded(f, pass(f, s, req, hand_stream_response(&next, req)), i, CAIRN_STR("two"));
        cairn_service_drop(s);
        fixture_end_exchange(f);
    }
}

static void streams_over_the_limit_are_sent_as_they_are(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hands[3] = {{.is_open = true}, {.is_open = true}, {.is_open = true}};
    struct cairn_service *s = fixture_around_mock(f, cairn_compression(.max_streams = 2));
    struct cairn_http_response *res = NULL;
    for (size_t i = 0; i < 3; i++) {
        struct cairn_http_request *req = request(f, "gzip");
        res = pass(f, s, req, hand_stream_response(&hands[i], req));
        assert_field(res, "Content-Encoding", i < 2 ? "gzip" : NULL);
        assert_field(res, "Vary", "Accept-Encoding");
    }
    assert_int_equal(fixture_number(s, "busy"), 1);
    assert_is_coded(f, pass(f, s, request(f, "gzip"), plain(f)), GZIP, text);
    fixture_end_exchange(f);
    struct hand_stream last = {.chunks = {"last"}};
    struct cairn_http_request *req = request(f, "gzip");
    res = pass(f, s, req, hand_stream_response(&last, req));
    assert_is_coded(f, res, GZIP, CAIRN_STR("last"));
    cairn_service_drop(s);
}

/* At the end of a stream its encoder is free again, though the last chunk is still being sent. */
static void encoder_is_free_when_all_is_out(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct hand_stream hands[2] = {{.chunks = {"one"}}, {.chunks = {"two"}}};
    struct cairn_service *s = fixture_around_mock(f, cairn_compression(.max_streams = 1));
    for (size_t i = 0; i < 2; i++) {
        struct cairn_http_request *req = request(f, "gzip");
        struct cairn_http_response *res = pass(f, s, req, hand_stream_response(&hands[i], req));
        assert_field(res, "Content-Encoding", "gzip");
        assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_READY);
        cairn_http_chunk_free(out.value);
    }
    cairn_service_drop(s);
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "text/plain", text);
}

/* The arena's own memory is there before. zstd has its from malloc: see the docs. */
static void answers_allocate_nothing_once_there_is_an_encoder(void **state)
{
    static const unsigned codings[] = {GZIP, DEFLATE, ZSTD};
    struct fixture *f = *state;
    for (size_t i = 0; i < 3; i++) {
        struct cairn_service *s =
            fixture_apply(cairn_compression(), cairn_http_handler(answer, NULL));
        const char *name = cairn__codecs[codings[i]]->name;
        fixture_ask(f, s, request(f, name));
        fixture_end_exchange(f);
        struct cairn_http_request *req = request(f, name);
        size_t before = cairn_test_alloc_count();
        struct cairn_http_response *res = fixture_ask(f, s, req);
        assert_int_equal(cairn_test_alloc_count(), before);
        assert_is_coded(f, res, codings[i], text);
        cairn_service_drop(s);
    }
}

static void counts_what_it_does(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_service *copy = cairn_service_clone(s);
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_http_request *req = request(f, "gzip");
    size_t length = pass(f, copy, req, plain(f))->body.length;
    struct rig_body body = read_body(f, pass(f, s, req, hand_stream_response(&hand, req)));
    pass(f, s, request(f, NULL), plain(f));
    assert_int_equal(fixture_number(s, "min"), 32);
    assert_int_equal(fixture_number(s, "compressed"), 2);
    assert_int_equal(fixture_number(s, "bytes_in"), text.length + 3);
    assert_int_equal(fixture_number(s, "bytes_out"), length + body.length);
    rig_body_free(&body);
    cairn_service_drop(copy);
    cairn_service_drop(s);
}

/* A response in an arena of its own, as coalesce and cache give it. */
static void copies_with_an_arena_of_their_own_are_compressed_there(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_http_response *res = cairn_http_response_type.clone(plain(f));
    res = pass(f, s, request(f, "gzip"), res);
    assert_is_coded(f, res, GZIP, text);
    cairn_type_drop(&cairn_http_response_type, res);
    res = plain(f);
    struct cairn_str bytes = zeros(100000);
    res->body = bytes;
    res = pass(f, s, request(f, "gzip"), cairn_http_response_type.clone(res));
    assert_is_coded(f, res, GZIP, bytes);
    cairn_type_drop(&cairn_http_response_type, res);
    rig_free(bytes);
    cairn_service_drop(s);
}

/* A call, and its body, with the N-th allocation failing. Returns whether none did. */
static bool goes_well(struct fixture *f, unsigned coding, struct cairn_str bytes, size_t n)
{
    struct cairn_service *s = fixture_around_mock(f, cairn_compression());
    struct cairn_http_request *req = request(f, cairn__codecs[coding]->name);
    struct cairn_http_response *res = plain(f);
    union cairn_outcome out;
    struct rig_body body = {0};
    res->body = bytes;
    assert_int_equal(cairn_http_response_set(res, "ETag", "\"a\""), 0);
    struct cairn_future future = fixture_send(f, s, req);
    fixture_respond(f, res);
    cairn_test_alloc_fail_at(n);
    enum cairn_poll p = cairn_harness_poll(&f->hand, &future, &out);
    if (p == CAIRN_READY) {
        const struct cairn_context cx = cairn_harness_context(&f->hand);
        struct cairn_stream stream = cairn_http_response_take_body(out.value);
        body = rig_read(&stream, &cx);
    }
    bool has_failed = cairn_test_alloc_has_failed();
    cairn_test_alloc_fail_at(0);
    struct cairn_error *error = p == CAIRN_FAILED ? out.error : body.failed;
    assert_true(has_failed == (error != NULL));
    if (error)
        assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
    else
        assert_encodes(coding, cairn_str_of(body.data, body.length), bytes);
    rig_body_free(&body);
    cairn_service_drop(s);
    fixture_end_exchange(f);
    return !has_failed;
}

static void call_or_body_fails_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_str large = zeros(150000);
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        size_t n = 1;
        while (!goes_well(f, i, text, n))
            n++;
        assert_true(n > 1);
        for (n = 1; !goes_well(f, i, large, n);)
            n++;
        assert_true(n > 3);
    }
    rig_free(large);
}

static struct cairn_http_response *tagged(struct cairn_http_request *req, void *state)
{
    struct cairn_http_response *res = answer(req, state);
    if (!res || cairn_http_fields_add(&res->fields, CAIRN_STR("ETag"), CAIRN_STR("\"a\"")) != 0)
        return NULL;
    return res;
}

static struct cairn_http_request *tagged_request(struct fixture *f)
{
    return request(f, "gzip");
}

static void call_fails_when_the_arena_is_full(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_compression(), cairn_http_handler(tagged, NULL));
    fixture_ask(f, s, request(f, "gzip")); /* there is an encoder */
    assert_whole_or_failed(f, s, tagged_request, 4);
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(
        f, cairn_compression(.codings = 16), "codings must be of enum cairn_coding, got 16");
    assert_invalid(f, cairn_compression(.level = (enum cairn_compression_level)4),
        "level must be of enum cairn_compression_level");
    assert_invalid(
        f, cairn_compression(.level = CAIRN_COMPRESSION_PRECISE), "precise must be 1 to 22, got 0");
    assert_invalid(f, cairn_compression(.level = CAIRN_COMPRESSION_PRECISE, .precise = 23),
        "precise must be 1 to 22, got 23");
    assert_invalid(
        f, cairn_compression(.max_streams = 65537), "max_streams must be 1 to 65536, got 65537");
    assert_needs_http(cairn_compression_layer(NULL));
    assert_refused_without_memory(f, cairn_compression_layer(NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(client_gets_the_coding_it_prefers),
        fixture_test(only_codings_of_the_options_are_offered),
        fixture_test(client_that_takes_nothing_gets_a_406),
        fixture_test(call_fails_without_memory_for_a_406),
        fixture_test(what_was_true_of_the_body_goes),
        fixture_test(strong_tags_become_weak),
        fixture_test(answers_to_head_keep_their_length),
        fixture_test(some_answers_are_left_alone),
        fixture_test(errors_of_inner_pass),
        fixture_test(small_bodies_are_left_alone),
        fixture_test(types_that_do_not_become_smaller_are_left_alone),
        fixture_test(predicates_compose),
        fixture_test(levels_are_what_they_are_called),
        fixture_test(large_bodies_are_streams),
        fixture_test(files_are_read),
        fixture_test(slow_streams_are_not_held_back),
        fixture_test(long_bodies_take_turns),
        fixture_test(failure_of_a_stream_is_its_own),
        fixture_test(stream_that_is_dropped_midway_gives_everything_back),
        fixture_test(streams_over_the_limit_are_sent_as_they_are),
        fixture_test(encoder_is_free_when_all_is_out),
        fixture_test(answers_allocate_nothing_once_there_is_an_encoder),
        fixture_test(counts_what_it_does),
        fixture_test(copies_with_an_arena_of_their_own_are_compressed_there),
        fixture_test(call_or_body_fails_without_memory),
        fixture_test(call_fails_when_the_arena_is_full),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
