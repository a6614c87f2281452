#include <cairn/layers/reconnect.h>

#include "fixture.h"

#include <cairn/layers/spawn_ready.h>
#include <cairn/service/make_service.h>
#include <cairn/service/service_fn.h>
#include <cairn/testkit/contract.h>

/* For the suite: connections are copies of what the layer is built around. */
static struct cairn_future copy_call(struct cairn_service *base, void *target)
{
    struct cairn_service *copy = cairn_service_clone(base->inner);
    assert_null(target);
    return copy ? cairn_future_ready_of(&cairn_service_type, copy)
                : cairn_future_failed(&cairn_error_no_memory);
}

static enum cairn_poll copy_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    (void)base;
    (void)cx;
    (void)error;
    return CAIRN_READY;
}

static const struct cairn_service_ops copy_ops = {.name = "copies",
    .size = sizeof(struct cairn_service),
    .poll_ready = copy_poll_ready,
    .call = copy_call};

static struct cairn_service *apply_reconnect(void *wait_ready, struct cairn_service *inner)
{
    const struct cairn_type *request_type = inner->request_type;
    const struct cairn_type *response_type = inner->response_type;
    struct cairn_service *maker = cairn_service_new(&copy_ops, inner);
    if (!maker) {
        cairn_service_drop(inner);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    maker->request_type = NULL;
    maker->response_type = &cairn_service_type;
    return cairn_reconnect(maker, .request_type = request_type, .response_type = response_type,
        .wait_ready = wait_ready != NULL);
}

static void reconnect_keeps_the_service_contract(void **state)
{
    int yes = 1;
    const struct cairn_layer layer = cairn_layer_fn("reconnect", apply_reconnect, NULL);
    const struct cairn_layer waits = cairn_layer_fn("reconnect", apply_reconnect, &yes);
    const struct cairn_contract_options opts = {.size = sizeof(opts), .may_hide_ready = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
    cairn_contract_check_with(&waits, &opts);
}

/* A mock maker, which the test plays; its connections are services of the fixture's mock. */
struct maker {
    struct cairn_mock *mock;
    struct cairn_test_value *target;
};

static struct maker maker_open(void)
{
    const struct cairn_mock_options opts = {
        .size = sizeof(opts), .response_type = &cairn_service_type};
    struct maker maker = {cairn_mock_new(&opts), cairn_test_value_new(7)};
    return maker;
}

static void maker_close(struct maker *maker, struct cairn_service *s)
{
    cairn_service_drop(s);
    cairn_mock_free(maker->mock);
    cairn_test_value_drop(maker->target);
}

#define reconnect_to(maker_, ...)                                                        \
    cairn_reconnect(cairn_mock_service((maker_)->mock), .target = (maker_)->target,      \
        .request_type = &cairn_test_value_type, .response_type = &cairn_test_value_type, \
        __VA_ARGS__)

static struct cairn_service *reconnect_open(struct maker *maker, bool wait_ready)
{
    struct cairn_service *s = reconnect_to(
        maker, .wait_ready = wait_ready, .backoff = {.min_ms = 10 * wait_ready, .max_ms = 100});
    assert_null(cairn_service_error(s));
    return s;
}

static void maker_connects(struct fixture *f, struct maker *maker)
{
    cairn_mock_respond(cairn_mock_expect(maker->mock, 7), cairn_mock_service(f->mock));
}

static void maker_fails(struct maker *maker, const char *message)
{
    cairn_mock_fail(cairn_mock_expect(maker->mock, 7),
        cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "maker", NULL, "%s", message));
}

static void assert_no_attempt(struct maker *maker)
{
    assert_null(cairn_mock_next_request(maker->mock));
}

static void connection_dies(struct fixture *f)
{
    cairn_mock_fail_ready(
        f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "reset by peer"));
}

/* The first readiness poll asks the maker, which connects. */
static void connect(struct fixture *f, struct maker *maker, struct cairn_service *s)
{
    assert_not_ready(&f->a, s);
    cairn_harness_is_woken(&f->a);
    maker_connects(f, maker);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_ready(&f->a, s);
}

static void round_trip(struct fixture *f, struct cairn_service *s)
{
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
}

