#include <cairn/layers/peak_ewma.h>

#include "fixture.h"

#include <cairn/layers/ewma.h>
#include <cairn/testkit/contract.h>

#define MS 1e6 /* in the load's nanoseconds */

static void peak_ewma_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_peak_ewma();
    (void)state;
    cairn_contract_check(&layer);
}

/* One call that takes MS_TAKEN. */
static void call_for(struct fixture *f, struct cairn_service *s, uint64_t ms_taken)
{
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_advance(f, ms_taken);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &future, 1);
}

static void T079_fresh_load_is_the_default_round_trip(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_peak_ewma(.default_rtt_ms = 10, .decay_ms = 1000));
    assert_true(cairn_load_of(s) == 10 * MS);
    cairn_service_drop(s);
}

static void T080_load_decays_without_traffic(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_peak_ewma(.default_rtt_ms = 10, .decay_ms = 1000));
    fixture_advance(f, 100);
    assert_true(cairn_load_of(s) > 9 * MS);
    assert_true(cairn_load_of(s) < 10 * MS);
    cairn_service_drop(s);
}

static void T082_each_pending_call_adds_a_round_trip(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_peak_ewma(.default_rtt_ms = 20, .decay_ms = 1000));
    assert_true(cairn_load_of(s) == 20 * MS);
    fixture_advance(f, 100);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    assert_true(cairn_load_of(s) > 20 * MS);
    fixture_advance(f, 100);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_true(cairn_load_of(s) > 40 * MS);
    assert_int_equal(fixture_number(s, "pending"), 2);
    cairn_future_drop(&first);
    cairn_future_drop(&second);
    cairn_service_drop(s);
}

static void T083_a_slower_response_replaces_the_estimate_at_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_peak_ewma(.default_rtt_ms = 20, .decay_ms = 1000));
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    fixture_advance(f, 200);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &first, 1);
    assert_true(cairn_load_of(s) == 400 * MS);
    assert_int_equal(fixture_number(s, "estimate_us"), 200000);
    cairn_future_drop(&second);
    cairn_service_drop(s);
}

static void T085_load_of_an_idle_endpoint_goes_towards_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_peak_ewma(.default_rtt_ms = 20, .decay_ms = 1000));
    call_for(f, s, 200);
    assert_true(cairn_load_of(s) == 200 * MS);
    fixture_advance(f, 1000);
    assert_true(cairn_load_of(s) < 100 * MS);
    fixture_advance(f, 10000);
    assert_true(cairn_load_of(s) < 0.1 * MS);
    cairn_service_drop(s);
}

static void T086_nanoseconds_of_any_length_are_a_number(void **state)
{
    (void)state;
    assert_true(cairn__ewma_ns(0) == 0.0);
    assert_true(cairn__ewma_ns(123) == 123.0);
    assert_true(cairn__ewma_ns(1000000000u + 23) == 1000000023.0);
    assert_true(fabs(cairn__ewma_ns(UINT64_MAX) - 1.8446744e19) < 1e12);

    struct cairn__ewma ewma = {.estimate_ns = 1, .decay_ns = 1, .updated_ns = 1};
    cairn__ewma_observe(&ewma, UINT64_MAX, UINT64_MAX);
    assert_true(cairn__ewma_value(&ewma, UINT64_MAX) == 0x1p64);
}

static void a_faster_response_is_blended_in_by_the_age_of_the_estimate(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_peak_ewma(.default_rtt_ms = 20, .decay_ms = 1000));
    call_for(f, s, 200);
    fixture_advance(f, 900);
    call_for(f, s, 100);
    double weight = exp(-1.0);
    double expected = (200 * weight + 100 * (1 - weight)) * MS;
    assert_true(fabs(cairn_load_of(s) - expected) < 1);
    cairn_service_drop(s);
}

static void asking_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_peak_ewma(.default_rtt_ms = 20, .decay_ms = 1000);
    struct cairn_service *asked = fixture_around_mock(f, layer);
    struct cairn_service *left_alone = fixture_around_mock(f, layer);
    for (int i = 0; i < 10; i++) {
        fixture_advance(f, 50);
        (void)cairn_load_of(asked);
    }
    assert_true(cairn_load_of(asked) == cairn_load_of(left_alone));
    cairn_service_drop(asked);
    cairn_service_drop(left_alone);
}

