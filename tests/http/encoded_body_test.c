#include "layers/coding_rig.h"

#include <cairn/http/compress/decoded_body.h>
#include <cairn/http/compress/encoded_body.h>
#include <cairn/service/runtime.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>

struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_harness hand;
    struct cairn__coder_pool *encoders;
    struct cairn__coder_pool *decoders;
};

static int fixture_setup(void **state)
{
    static struct fixture f;
    cairn_test_alloc_begin();
    f.runtime = cairn_test_runtime_new(&f.clock);
    cairn_harness_init(&f.hand, f.runtime);
    f.encoders = cairn__coder_pool_new(false);
    f.decoders = cairn__coder_pool_new(true);
    for (unsigned i = 0; i < CAIRN__CODECS; i++)
        f.encoders->levels[i] = cairn__codecs[i]->normal;
    *state = &f;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->encoders->busy, 0);
    assert_int_equal(f->decoders->busy, 0);
    cairn__coder_pool_unref(f->encoders);
    cairn__coder_pool_unref(f->decoders);
    cairn_harness_fini(&f->hand);
    cairn_runtime_free(f->runtime);
    cairn_test_alloc_end();
    return 0;
}

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

static struct cairn_stream encoded(struct fixture *f, unsigned coding, struct cairn_stream inner)
{
    return cairn__encoded_body(inner, f->encoders, cairn__coder_pool_take(f->encoders, coding));
}

static struct cairn_stream decoded(struct fixture *f, unsigned coding, struct cairn_stream inner)
{
    const struct cairn__decoded_limits limits = {UINT64_C(1) << 40, 1000000};
    return cairn__decoded_body(
        inner, f->decoders, cairn__coder_pool_take(f->decoders, coding), limits);
}

static void assert_body(const struct rig_body *body, struct cairn_str bytes)
{
    assert_null(body->failed);
    assert_int_equal(body->length, bytes.length);
    if (bytes.length)
        assert_memory_equal(body->data, bytes.data, bytes.length);
}

/* The coder alone, which knows nothing of streams, has the bytes back. */
static void random_bodies_are_encoded_whatever_their_pieces(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 1;
    const struct cairn_context cx = cairn_harness_context(&f->hand);
    for (unsigned round = 0; round < 400; round++) {
        unsigned i = round % CAIRN__CODECS;
        size_t length = rig_random(&seed) % (round % 16 < 4 ? 300000 : 2000);
        struct cairn_str bytes = rig_bytes(&seed, length);
        struct rig_pieces pieces = {.bytes = bytes,
            .most = 1 + rig_random(&seed) % (length > 2000 ? 100000 : 100),
            .waits = round % 3 ? 2 + rig_random(&seed) % 8 : 0,
            .seed = seed};
        struct cairn_stream stream = encoded(f, i, rig_pieces_stream(&pieces));
        struct rig_body body = rig_read(&stream, &cx);
        assert_null(body.failed);
        assert_encodes(i, cairn_str_of(body.data, body.length), bytes);
        rig_body_free(&body);
        rig_free(bytes);
    }
}

/* Through both streams, in all four codings, one within the other. */
static void random_bodies_come_back_through_every_coding(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 2;
    const struct cairn_context cx = cairn_harness_context(&f->hand);
    for (unsigned round = 0; round < 100; round++) {
        struct cairn_str bytes = rig_bytes(&seed, rig_random(&seed) % (round % 16 ? 3000 : 200000));
        struct rig_pieces pieces = {.bytes = bytes,
            .most = 1 + rig_random(&seed) % 5000,
            .waits = round % 2 ? 2 + rig_random(&seed) % 8 : 0,
            .seed = seed};
        struct cairn_stream stream = rig_pieces_stream(&pieces);
        for (unsigned i = 0; i < CAIRN__CODECS; i++)
            stream = encoded(f, i, stream);
        for (unsigned i = CAIRN__CODECS; i-- > 0;)
            stream = decoded(f, i, stream);
        struct rig_body body = rig_read(&stream, &cx);
        assert_body(&body, bytes);
        assert_int_equal(f->encoders->bytes_out, f->decoders->bytes_in);
        rig_body_free(&body);
        rig_free(bytes);
    }
}

/* What went in when the stream had to be waited for has come out. */
static void all_is_out_whenever_it_waits(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 3;
    const struct cairn_context cx = cairn_harness_context(&f->hand);
    for (unsigned round = 0; round < 40; round++) {
        unsigned i = round % CAIRN__CODECS;
        struct cairn_str bytes = rig_bytes(&seed, 3000);
        struct rig_pieces pieces = {.bytes = bytes, .most = 500, .waits = 3, .seed = seed};
        struct cairn_stream stream = decoded(f, i, encoded(f, i, rig_pieces_stream(&pieces)));
        struct rig_body body = {0};
        bool is_over = false;
        while (!is_over) {
            if (rig_body_step(&body, &stream, &cx, &is_over) == CAIRN_PENDING)
                assert_int_equal(body.length, bytes.length - pieces.bytes.length);
        }
        assert_body(&body, bytes);
        rig_body_free(&body);
        rig_free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(random_bodies_are_encoded_whatever_their_pieces),
        fixture_test(random_bodies_come_back_through_every_coding),
        fixture_test(all_is_out_whenever_it_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