static void connects_with_a_copy_of_the_target_and_uses_the_connection(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    assert_int_equal(fixture_number(s, "is_connected"), 0);
    connect(f, &maker, s);
    for (int i = 0; i < 3; i++)
        round_trip(f, s);
    assert_no_attempt(&maker);
    assert_int_equal(fixture_number(s, "connects"), 1);
    assert_int_equal(fixture_number(s, "is_connected"), 1);
    maker_close(&maker, s);
}

static void waits_for_the_maker_to_have_room(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    cairn_mock_allow(maker.mock, 0);
    assert_not_ready(&f->a, s);
    assert_no_attempt(&maker);
    cairn_mock_allow(maker.mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    connect(f, &maker, s);
    round_trip(f, s);
    maker_close(&maker, s);
}

static void X016_failure_to_connect_is_delivered_by_the_next_call(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    assert_not_ready(&f->a, s);
    maker_fails(&maker, "refused");
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "maker", "refused");
    assert_no_attempt(&maker);
    connect(f, &maker, s);
    round_trip(f, s);
    assert_int_equal(fixture_number(s, "failures"), 1);
    maker_close(&maker, s);
}

static void X016_polling_ready_again_before_that_call_does_not_reconnect(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    assert_not_ready(&f->a, s);
    maker_fails(&maker, "refused");
    for (int i = 0; i < 3; i++) {
        assert_ready(&f->a, s);
        assert_no_attempt(&maker);
    }
    struct cairn_future future = fixture_call(s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "maker", "refused");
    maker_close(&maker, s);
}

static void X016_release_forgets_the_error_and_the_next_poll_connects(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    assert_not_ready(&f->a, s);
    maker_fails(&maker, "refused");
    assert_ready(&f->a, s);
    cairn_service_release(s);
    connect(f, &maker, s);
    round_trip(f, s);
    maker_close(&maker, s);
}

static void X017_connection_that_fails_is_replaced_in_the_same_poll(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    connect(f, &maker, s);
    round_trip(f, s);
    connection_dies(f);
    assert_not_ready(&f->a, s);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    maker_connects(f, &maker);
    assert_ready(&f->a, s);
    round_trip(f, s);
    assert_int_equal(fixture_number(s, "connects"), 2);
    assert_int_equal(fixture_number(s, "failures"), 0);
    maker_close(&maker, s);
}

static void connection_that_fails_between_readiness_and_call_fails_the_call(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    connect(f, &maker, s);
    connection_dies(f);
    for (int i = 0; i < 3; i++)
        assert_ready(&f->a, s);
    assert_no_attempt(&maker);
    struct cairn_future future = fixture_call(s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_CLOSED, "mock", "reset by peer");
    connect(f, &maker, s);
    round_trip(f, s);
    maker_close(&maker, s);
}

static void connection_that_was_never_ready_is_a_failure_to_connect(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    assert_not_ready(&f->a, s);
    maker_connects(f, &maker);
    connection_dies(f);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_CLOSED, "mock", "reset by peer");
    assert_int_equal(fixture_number(s, "failures"), 1);
    maker_close(&maker, s);
}

static void X019_connection_to_begin_with_is_used_first(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = cairn_reconnect(cairn_mock_service(maker.mock),
        .target = maker.target, .connection = cairn_mock_service(f->mock));
    assert_ptr_equal(s->request_type, &cairn_test_value_type);
    assert_ptr_equal(s->response_type, &cairn_test_value_type);
    round_trip(f, s);
    round_trip(f, s);
    assert_no_attempt(&maker);
    connection_dies(f);
    connect(f, &maker, s);
    round_trip(f, s);
    maker_close(&maker, s);
}

static void X019_connection_to_begin_with_that_is_dead_is_replaced_at_once(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = cairn_reconnect(cairn_mock_service(maker.mock),
        .target = maker.target, .connection = cairn_mock_service(f->mock));
    connection_dies(f);
    connect(f, &maker, s);
    assert_int_equal(fixture_number(s, "failures"), 0);
    maker_close(&maker, s);
}

