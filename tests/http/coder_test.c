#include "layers/coding_rig.h"

#include <cairn/http/compress/coder_pool.h>
#include <cairn/testkit/alloc.h>

static bool fails_zstd;

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;
struct ZSTD_CCtx_s *__real_ZSTD_createCCtx(void);
struct ZSTD_DCtx_s *__real_ZSTD_createDCtx(void);
struct ZSTD_CCtx_s *__wrap_ZSTD_createCCtx(void);
struct ZSTD_DCtx_s *__wrap_ZSTD_createDCtx(void);

/* libzstd has its memory from malloc. */
struct ZSTD_CCtx_s *__wrap_ZSTD_createCCtx(void)
{
    return fails_zstd ? NULL : __real_ZSTD_createCCtx();
}

struct ZSTD_DCtx_s *__wrap_ZSTD_createDCtx(void)
{
    return fails_zstd ? NULL : __real_ZSTD_createDCtx();
}

static int coder_setup(void **state)
{
    (void)state;
    fails_zstd = false;
    cairn_test_alloc_begin();
    return 0;
}

static int coder_teardown(void **state)
{
    (void)state;
    cairn_test_alloc_end();
    return 0;
}

#define coder_test(f) cmocka_unit_test_setup_teardown(f, coder_setup, coder_teardown)

static const struct cairn_str text = CAIRN_STR_INIT(
    "a stone on a stone on a stone on a stone on a stone on a stone on a stone on a stone");

static void codings_are_in_the_order_of_their_bits(void **state)
{
    static const char *const names[] = {"zstd", "br", "gzip", "deflate"};
    (void)state;
    for (unsigned i = 0; i < CAIRN__CODECS; i++)
        assert_string_equal(cairn__codecs[i]->name, names[i]);
    assert_int_equal(CAIRN_CODING_ZSTD, 1 << ZSTD);
    assert_int_equal(CAIRN_CODING_BR, 1 << BR);
    assert_int_equal(CAIRN_CODING_GZIP, 1 << GZIP);
    assert_int_equal(CAIRN_CODING_DEFLATE, 1 << DEFLATE);
}

static void every_level_of_every_coding_comes_back(void **state)
{
    uint64_t seed = 1;
    struct cairn_str bytes = rig_bytes(&seed, 5000);
    (void)state;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        for (int level = cairn__codecs[i]->fastest; level <= cairn__codecs[i]->most; level++) {
            struct cairn_str encoded = rig_encode(i, level, bytes);
            assert_encodes(i, encoded, bytes);
            rig_free(encoded);
        }
    }
    rig_free(bytes);
}

static void encodings_begin_as_their_formats_do(void **state)
{
    static const char *const begin[] = {"\x28\xb5\x2f\xfd", NULL, "\x1f\x8b", "\x78"};
    (void)state;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        struct cairn_str encoded = rig_encode(i, cairn__codecs[i]->normal, text);
        assert_true(encoded.length < text.length);
        if (begin[i])
            assert_memory_equal(encoded.data, begin[i], strlen(begin[i]));
        rig_free(encoded);
    }
}

/* With a little room at a time the same comes out. */
static void encoder_says_when_it_needs_more_room(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        char out[256];
        struct cairn__coder *coder = cairn__codecs[i]->encoder->open(cairn__codecs[i]->normal);
        struct cairn__coder_io io = {text.data, text.length, out, 0};
        enum cairn__coder_step step;
        size_t calls = 0;
        do {
            io.out_length = 1;
            step = coder->ops->code(coder, &io, CAIRN__CODER_FINISH);
            assert_true(step == CAIRN__CODER_FULL || step == CAIRN__CODER_ENDED);
            calls++;
        } while (step == CAIRN__CODER_FULL && calls < sizeof(out));
        assert_encodes(i, cairn_str_of(out, (size_t)(io.out - out)), text);
        coder->ops->close(coder);
    }
}

static void what_is_flushed_can_be_decoded(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        char out[512];
        char back[512];
        struct cairn__coder *encoder = cairn__codecs[i]->encoder->open(cairn__codecs[i]->normal);
        struct cairn__coder *decoder = cairn__codecs[i]->decoder->open(0);
        for (unsigned n = 0; n < 5; n++) {
            struct cairn__coder_io io = {text.data, text.length, out, sizeof(out)};
            assert_int_equal(encoder->ops->code(encoder, &io, CAIRN__CODER_GO_ON), 0);
            assert_int_equal(encoder->ops->code(encoder, &io, CAIRN__CODER_FLUSH), 0);
            struct cairn__coder_io in = {out, sizeof(out) - io.out_length, back, sizeof(back)};
            assert_int_equal(decoder->ops->code(decoder, &in, CAIRN__CODER_GO_ON), 0);
            assert_int_equal(sizeof(back) - in.out_length, text.length);
            assert_memory_equal(back, text.data, text.length);
        }
        encoder->ops->close(encoder);
        decoder->ops->close(decoder);
    }
}

