#include <cairn/layers/balance.h>

#include "balance_rig.h"

#include <stdio.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/peak_ewma.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/alloc.h>
#include <cairn/testkit/contract.h>

/* The suite's layer: a balancer over one endpoint, which discovery replaces when it was ejected. */
struct respawn {
    unsigned references; /* the stream, and the endpoint */
    bool has_endpoint;
    struct cairn_waker waker;
};

struct respawn_stream {
    struct respawn *shared;
    struct cairn_service *prototype;
};

struct respawn_endpoint {
    struct cairn_service base;
    struct respawn *shared;
};

static void respawn_unref(struct respawn *shared)
{
    if (--shared->references)
        return;
    cairn_waker_clear(&shared->waker);
    cairn_free(shared);
}

static void respawn_endpoint_drop(struct cairn_service *base)
{
    struct respawn *shared = ((struct respawn_endpoint *)base)->shared;
    shared->has_endpoint = false;
    cairn_wake(&shared->waker);
    respawn_unref(shared);
}

static const struct cairn_service_ops respawn_endpoint_ops = {
    .name = "respawn",
    .size = sizeof(struct respawn_endpoint),
    .drop = respawn_endpoint_drop,
};

static struct cairn_service *respawn_endpoint_new(struct respawn_stream *self)
{
    struct cairn_service *copy =
        cairn_service_is_cloneable(self->prototype) ? cairn_service_clone(self->prototype) : NULL;
    struct respawn_endpoint *endpoint =
        copy ? cairn_service_new(&respawn_endpoint_ops, copy) : NULL;
    if (!endpoint) {
        cairn_service_drop(copy);
        return NULL;
    }
    endpoint->shared = self->shared;
    self->shared->references++;
    self->shared->has_endpoint = true;
    return &endpoint->base;
}

static enum cairn_poll respawn_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct respawn_stream *self = state;
    if (self->shared->has_endpoint) {
        cairn_waker_set(&self->shared->waker, cx);
        return CAIRN_PENDING;
    }
    struct cairn_service *endpoint = respawn_endpoint_new(self);
    out->value = endpoint ? cairn_change_insert("a", endpoint, 1) : NULL;
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void respawn_drop(void *state)
{
    struct respawn_stream *self = state;
    cairn_service_drop(self->prototype);
    respawn_unref(self->shared);
}

static const struct cairn_stream_ops respawn_ops = {
    .name = "respawn",
    .size = sizeof(struct respawn_stream),
    .poll_next = respawn_poll_next,
    .drop = respawn_drop,
};

static struct cairn_service *balanced(void *cx, struct cairn_service *inner)
{
    const struct cairn_balance_options opts = {.size = sizeof(opts),
        .request_type = inner->request_type,
        .response_type = inner->response_type,
        .pick = cx};
    struct respawn *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared) {
        cairn_service_drop(inner);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    shared->references = 1;
    return cairn_balance_new(
        cairn_stream_box(&respawn_ops, &(struct respawn_stream){shared, inner}), &opts);
}

static void check_contract(const struct cairn_balance_pick *pick)
{
    const struct cairn_layer layer = cairn_layer_fn("balance", balanced, (void *)(uintptr_t)pick);
    const struct cairn_contract_options opts = {.size = sizeof(opts), .may_hide_ready = true};
    cairn_contract_check_with(&layer, &opts);
}

static void balance_keeps_the_service_contract(void **state)
{
    (void)state;
    check_contract(&cairn_balance_p2c);
    check_contract(&cairn_balance_weighted);
}