static void a_call_that_fails_or_is_given_up_counts_with_its_time(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_peak_ewma(.default_rtt_ms = 20, .decay_ms = 1000));
    struct cairn_future dropped = fixture_send(&f->a, s, 1);
    fixture_advance(f, 100);
    cairn_future_drop(&dropped);
    assert_true(cairn_load_of(s) == 100 * MS);
    struct cairn_future failed = fixture_send(&f->a, s, 2);
    fixture_advance(f, 300);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    fixture_fail(f, 2, CAIRN_ERROR_USER, "no");
    assert_failure(&f->a, &failed, CAIRN_ERROR_USER, "mock", "no");
    assert_true(cairn_load_of(s) == 300 * MS);
    cairn_service_drop(s);
}

static struct cairn_load_handle kept;

static void *keep(void *cx, struct cairn_load_handle handle, void *response)
{
    (void)cx;
    kept = handle;
    return response;
}

static void a_tracked_call_ends_when_its_handle_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_peak_ewma(.default_rtt_ms = 20, .decay_ms = 1000, .completion = {.track = keep}));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &future, 1);
    assert_true(cairn_load_of(s) == 40 * MS);
    fixture_advance(f, 70);
    cairn_load_handle_drop(&kept);
    cairn_load_handle_drop(&kept);
    assert_true(cairn_load_of(s) == 70 * MS);
    cairn_service_drop(s);
}

static void a_call_outlives_its_service(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_peak_ewma());
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_service_drop(s);
    assert_true(cairn_load_of(copy) == 60 * MS);
    cairn_service_drop(copy);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
}

static void answer_at_once_costs_no_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_peak_ewma(), fixture_plain_echo());
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void defaults_are_30_ms_and_10_s(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_peak_ewma_layer(NULL));
    assert_int_equal(fixture_number(s, "default_rtt"), 30);
    assert_int_equal(fixture_number(s, "decay"), 10000);
    cairn_service_drop(s);
}

static void times_out_of_range_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_peak_ewma(.default_rtt_ms = 3600001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "default_rtt_ms must be 1 to 3600000, got 3600001");
    assert_refused(cairn_peak_ewma(.decay_ms = 86400001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "decay_ms must be 1 to 86400000, got 86400001");
    cairn_service_drop(
        fixture_around_mock(f, cairn_peak_ewma(.default_rtt_ms = 3600000, .decay_ms = 86400000)));
}

/* Built before the runtime: time begins to count with the first call. */
static void built_outside_of_a_runtime_it_does_not_decay_before_its_first_call(void **state)
{
    (void)state;
    struct cairn_test_clock clock;
    struct cairn_service *s = fixture_apply(cairn_peak_ewma(), fixture_plain_echo());
    assert_true(cairn_load_of(s) == 30 * MS);
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    assert_true(cairn_load_of(s) == 30 * MS);
    struct cairn_future future = fixture_call_plain(s);
    cairn_future_drop(&future);
    cairn_test_clock_advance_ms(&clock, runtime, 100);
    assert_true(cairn_load_of(s) < 30 * MS);
    cairn_service_drop(s);
    cairn_runtime_free(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peak_ewma_keeps_the_service_contract),
        fixture_test(T079_fresh_load_is_the_default_round_trip),
        fixture_test(T080_load_decays_without_traffic),
        fixture_test(T082_each_pending_call_adds_a_round_trip),
        fixture_test(T083_a_slower_response_replaces_the_estimate_at_once),
        fixture_test(T085_load_of_an_idle_endpoint_goes_towards_nothing),
        cmocka_unit_test(T086_nanoseconds_of_any_length_are_a_number),
        fixture_test(a_faster_response_is_blended_in_by_the_age_of_the_estimate),
        fixture_test(asking_changes_nothing),
        fixture_test(a_call_that_fails_or_is_given_up_counts_with_its_time),
        fixture_test(a_tracked_call_ends_when_its_handle_is_dropped),
        fixture_test(a_call_outlives_its_service),
        fixture_test(answer_at_once_costs_no_memory),
        fixture_test(defaults_are_30_ms_and_10_s),
        fixture_test(times_out_of_range_are_refused_by_name),
        cmocka_unit_test(built_outside_of_a_runtime_it_does_not_decay_before_its_first_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