static void members_behind_one_another_are_one_body(void **state)
{
    static const bool has_members[] = {true, false, true, false};
    char twice[2][256];
    (void)state;
    memcpy(twice[0], text.data, text.length);
    memcpy(twice[0] + text.length, text.data, text.length);
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        enum cairn__coder_step step;
        struct cairn_str one = rig_encode(i, cairn__codecs[i]->normal, text);
        memcpy(twice[1], one.data, one.length);
        memcpy(twice[1] + one.length, one.data, one.length);
        struct cairn_str back = rig_decode(i, cairn_str_of(twice[1], 2 * one.length), 512, &step);
        assert_int_equal(step, has_members[i] ? CAIRN__CODER_ENDED : CAIRN__CODER_BAD);
        assert_int_equal(back.length, has_members[i] ? 2 * text.length : text.length);
        assert_memory_equal(back.data, twice[0], back.length);
        rig_free(back);
        rig_free(one);
    }
}

static void assert_bad(unsigned coding, const char *bytes, size_t length)
{
    enum cairn__coder_step step;
    rig_free(rig_decode(coding, cairn_str_of(bytes, length), 4096, &step));
    assert_int_equal(step, CAIRN__CODER_BAD);
}

#define ASSERT_BAD(coding, bytes) assert_bad(coding, bytes, sizeof(bytes) - 1)

static void other_formats_are_refused(void **state)
{
    (void)state;
    ASSERT_BAD(GZIP, "\x78\x9c\x03\x00\x00\x00\x00\x01");         /* zlib's */
    ASSERT_BAD(DEFLATE, "\x4b\x04\x00");                          /* without zlib's frame */
    ASSERT_BAD(DEFLATE, "\x78\xbb\x00\x00\x00\x01");              /* needs a dictionary */
    ASSERT_BAD(ZSTD, "\x25\xb5\x2f\xfd\x00\xc0\x00\x00");         /* zstd 0.5's, which is whole */
    ASSERT_BAD(ZSTD, "\x27\xb5\x2f\xfd\x20\x00\xc0\x00\x00");     /* zstd 0.7's */
    ASSERT_BAD(ZSTD, "\x28\xb5\x2f\xfd\x21\x07\x01\x01\x00\x00"); /* needs a dictionary */
    ASSERT_BAD(BR, "\x11\x0e\x00");                               /* a large window */
}

/* A window of 8 MiB is taken, as RFC 9659 has it; a larger one is not. */
static void zstd_windows_are_bounded(void **state)
{
    enum cairn__coder_step step;
    (void)state;
    const struct cairn_str good = CAIRN_STR("\x28\xb5\x2f\xfd\x00\x68\x01\x00\x00");
    rig_free(rig_decode(ZSTD, good, 16, &step));
    assert_int_equal(step, CAIRN__CODER_ENDED);
    ASSERT_BAD(ZSTD, "\x28\xb5\x2f\xfd\x00\x69\x01\x00\x00");
}

static void pool_gives_coders_again(void **state)
{
    static const bool again[] = {true, false, true, true};
    (void)state;
    for (unsigned decodes = 0; decodes < 2; decodes++) {
        struct cairn__coder_pool *pool = cairn__coder_pool_new(decodes);
        for (unsigned i = 0; i < CAIRN__CODECS; i++) {
            pool->levels[i] = cairn__codecs[i]->fastest;
            struct cairn__coder *coder = cairn__coder_pool_take(pool, i);
            assert_int_equal(pool->busy, 1);
            cairn__coder_pool_give_back(pool, coder);
            assert_int_equal(pool->busy, 0);
            assert_int_equal(pool->idle_count[i], again[i]);
            if (again[i])
                assert_ptr_equal(pool->idle[i], coder);
        }
        cairn__coder_pool_unref(pool);
    }
}

static void pool_keeps_a_few(void **state)
{
    struct cairn__coder *coders[CAIRN__CODERS_KEPT + 2];
    struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
    (void)state;
    for (size_t i = 0; i < CAIRN__CODERS_KEPT + 2; i++)
        coders[i] = cairn__coder_pool_take(pool, GZIP);
    for (size_t i = 0; i < CAIRN__CODERS_KEPT + 2; i++)
        cairn__coder_pool_give_back(pool, coders[i]);
    assert_int_equal(pool->idle_count[GZIP], CAIRN__CODERS_KEPT);
    cairn__coder_pool_give_back(pool, NULL);
    cairn__coder_pool_unref(pool);
}