/* Within what stands around a balancer, and around what stands around an endpoint. */
static void balance_keeps_the_service_contract_with_other_layers(void **state)
{
    const struct cairn_layer balance = cairn_layer_fn("balance", balanced, NULL);
    const struct cairn_contract_options hides = {.size = sizeof(hides), .may_hide_ready = true};
    const struct {
        struct cairn_layer layer;
        struct cairn_contract_options opts;
    } others[] = {
        {cairn_check(), {0}},
        {cairn_concurrency_limit(.max = 1), {0}},
        {cairn_load_shed(), {.may_shed = true}},
        {cairn_retry(.attempts = 3, .backoff = {.min_ms = 10, .max_ms = 20}, .seed = 1),
            {.may_repeat = true, .step_ms = 100}},
        {cairn_peak_ewma(), {0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        cairn_contract_check_pair(&others[i].layer, &others[i].opts, &balance, &hides);
        cairn_contract_check_pair(&balance, &hides, &others[i].layer, &others[i].opts);
    }
}

static void T007_one_endpoint_that_is_not_ready_is_counted(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    assert_int_equal(cairn_balance_len(s), 0);
    assert_true(cairn_balance_is_empty(s));
    rig_insert(r, "a", r->a);
    assert_not_ready(&r->f->a, s);
    assert_int_equal(cairn_balance_len(s), 1);
    assert_false(cairn_balance_is_empty(s));
}

static void T008_it_is_ready_when_its_endpoint_is(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    assert_not_ready(&r->f->a, s);
    cairn_mock_allow(r->a, 1);
    assert_true(cairn_harness_is_woken(&r->f->a));
    assert_ready(&r->f->a, s);
    assert_ready(&r->f->a, s);
    assert_int_equal(cairn_mock_counts(r->a).reserved, 1);
}

static void T010_it_is_ready_again_when_the_endpoint_has_room_again(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    cairn_mock_allow(r->a, 1);
    assert_ready(&r->f->a, s);
    rig_call(r, r->a);
    assert_not_ready(&r->f->a, s);
    cairn_mock_allow(r->a, 1);
    assert_true(cairn_harness_is_woken(&r->f->a));
    assert_ready(&r->f->a, s);
    rig_call(r, r->a);
    assert_int_equal(fixture_number(s, "picks"), 2);
}

static void T011_a_chosen_endpoint_that_fails_makes_it_pending_and_is_no_error(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    cairn_mock_allow(r->a, 1);
    assert_ready(&r->f->a, s);
    rig_fail(r->a);
    assert_not_ready(&r->f->a, s);
    assert_int_equal(cairn_balance_len(s), 0);
    assert_int_equal(fixture_number(s, "ejected"), 1);
    rig_insert(r, "b", r->b);
    cairn_mock_allow(r->b, 1);
    assert_true(cairn_harness_is_woken(&r->f->a));
    assert_ready(&r->f->a, s);
    rig_call(r, r->b);
}

static void T011_holds_behind_the_checking_layer(void **state)
{
    struct rig *r = *state;
    rig_balance(r, NULL);
    r->service = cairn_stack(r->service, cairn_check(), cairn_timeout(), cairn_check());
    rig_insert(r, "a", r->a);
    cairn_mock_allow(r->a, 1);
    assert_ready(&r->f->a, r->service);
    rig_fail(r->a);
    assert_not_ready(&r->f->a, r->service);
}

static void T013_two_endpoints_that_are_not_ready_are_counted(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    rig_insert(r, "b", r->b);
    assert_not_ready(&r->f->a, s);
    assert_int_equal(cairn_balance_len(s), 2);
    assert_int_equal(fixture_number(s, "endpoints"), 2);
    assert_int_equal(fixture_number(s, "ready"), 0);
}

static void T014_the_call_goes_to_the_one_that_is_ready(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    rig_insert(r, "b", r->b);
    assert_not_ready(&r->f->a, s);
    cairn_mock_allow(r->a, 1);
    assert_ready(&r->f->a, s);
    rig_call(r, r->a);
}

static void T016_two_rounds_go_to_the_two_endpoints(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    rig_insert(r, "b", r->b);
    cairn_mock_allow(r->a, 1);
    cairn_mock_allow(r->b, 1);
    struct cairn_future first = fixture_send(&r->f->a, s, 1);
    struct cairn_future second = fixture_send(&r->f->a, s, 1);
    cairn_mock_respond(cairn_mock_expect(r->a, 1), cairn_test_value_new(2));
    cairn_mock_respond(cairn_mock_expect(r->b, 1), cairn_test_value_new(2));
    assert_response(&r->f->a, &first, 2);
    assert_response(&r->f->a, &second, 2);
    assert_not_ready(&r->f->a, s);
}

static void T017_one_fails_while_the_other_is_not_ready(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    rig_insert(r, "b", r->b);
    assert_not_ready(&r->f->a, s);
    rig_fail(r->a);
    assert_true(cairn_harness_is_woken(&r->f->a));
    assert_not_ready(&r->f->a, s);
    assert_int_equal(cairn_balance_len(s), 1);
    cairn_mock_allow(r->b, 1);
    assert_ready(&r->f->a, s);
    rig_call(r, r->b);
}

static void another_one_is_chosen_when_the_chosen_one_fails(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert_load(r, "a", r->a, 1);
    rig_insert_load(r, "b", r->b, 2);
    cairn_mock_allow(r->a, 1);
    cairn_mock_allow(r->b, 1);
    assert_ready(&r->f->a, s);
    rig_fail(r->a);
    assert_ready(&r->f->a, s);
    assert_int_equal(cairn_balance_len(s), 1);
    rig_call(r, r->b);
}

static void X023_an_endpoint_is_used_until_its_replacement_is_ready(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    cairn_mock_allow(r->a, 2);
    assert_ready(&r->f->a, s);
    rig_insert(r, "a", r->b);
    assert_ready(&r->f->a, s);
    assert_int_equal(cairn_balance_len(s), 2);
    cairn_mock_allow(r->b, 1);
    assert_ready(&r->f->a, s);
    assert_int_equal(cairn_balance_len(s), 1);
    assert_true(cairn_mock_is_closed(r->a));
    rig_call(r, r->b);
}

static void X023_a_replaced_endpoint_that_was_used_is_gone(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    cairn_mock_allow(r->a, 2);
    assert_ready(&r->f->a, s);
    rig_insert(r, "a", r->b);
    assert_ready(&r->f->a, s);
    rig_call(r, r->a);
    assert_true(cairn_mock_is_closed(r->a));
    assert_not_ready(&r->f->a, s);
}

static struct cairn_error *next_error(struct rig *r)
{
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&r->f->a, r->service, &error), CAIRN_FAILED);
    return error;
}