static void back_off_is_waited_for_before_the_next_attempt_and_grows(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_to(&maker, .backoff = {.min_ms = 10, .max_ms = 30});
    assert_not_ready(&f->a, s);
    for (uint64_t i = 0; i < 3; i++) {
        const uint64_t delay_ms[] = {10, 20, 30};
        maker_fails(&maker, "refused");
        struct cairn_future future = fixture_send(&f->a, s, 1);
        assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "maker", "refused");
        assert_not_ready(&f->a, s);
        cairn_harness_is_woken(&f->a);
        fixture_advance(f, delay_ms[i] - 1);
        assert_false(cairn_harness_is_woken(&f->a));
        assert_not_ready(&f->a, s);
        assert_no_attempt(&maker);
        fixture_advance(f, 1);
        assert_true(cairn_harness_is_woken(&f->a));
        assert_not_ready(&f->a, s);
    }
    cairn_mock_respond(cairn_mock_expect(maker.mock, 7), cairn_mock_service(f->mock));
    round_trip(f, s);
    maker_close(&maker, s);
}

static void connection_that_was_ready_ends_the_row_of_failures(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, true);
    assert_not_ready(&f->a, s);
    for (int i = 0; i < 2; i++) {
        maker_fails(&maker, "refused");
        assert_not_ready(&f->a, s);
        fixture_advance(f, 9);
        assert_not_ready(&f->a, s);
        assert_no_attempt(&maker);
        fixture_advance(f, 1);
        connect(f, &maker, s);
        round_trip(f, s);
        connection_dies(f);
        assert_not_ready(&f->a, s);
    }
    maker_close(&maker, s);
}

static void release_during_the_back_off_stops_the_timer_and_keeps_the_wait(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, true);
    assert_not_ready(&f->a, s);
    maker_fails(&maker, "refused");
    assert_not_ready(&f->a, s);
    cairn_harness_is_woken(&f->a);
    cairn_service_release(s);
    fixture_advance(f, 9);
    assert_not_ready(&f->a, s);
    assert_no_attempt(&maker);
    cairn_service_release(s);
    fixture_advance(f, 1);
    assert_false(cairn_harness_is_woken(&f->a));
    connect(f, &maker, s);
    maker_close(&maker, s);
}

static void wait_ready_is_pending_until_there_is_a_connection(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, true);
    assert_not_ready(&f->a, s);
    for (int i = 0; i < 3; i++) {
        maker_fails(&maker, "refused");
        assert_not_ready(&f->a, s);
        assert_no_attempt(&maker);
        cairn_harness_is_woken(&f->a);
        fixture_advance(f, 100);
        assert_true(cairn_harness_is_woken(&f->a));
        assert_not_ready(&f->a, s);
    }
    assert_int_equal(fixture_number(s, "failures"), 3);
    maker_connects(f, &maker);
    round_trip(f, s);
    maker_close(&maker, s);
}

static struct cairn_future refuse_at_once(void *cx, void *target)
{
    (void)target;
    ++*(unsigned *)cx;
    return cairn_future_failed(cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "maker", NULL, "refused"));
}

static void wait_ready_asks_a_maker_that_fails_at_once_only_once_a_millisecond(void **state)
{
    struct fixture *f = *state;
    unsigned asked = 0;
    struct cairn_service *s = cairn_reconnect(
        cairn_service_async_fn("refuse", NULL, &cairn_service_type, refuse_at_once, &asked),
        .request_type = &cairn_test_value_type, .response_type = &cairn_test_value_type,
        .wait_ready = true, .backoff = {.min_ms = 0, .max_ms = 1});
    for (unsigned i = 1; i <= 5; i++) {
        assert_not_ready(&f->a, s);
        assert_not_ready(&f->a, s);
        assert_int_equal(asked, i);
        fixture_advance(f, 1);
    }
    cairn_service_drop(s);
}

static void wait_ready_has_a_back_off_by_default(void **state)
{
    struct fixture *f = *state;
    unsigned asked = 0;
    struct cairn_service *s = cairn_reconnect(
        cairn_service_async_fn("refuse", NULL, &cairn_service_type, refuse_at_once, &asked),
        .request_type = &cairn_test_value_type, .response_type = &cairn_test_value_type,
        .wait_ready = true);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 49);
    assert_not_ready(&f->a, s);
    assert_int_equal(asked, 1);
    fixture_advance(f, 51);
    assert_not_ready(&f->a, s);
    assert_int_equal(asked, 2);
    cairn_service_drop(s);
}