/* Given back in the middle of a body, or having failed. */
static void coder_that_is_given_again_is_as_good_as_new(void **state)
{
    static const char bad[] = "\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    (void)state;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        char out[512];
        struct cairn_str encoded = rig_encode(i, cairn__codecs[i]->normal, text);
        struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
        for (unsigned n = 0; n < 4; n++) {
            struct cairn__coder_io io = {encoded.data, encoded.length, out, sizeof(out)};
            struct cairn__coder *coder = cairn__coder_pool_take(pool, i);
            if (n == 1)
                io.in_length = encoded.length / 2;
            if (n == 2)
                io.in = bad, io.in_length = sizeof(bad);
            enum cairn__coder_step step = coder->ops->code(coder, &io, CAIRN__CODER_GO_ON);
            assert_int_equal(step == CAIRN__CODER_ENDED, n == 0 || n == 3);
            cairn__coder_pool_give_back(pool, coder);
        }
        cairn__coder_pool_unref(pool);
        rig_free(encoded);
    }
}

static void decoder_that_has_become_large_is_not_kept(void **state)
{
    char back[8];
    struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
    struct cairn__coder *coder = cairn__coder_pool_take(pool, ZSTD);
    (void)state;
    /* A frame of unknown length, whose window is 8 MiB: all of that is made ready. */
    struct cairn__coder_io io = {
        "\x28\xb5\x2f\xfd\x00\x68\x02\x00\x10\x00", 10, back, sizeof(back)};
    coder->ops->code(coder, &io, CAIRN__CODER_GO_ON);
    cairn__coder_pool_give_back(pool, coder);
    assert_int_equal(pool->idle_count[ZSTD], 0);
    cairn__coder_pool_unref(pool);
}

/* Whatever allocation fails, the coder says so, or does its work. */
static void coders_fail_without_memory(void **state)
{
    static const size_t least[] = {1, 2, 2, 2};
    (void)state;
    for (unsigned coding = 0; coding < 2 * CAIRN__CODECS; coding++) {
        unsigned i = coding % CAIRN__CODECS;
        bool decodes = coding >= CAIRN__CODECS;
        struct cairn_str bytes = decodes ? rig_encode(i, cairn__codecs[i]->normal, text) : text;
        const struct cairn__coder_ops *ops =
            decodes ? cairn__codecs[i]->decoder : cairn__codecs[i]->encoder;
        size_t failures = 0;
        for (size_t n = 1;; n++) {
            char out[512];
            struct cairn__coder_io io = {bytes.data, bytes.length, out, sizeof(out)};
            enum cairn__coder_step step = CAIRN__CODER_NO_MEMORY;
            cairn_test_alloc_fail_at(n);
            struct cairn__coder *coder = ops->open(cairn__codecs[i]->normal);
            if (coder) {
                step = coder->ops->code(coder, &io, CAIRN__CODER_FINISH);
                coder->ops->close(coder);
            }
            if (!cairn_test_alloc_has_failed()) {
                assert_int_equal(step, CAIRN__CODER_ENDED);
                break;
            }
            failures += step == CAIRN__CODER_NO_MEMORY;
            if (step != CAIRN__CODER_ENDED)
                assert_int_equal(step, CAIRN__CODER_NO_MEMORY);
        }
        cairn_test_alloc_fail_at(0);
        assert_true(failures >= least[i]);
        if (decodes)
            rig_free(bytes);
    }
}

static void zstd_coders_fail_without_memory(void **state)
{
    (void)state;
    fails_zstd = true;
    assert_null(cairn__codecs[ZSTD]->encoder->open(3));
    assert_null(cairn__codecs[ZSTD]->decoder->open(0));
    struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
    assert_null(cairn__coder_pool_take(pool, ZSTD));
    assert_int_equal(pool->busy, 0);
    cairn__coder_pool_unref(pool);
}

static void pool_is_not_made_without_memory(void **state)
{
    (void)state;
    cairn_test_alloc_fail_at(1);
    assert_null(cairn__coder_pool_new(false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coder_test(codings_are_in_the_order_of_their_bits),
        coder_test(every_level_of_every_coding_comes_back),
        coder_test(encodings_begin_as_their_formats_do),
        coder_test(encoder_says_when_it_needs_more_room),
        coder_test(what_is_flushed_can_be_decoded),
        coder_test(members_behind_one_another_are_one_body),
        coder_test(other_formats_are_refused),
        coder_test(zstd_windows_are_bounded),
        coder_test(pool_gives_coders_again),
        coder_test(pool_keeps_a_few),
        coder_test(coder_that_is_given_again_is_as_good_as_new),
        coder_test(decoder_that_has_become_large_is_not_kept),
        coder_test(coders_fail_without_memory),
        coder_test(zstd_coders_fail_without_memory),
        coder_test(pool_is_not_made_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