static void X026_an_error_of_discovery_fails_readiness_as_its_own_kind(void **state)
{
    static struct cairn_error dns = CAIRN_ERROR_STATIC(CAIRN_ERROR_SYSTEM, "dns", "no answer");
    struct rig *r = *state;
    r->service = cairn_balance(cairn_stream_failed(&dns), .request_type = &cairn_test_value_type,
        .response_type = &cairn_test_value_type);
    struct cairn_service *copy = fixture_clone(r->service);
    struct cairn_error *error = next_error(r);
    assert_int_equal(error->code, CAIRN_ERROR_UNAVAILABLE);
    assert_string_equal(error->layer, "discover");
    assert_ptr_equal(error->source, &dns);
    cairn_error_unref(error);
    assert_dead(&r->f->b, copy, "the endpoints are not known any more");
    cairn_service_drop(copy);
}

/* Discovery that fails once the test says so. */
static void X026_an_error_of_discovery_is_told_to_copies_that_wait(void **state)
{
    struct rig *r = *state;
    struct cairn_service *discovery = cairn_mock_service(r->f->mock);
    struct cairn_future failing = fixture_send(&r->f->a, discovery, 1);
    r->service = cairn_balance(cairn_stream_from_future(failing),
        .request_type = &cairn_test_value_type, .response_type = &cairn_test_value_type);
    struct cairn_service *copy = fixture_clone(r->service);
    assert_not_ready(&r->f->a, r->service);
    assert_not_ready(&r->f->b, copy);
    fixture_fail(r->f, 1, CAIRN_ERROR_CLOSED, "gone");
    assert_true(cairn_harness_is_woken(&r->f->b));
    assert_dead(&r->f->b, copy, "the endpoints are not known any more");
    assert_true(cairn_harness_is_woken(&r->f->a));
    assert_dead(&r->f->a, r->service, "the endpoints are not known any more");
    cairn_service_drop(copy);
    cairn_service_drop(discovery);
}