static void failure_of_the_makers_readiness_is_the_end(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, true);
    cairn_mock_fail_ready(
        maker.mock, cairn_error_new(CAIRN_ERROR_CLOSED, "maker", NULL, "out of business"));
    assert_dead(&f->a, s, "out of business");
    maker_close(&maker, s);
}

static void connection_of_other_types_is_a_failure_to_connect(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    assert_not_ready(&f->a, s);
    cairn_mock_respond(cairn_mock_expect(maker.mock, 7), fixture_plain_echo());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_TYPE, "reconnect",
        "the maker gave a connection of other types");
    maker_close(&maker, s);
}

static void broken_connection_fails_the_call_with_its_reason(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    assert_not_ready(&f->a, s);
    cairn_mock_respond(cairn_mock_expect(maker.mock, 7),
        cairn_service_broken(cairn_error_new(CAIRN_ERROR_SYSTEM, "tls", NULL, "no certificate")));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_SYSTEM, "tls", "no certificate");
    maker_close(&maker, s);
}

static void dropping_it_drops_what_is_being_made(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
    struct cairn_mock_request *request = cairn_mock_expect(maker.mock, 7);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    assert_int_equal(cairn_mock_counts(maker.mock).services, 0);
    maker_close(&maker, NULL);
}

static void answer_outlives_service_and_connection(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    connect(f, &maker, s);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    maker_close(&maker, s);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
}

static void spawn_ready_outside_connects_in_the_background(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = fixture_apply(cairn_spawn_ready(), reconnect_open(&maker, true));
    assert_not_ready(&f->a, s);
    maker_fails(&maker, "refused");
    cairn_test_settle(f->runtime);
    fixture_advance(f, 10);
    maker_connects(f, &maker);
    assert_false(cairn_harness_is_woken(&f->a));
    cairn_test_settle(f->runtime);
    assert_true(cairn_harness_is_woken(&f->a));
    round_trip(f, s);
    maker_close(&maker, s);
}

static void target_without_memory_is_a_failure_to_connect(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    cairn_test_alloc_fail_at(1);
    assert_ready(&f->a, s);
    cairn_test_alloc_fail_at(0);
    assert_int_equal(cairn_mock_counts(maker.mock).reserved, 0);
    struct cairn_future future = fixture_call(s, 1);
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    maker_close(&maker, s);
}

static void without_memory_it_is_broken(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    for (size_t n = 1; n <= 2; n++) {
        struct cairn_service *inner = cairn_mock_service(maker.mock);
        struct cairn_service *connection = cairn_mock_service(f->mock);
        cairn_test_alloc_fail_at(n);
        struct cairn_service *s =
            cairn_reconnect(inner, .target = maker.target, .connection = connection);
        assert_true(cairn_test_alloc_has_failed());
        assert_int_equal(cairn_service_error(s)->code, CAIRN_ERROR_MEMORY);
        cairn_service_drop(s);
        assert_int_equal(cairn_mock_counts(maker.mock).services, 0);
        assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    }
    maker_close(&maker, NULL);
}

static void assert_broken(struct cairn_service *s, enum cairn_error_code code, const char *message)
{
    assert_non_null(cairn_service_error(s));
    assert_int_equal(cairn_service_error(s)->code, code);
    assert_string_equal(cairn_service_error(s)->message, message);
    cairn_service_drop(s);
}

