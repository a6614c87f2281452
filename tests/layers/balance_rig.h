/* balance_rig.h - what the tests of the balancer share: endpoints that are mocks, and discovery
 * through a channel. */
#ifndef CAIRN_TESTS_LAYERS_BALANCE_RIG_H
#define CAIRN_TESTS_LAYERS_BALANCE_RIG_H

#include "fixture.h"

#include <cairn/layers/balance.h>
#include <cairn/layers/load_constant.h>
#include <cairn/service/channel.h>

/* Two mocks without room, and a balancer that knows neither yet. */
struct rig {
    struct fixture *f;
    struct cairn_sender *sender;
    struct cairn_stream receiver;
    struct cairn_mock *a;
    struct cairn_mock *b;
    struct cairn_service *service;
};

static inline int rig_setup(void **state)
{
    static struct rig rig;
    const struct cairn_channel_options opts = {.size = sizeof(opts), .type = &cairn_change_type};
    struct cairn_channel channel;
    fixture_setup(state);
    assert_null(cairn_channel_new(&opts, &channel));
    rig = (struct rig){.f = *state, .sender = channel.sender, .receiver = channel.receiver};
    rig.a = cairn_mock_new(NULL);
    rig.b = cairn_mock_new(NULL);
    cairn_mock_allow(rig.a, 0);
    cairn_mock_allow(rig.b, 0);
    *state = &rig;
    return 0;
}

static inline int rig_teardown(void **state)
{
    struct rig *r = *state;
    void *fixture = r->f;
    cairn_service_drop(r->service);
    cairn_stream_drop(&r->receiver);
    cairn_sender_unref(r->sender);
    cairn_mock_free(r->a);
    cairn_mock_free(r->b);
    return fixture_teardown(&fixture);
}

#define rig_test(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

/* Makes the balancer, which has the receiving end from then on. */
static inline struct cairn_service *rig_balance(
    struct rig *r, const struct cairn_balance_pick *pick)
{
    r->service = cairn_balance(r->receiver, .request_type = &cairn_test_value_type,
        .response_type = &cairn_test_value_type, .pick = pick, .seed = 1);
    r->receiver = (struct cairn_stream){0};
    assert_null(cairn_service_error(r->service));
    return r->service;
}

static inline void rig_send(struct rig *r, struct cairn_change *change)
{
    assert_non_null(change);
    assert_int_equal(cairn_sender_try_send(r->sender, change), CAIRN_READY);
}

static inline void rig_insert(struct rig *r, const char *key, struct cairn_mock *mock)
{
    rig_send(r, cairn_change_insert(key, cairn_mock_service(mock), 1));
}

/* One whose load does not change. */
static inline void rig_insert_load(
    struct rig *r, const char *key, struct cairn_mock *mock, double load)
{
    rig_send(r, cairn_change_insert(
                    key, fixture_apply(cairn_load_constant(load), cairn_mock_service(mock)), 1));
}

static inline void rig_remove(struct rig *r, const char *key)
{
    rig_send(r, cairn_change_remove(key));
}

static inline void rig_fail(struct cairn_mock *mock)
{
    cairn_mock_fail_ready(mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "told to fail"));
}

/* A call of the balancer, which is ready, that must come to MOCK; and its answer. */
static inline void rig_call(struct rig *r, struct cairn_mock *mock)
{
    struct cairn_future future = fixture_call(r->service, 1);
    cairn_mock_respond(cairn_mock_expect(mock, 1), cairn_test_value_new(2));
    assert_response(&r->f->a, &future, 2);
}

#endif