static void X026_the_end_of_discovery_is_no_error(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    cairn_sender_unref(r->sender);
    r->sender = NULL;
    assert_not_ready(&r->f->a, s);
    cairn_mock_allow(r->a, 1);
    assert_ready(&r->f->a, s);
    rig_call(r, r->a);
    rig_fail(r->a);
    assert_not_ready(&r->f->a, s);
    assert_true(cairn_balance_is_empty(s));
}

static void a_removed_endpoint_is_dropped_and_its_call_runs_on(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    cairn_mock_allow(r->a, 2);
    struct cairn_future future = fixture_send(&r->f->a, s, 1);
    rig_remove(r, "a");
    assert_not_ready(&r->f->a, s);
    assert_int_equal(cairn_balance_len(s), 0);
    assert_int_equal(cairn_mock_counts(r->a).services, 0);
    cairn_mock_respond(cairn_mock_expect(r->a, 1), cairn_test_value_new(2));
    assert_response(&r->f->a, &future, 2);
    assert_int_equal(fixture_number(s, "ejected"), 0);
}

static void a_chosen_endpoint_that_was_removed_is_not_called(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert_load(r, "a", r->a, 1);
    rig_insert_load(r, "b", r->b, 2);
    cairn_mock_allow(r->a, 1);
    cairn_mock_allow(r->b, 1);
    assert_ready(&r->f->a, s);
    rig_remove(r, "a");
    assert_ready(&r->f->a, s);
    assert_true(cairn_mock_is_closed(r->a));
    rig_call(r, r->b);
}

static void a_service_that_is_broken_is_ejected(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_send(r, cairn_change_insert("a", cairn_service_broken(&cairn_error_no_memory), 1));
    rig_insert(r, "b", r->b);
    cairn_mock_allow(r->b, 1);
    assert_ready(&r->f->a, s);
    assert_int_equal(cairn_balance_len(s), 1);
    assert_int_equal(fixture_number(s, "ejected"), 1);
}

static void release_gives_back_what_every_endpoint_has_reserved(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    rig_insert(r, "b", r->b);
    cairn_mock_allow(r->a, 1);
    cairn_mock_allow(r->b, 1);
    assert_ready(&r->f->a, s);
    assert_int_equal(cairn_mock_counts(r->a).reserved + cairn_mock_counts(r->b).reserved, 2);
    cairn_service_release(s);
    assert_int_equal(cairn_mock_counts(r->a).reserved + cairn_mock_counts(r->b).reserved, 0);
    assert_ready(&r->f->a, s);
}

static void release_leaves_the_places_that_endpoints_wait_in(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    rig_insert(r, "a", r->a);
    assert_not_ready(&r->f->a, s);
    assert_int_equal(cairn_mock_counts(r->a).waiting, 1);
    cairn_service_release(s);
    assert_int_equal(cairn_mock_counts(r->a).waiting, 0);
}

static void copies_share_endpoints_and_no_choice(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    struct cairn_service *copy = fixture_clone(s);
    rig_insert(r, "a", r->a);
    cairn_mock_allow(r->a, CAIRN_MOCK_UNLIMITED);
    assert_ready(&r->f->a, s);
    assert_not_ready(&r->f->b, copy);
    assert_int_equal(cairn_balance_len(copy), 1);
    rig_call(r, r->a);
    assert_true(cairn_harness_is_woken(&r->f->b));
    assert_ready(&r->f->b, copy);
    cairn_service_drop(copy);
    assert_ready(&r->f->a, s);
}

/* Both wait; the endpoint's room comes when the one that polled last is gone. */
static void a_copy_that_goes_leaves_its_wake_up_to_the_next(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    struct cairn_service *copy = fixture_clone(s);
    rig_insert(r, "a", r->a);
    assert_not_ready(&r->f->a, s);
    assert_not_ready(&r->f->b, copy);
    cairn_service_drop(copy);
    assert_true(cairn_harness_is_woken(&r->f->a));
    assert_not_ready(&r->f->a, s);
    cairn_mock_allow(r->a, 1);
    assert_true(cairn_harness_is_woken(&r->f->a));
    assert_ready(&r->f->a, s);
}