static void options_that_do_not_fit_are_refused(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    const struct cairn_mock_options opts = {.size = sizeof(opts),
        .request_type = &cairn_test_fixed_type,
        .response_type = &cairn_service_type};
    struct cairn_mock *fixed = cairn_mock_new(&opts);
    assert_broken(cairn_reconnect_new(cairn_mock_service(maker.mock), NULL), CAIRN_ERROR_INVALID,
        "request_type must be set");
    assert_broken(
        cairn_reconnect(cairn_mock_service(maker.mock), .request_type = &cairn_test_value_type),
        CAIRN_ERROR_INVALID, "response_type must be set");
    assert_broken(reconnect_to(&maker, .backoff = {.min_ms = 5, .max_ms = 1}), CAIRN_ERROR_INVALID,
        "backoff.min_ms must be 0 to max_ms (1), got 5");
    assert_broken(
        cairn_reconnect(cairn_mock_service(maker.mock), .request_type = &cairn_test_fixed_type,
            .connection = cairn_mock_service(f->mock)),
        CAIRN_ERROR_TYPE, "connection must be of request_type and response_type");
    assert_broken(
        cairn_reconnect(cairn_mock_service(fixed), .target = maker.target,
            .request_type = &cairn_test_value_type, .response_type = &cairn_test_value_type),
        CAIRN_ERROR_TYPE, "needs a target that can be cloned; test.fixed cannot");
    assert_broken(cairn_reconnect_new(cairn_mock_service(f->mock), NULL), CAIRN_ERROR_TYPE,
        "needs a make service, got one that gives test.value");
    cairn_mock_free(fixed);
    maker_close(&maker, NULL);
}

static void broken_maker_and_broken_connection_come_back_as_they_are(void **state)
{
    struct fixture *f = *state;
    struct maker maker = maker_open();
    struct cairn_service *broken = cairn_service_broken(&cairn_error_no_memory);
    struct cairn_service *s =
        cairn_reconnect(broken, .target = maker.target, .connection = cairn_mock_service(f->mock));
    assert_ptr_equal(s, broken);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    s = cairn_reconnect(cairn_mock_service(maker.mock), .connection = broken);
    assert_ptr_equal(s, broken);
    assert_int_equal(cairn_mock_counts(maker.mock).services, 0);
    maker_close(&maker, s);
}

static void it_may_not_be_cloned(void **state)
{
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    (void)state;
    assert_false(cairn_service_is_cloneable(s));
    maker_close(&maker, s);
}

static void call_unready(void *cx)
{
    static int plain;
    cairn_service_call(cx, &plain);
}

static void calling_without_readiness_is_misuse(void **state)
{
    struct maker maker = maker_open();
    struct cairn_service *s = reconnect_open(&maker, false);
    (void)state;
    assert_string_equal(
        cairn_test_misuse(call_unready, s), "reconnect: called without having been ready");
    maker_close(&maker, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reconnect_keeps_the_service_contract),
        fixture_test(connects_with_a_copy_of_the_target_and_uses_the_connection),
        fixture_test(waits_for_the_maker_to_have_room),
        fixture_test(X016_failure_to_connect_is_delivered_by_the_next_call),
        fixture_test(X016_polling_ready_again_before_that_call_does_not_reconnect),
        fixture_test(X016_release_forgets_the_error_and_the_next_poll_connects),
        fixture_test(X017_connection_that_fails_is_replaced_in_the_same_poll),
        fixture_test(connection_that_fails_between_readiness_and_call_fails_the_call),
        fixture_test(connection_that_was_never_ready_is_a_failure_to_connect),
        fixture_test(X019_connection_to_begin_with_is_used_first),
        fixture_test(X019_connection_to_begin_with_that_is_dead_is_replaced_at_once),
        fixture_test(back_off_is_waited_for_before_the_next_attempt_and_grows),
        fixture_test(connection_that_was_ready_ends_the_row_of_failures),
        fixture_test(release_during_the_back_off_stops_the_timer_and_keeps_the_wait),
        fixture_test(wait_ready_is_pending_until_there_is_a_connection),
        fixture_test(wait_ready_asks_a_maker_that_fails_at_once_only_once_a_millisecond),
        fixture_test(wait_ready_has_a_back_off_by_default),
        fixture_test(failure_of_the_makers_readiness_is_the_end),
        fixture_test(connection_of_other_types_is_a_failure_to_connect),
        fixture_test(broken_connection_fails_the_call_with_its_reason),
        fixture_test(dropping_it_drops_what_is_being_made),
        fixture_test(answer_outlives_service_and_connection),
        fixture_test(spawn_ready_outside_connects_in_the_background),
        fixture_test(target_without_memory_is_a_failure_to_connect),
        fixture_test(without_memory_it_is_broken),
        fixture_test(options_that_do_not_fit_are_refused),
        fixture_test(broken_maker_and_broken_connection_come_back_as_they_are),
        fixture_test(it_may_not_be_cloned),
        fixture_test(calling_without_readiness_is_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