static void a_copy_that_was_woken_and_goes_wakes_the_next(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    struct cairn_service *woken = fixture_clone(s);
    struct cairn_service *last = fixture_clone(s);
    struct cairn_harness third;
    cairn_harness_init(&third, r->f->runtime);
    rig_insert(r, "a", r->a);
    cairn_mock_allow(r->a, CAIRN_MOCK_UNLIMITED);
    assert_ready(&r->f->a, s);
    assert_not_ready(&r->f->b, woken);
    assert_not_ready(&third, last);
    rig_call(r, r->a);
    assert_true(cairn_harness_is_woken(&r->f->b));
    assert_false(cairn_harness_is_woken(&third));
    cairn_service_drop(woken);
    assert_true(cairn_harness_is_woken(&third));
    assert_ready(&third, last);
    cairn_service_drop(last);
    assert_ready(&r->f->a, s); /* discovery knows this task now, and not the third */
    cairn_harness_fini(&third);
}

/* A newcomer takes the room, and with it the wake-ups of endpoints: who waits must have them. */
static void a_copy_that_overtakes_leaves_the_wake_ups_to_who_waits(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    struct cairn_service *copy = fixture_clone(s);
    rig_insert(r, "a", r->a);
    rig_insert(r, "b", r->b);
    assert_not_ready(&r->f->b, copy);
    cairn_mock_allow(r->a, 1);
    assert_true(cairn_harness_is_woken(&r->f->b));
    assert_ready(&r->f->a, s);
    assert_true(cairn_harness_is_woken(&r->f->b));
    assert_not_ready(&r->f->b, copy);
    cairn_mock_allow(r->b, 1);
    assert_true(cairn_harness_is_woken(&r->f->b));
    assert_ready(&r->f->b, copy);
    cairn_service_drop(copy);
}

static void endpoints_chosen_by_one_copy_are_kept_when_another_is_released(void **state)
{
    struct rig *r = *state;
    struct cairn_service *s = rig_balance(r, NULL);
    struct cairn_service *copy = fixture_clone(s);
    rig_insert(r, "a", r->a);
    rig_insert(r, "b", r->b);
    cairn_mock_allow(r->a, 1);
    cairn_mock_allow(r->b, 1);
    assert_ready(&r->f->a, s);
    assert_ready(&r->f->b, copy);
    cairn_service_release(copy);
    assert_int_equal(cairn_mock_counts(r->a).reserved + cairn_mock_counts(r->b).reserved, 1);
    struct cairn_future future = fixture_call(s, 1);
    cairn_future_drop(&future);
    cairn_service_drop(copy);
}

static void retry_goes_to_another_endpoint(void **state)
{
    struct rig *r = *state;
    rig_balance(r, &cairn_balance_round_robin);
    r->service = fixture_apply(
        cairn_retry(.attempts = 2, .backoff = {.min_ms = 0, .max_ms = 1}), r->service);
    rig_insert(r, "a", r->a);
    rig_insert(r, "b", r->b);
    cairn_mock_allow(r->a, CAIRN_MOCK_UNLIMITED);
    cairn_mock_allow(r->b, CAIRN_MOCK_UNLIMITED);
    struct cairn_future future = fixture_send(&r->f->a, r->service, 1);
    cairn_mock_fail(
        cairn_mock_expect(r->a, 1), cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "test", NULL, "down"));
    assert_pending(&r->f->a, &future);
    fixture_advance(r->f, 1);
    cairn_mock_respond(cairn_mock_expect(r->b, 1), cairn_test_value_new(2));
    assert_response(&r->f->a, &future, 2);
}

static void load_shed_around_it_leaves_no_place_in_a_queue(void **state)
{
    struct rig *r = *state;
    rig_balance(r, NULL);
    r->service = fixture_apply(cairn_load_shed(), r->service);
    rig_insert(r, "a", r->a);
    assert_ready(&r->f->a, r->service);
    assert_int_equal(cairn_mock_counts(r->a).waiting, 0);
    cairn_mock_allow(r->a, 1);
    assert_ready(&r->f->a, r->service);
    rig_call(r, r->a);
}

static void a_call_costs_no_memory(void **state)
{
    struct rig *r = *state;
    static const struct cairn_type plain = {.name = "test.plain"};
    struct cairn_service *echoes[] = {cairn_test_echo(&plain), cairn_test_echo(&plain)};
    r->service = cairn_balance(
        cairn_discover_list(echoes, 2), .request_type = &plain, .response_type = &plain);
    assert_ready(&r->f->a, r->service);
    size_t before = cairn_test_alloc_count();
    for (int i = 0; i < 10; i++) {
        assert_ready(&r->f->a, r->service);
        struct cairn_future future = fixture_call_plain(r->service);
        assert_true(cairn_future_is_complete(&future));
        cairn_future_drop(&future);
    }
    assert_int_equal(cairn_test_alloc_count(), before);
}

static void it_is_described_with_its_endpoints(void **state)
{
    struct rig *r = *state;
    char text[512] = "";
    struct cairn_service *s = rig_balance(r, &cairn_balance_weighted);
    rig_insert(r, "gone", r->a);
    rig_fail(r->a);
    assert_not_ready(&r->f->a, s);
    rig_insert_load(r, "10.0.0.1:80", r->a, 7.5);
    rig_send(r, cairn_change_insert("10.0.0.2:80", cairn_mock_service(r->b), 3));
    cairn_mock_allow(r->a, 1);
    assert_ready(&r->f->a, s);
    rig_call(r, r->a);
    FILE *out = fmemopen(text, sizeof(text), "w");
    assert_non_null(out);
    cairn_stack_print(s, out);
    fclose(out);
    assert_string_equal(text,
        "balance(pick=weighted last_ejected=balance: gone: test: told to fail)"
        "  endpoints=2 ready=0 picks=1 ejected=1\n"
        "  endpoint(key=10.0.0.1:80 weight=1)  ready=0 load=7 picks=1\n"
        "    load_constant(load=7.5)\n"
        "    mock  calls=1 reserved=0 in_flight=0\n"
        "  endpoint(key=10.0.0.2:80 weight=3)  ready=0 picks=0\n"
        "    mock  calls=0 reserved=0 in_flight=0\n");
}

static void without_types_it_is_broken(void **state)
{
    struct rig *r = *state;
    struct cairn_service *service = cairn_mock_service(r->a);
    r->service = cairn_balance(cairn_discover_list(&service, 1), .seed = 1);
    const struct cairn_error *error = cairn_service_error(r->service);
    assert_non_null(error);
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, "request_type and response_type must be set");
}

static void call_without_ready(void *cx)
{
    cairn_service_call(((struct rig *)cx)->service, NULL);
}

static void poll_once(void *cx)
{
    struct rig *r = cx;
    struct cairn_error *error = NULL;
    cairn_harness_poll_ready(&r->f->a, r->service, &error);
}

static void ask_len(void *cx)
{
    struct cairn_service *service = cairn_mock_service(((struct rig *)cx)->f->mock);
    ((struct rig *)cx)->service = service;
    cairn_balance_len(service);
}

static void misuse_is_noticed(void **state)
{
    struct rig *r = *state;
    rig_balance(r, NULL);
    assert_string_equal(
        cairn_test_misuse(call_without_ready, r), "balance: called without having been ready");
    cairn_service_drop(r->service);
    assert_string_equal(
        cairn_test_misuse(ask_len, r), "cairn_balance_len: there is no balancer in the stack");
}

static void an_endpoint_of_another_type_is_noticed(void **state)
{
    struct rig *r = *state;
    static const struct cairn_type other = {.name = "test.other"};
    struct cairn_change *change = cairn_change_insert("a", cairn_test_echo(&other), 1);
    rig_balance(r, NULL);
    rig_send(r, change);
    assert_string_equal(cairn_test_misuse(poll_once, r),
        "balance: an endpoint takes or gives another type than the balancer");
    cairn_change_drop(change); /* lost by the jump */
}

/* Two endpoints, a call, another one: an answer or an error, and nothing is lost. */
static void balance_without_memory(void *cx)
{
    struct fixture *f = cx;
    struct cairn_error *error = NULL;
    cairn_test_alloc_exempt(true);
    struct cairn_service *services[] = {cairn_mock_service(f->mock), cairn_mock_service(f->mock)};
    cairn_test_alloc_exempt(false);
    struct cairn_service *s = cairn_balance(cairn_discover_list(services, 2),
        .request_type = &cairn_test_value_type, .response_type = &cairn_test_value_type);
    enum cairn_poll p = cairn_harness_poll_ready(&f->a, s, &error);
    assert_int_equal(p == CAIRN_FAILED, cairn_test_alloc_has_failed());
    cairn_error_unref(error);
    cairn_service_drop(s);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void without_memory_readiness_fails_and_nothing_is_lost(void **state)
{
    struct fixture f = {.runtime = NULL};
    (void)state;
    f.mock = cairn_mock_new(NULL);
    cairn_harness_init(&f.a, NULL);
    assert_true(cairn_test_each_allocation(balance_without_memory, &f) > 10);
    cairn_harness_fini(&f.a);
    cairn_mock_free(f.mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balance_keeps_the_service_contract),
        cmocka_unit_test(balance_keeps_the_service_contract_with_other_layers),
        rig_test(T007_one_endpoint_that_is_not_ready_is_counted),
        rig_test(T008_it_is_ready_when_its_endpoint_is),
        rig_test(T010_it_is_ready_again_when_the_endpoint_has_room_again),
        rig_test(T011_a_chosen_endpoint_that_fails_makes_it_pending_and_is_no_error),
        rig_test(T011_holds_behind_the_checking_layer),
        rig_test(T013_two_endpoints_that_are_not_ready_are_counted),
        rig_test(T014_the_call_goes_to_the_one_that_is_ready),
        rig_test(T016_two_rounds_go_to_the_two_endpoints),
        rig_test(T017_one_fails_while_the_other_is_not_ready),
        rig_test(another_one_is_chosen_when_the_chosen_one_fails),
        rig_test(X023_an_endpoint_is_used_until_its_replacement_is_ready),
        rig_test(X023_a_replaced_endpoint_that_was_used_is_gone),
        rig_test(X026_an_error_of_discovery_fails_readiness_as_its_own_kind),
        rig_test(X026_an_error_of_discovery_is_told_to_copies_that_wait),
        rig_test(X026_the_end_of_discovery_is_no_error),
        rig_test(a_removed_endpoint_is_dropped_and_its_call_runs_on),
        rig_test(a_chosen_endpoint_that_was_removed_is_not_called),
        rig_test(a_service_that_is_broken_is_ejected),
        rig_test(release_gives_back_what_every_endpoint_has_reserved),
        rig_test(release_leaves_the_places_that_endpoints_wait_in),
        rig_test(copies_share_endpoints_and_no_choice),
        rig_test(a_copy_that_goes_leaves_its_wake_up_to_the_next),
        rig_test(a_copy_that_was_woken_and_goes_wakes_the_next),
        rig_test(a_copy_that_overtakes_leaves_the_wake_ups_to_who_waits),
        rig_test(endpoints_chosen_by_one_copy_are_kept_when_another_is_released),
        rig_test(retry_goes_to_another_endpoint),
        rig_test(load_shed_around_it_leaves_no_place_in_a_queue),
        rig_test(a_call_costs_no_memory),
        rig_test(it_is_described_with_its_endpoints),
        rig_test(without_types_it_is_broken),
        rig_test(misuse_is_noticed),
        rig_test(an_endpoint_of_another_type_is_noticed),
        cmocka_unit_test(without_memory_readiness_fails_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
