#include <cairn/layers/circuit.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct cairn__circuit circuit_with(uint64_t failures, double rate, unsigned probes)
{
    const struct cairn__circuit_config config = {.failures = failures,
        .failure_rate = rate,
        .min_requests = 10,
        .window_ms = 1000,
        .probes = probes,
        .backoff = {100, 400, 0}};
    struct cairn__circuit circuit;
    cairn__circuit_init(&circuit, &config, 1);
    return circuit;
}

/* One call that ends at once; whether it was let in. */
static bool one(struct cairn__circuit *c, enum cairn__circuit_outcome outcome, uint64_t now_ms)
{
    struct cairn__circuit_pass pass;
    if (!cairn__circuit_enter(c, now_ms, &pass))
        return false;
    cairn__circuit_leave(c, pass, outcome, now_ms);
    return true;
}

static void many(struct cairn__circuit *c, enum cairn__circuit_outcome outcome, int n, uint64_t now)
{
    for (int i = 0; i < n; i++)
        assert_true(one(c, outcome, now));
}

static void assert_why(const struct cairn__circuit *c, const char *why)
{
    char buffer[64];
    assert_string_equal(cairn__circuit_why(c, buffer, sizeof(buffer)), why);
}

static void opens_after_failures_in_a_row_and_not_before(void **state)
{
    struct cairn__circuit c = circuit_with(3, 0, 1);
    (void)state;
    many(&c, CAIRN__CIRCUIT_FAILURE, 2, 0);
    many(&c, CAIRN__CIRCUIT_SUCCESS, 1, 0);
    many(&c, CAIRN__CIRCUIT_FAILURE, 2, 0);
    many(&c, CAIRN__CIRCUIT_IGNORED, 5, 0);
    assert_int_equal(c.state, CAIRN__CIRCUIT_CLOSED);
    many(&c, CAIRN__CIRCUIT_FAILURE, 1, 0);
    assert_int_equal(c.state, CAIRN__CIRCUIT_OPEN);
    assert_why(&c, "3 failures in a row");
}

static void opens_at_the_failure_rate_once_there_are_enough_calls(void **state)
{
    struct cairn__circuit c = circuit_with(0, 0.5, 1);
    (void)state;
    for (int i = 0; i < 4; i++) {
        many(&c, CAIRN__CIRCUIT_FAILURE, 1, 5000);
        many(&c, CAIRN__CIRCUIT_SUCCESS, 1, 5000);
    }
    many(&c, CAIRN__CIRCUIT_FAILURE, 1, 5000);
    assert_int_equal(c.state, CAIRN__CIRCUIT_CLOSED);
    /* The tenth call makes the count, a success though it is. */
    many(&c, CAIRN__CIRCUIT_SUCCESS, 1, 5000);
    assert_int_equal(c.state, CAIRN__CIRCUIT_OPEN);
    assert_why(&c, "5 of 10 calls failed");
}

static void stays_closed_below_the_failure_rate(void **state)
{
    struct cairn__circuit c = circuit_with(0, 0.5, 1);
    (void)state;
    many(&c, CAIRN__CIRCUIT_SUCCESS, 51, 0);
    many(&c, CAIRN__CIRCUIT_FAILURE, 50, 0);
    assert_int_equal(c.state, CAIRN__CIRCUIT_CLOSED);
    many(&c, CAIRN__CIRCUIT_FAILURE, 1, 0);
    assert_int_equal(c.state, CAIRN__CIRCUIT_OPEN);
}

static void buckets_expire_one_tenth_of_the_window_at_a_time(void **state)
{
    struct cairn__circuit c = circuit_with(0, 1, 1);
    (void)state;
    for (uint64_t now_ms = 0; now_ms < 1000; now_ms += 100)
        many(&c, CAIRN__CIRCUIT_SUCCESS, 1, now_ms);
    assert_int_equal(c.window.requests, 10);
    many(&c, CAIRN__CIRCUIT_SUCCESS, 1, 1000);
    assert_int_equal(c.window.requests, 10);
    many(&c, CAIRN__CIRCUIT_SUCCESS, 1, 1350);
    assert_int_equal(c.window.requests, 8);
    many(&c, CAIRN__CIRCUIT_SUCCESS, 1, 90000);
    assert_int_equal(c.window.requests, 1);
}

static void failures_that_have_expired_do_not_open(void **state)
{
    struct cairn__circuit c = circuit_with(0, 0.9, 1);
    (void)state;
    many(&c, CAIRN__CIRCUIT_FAILURE, 9, 0);
    many(&c, CAIRN__CIRCUIT_FAILURE, 9, 1100);
    assert_int_equal(c.state, CAIRN__CIRCUIT_CLOSED);
}

static void refuses_while_open_and_lets_one_probe_in_after_that(void **state)
{
    struct cairn__circuit c = circuit_with(1, 0, 1);
    struct cairn__circuit_pass probe;
    struct cairn__circuit_pass other;
    (void)state;
    many(&c, CAIRN__CIRCUIT_FAILURE, 1, 50);
    assert_false(cairn__circuit_enter(&c, 149, &other));
    assert_int_equal(cairn__circuit_state_at(&c, 149), CAIRN__CIRCUIT_OPEN);
    assert_int_equal(cairn__circuit_state_at(&c, 150), CAIRN__CIRCUIT_HALF_OPEN);
    assert_true(cairn__circuit_enter(&c, 150, &probe));
    assert_true(probe.is_probe);
    assert_false(cairn__circuit_enter(&c, 150, &other));
    assert_false(cairn__circuit_enter(&c, 99999, &other));
    cairn__circuit_leave(&c, probe, CAIRN__CIRCUIT_SUCCESS, 160);
    assert_int_equal(c.state, CAIRN__CIRCUIT_CLOSED);
    many(&c, CAIRN__CIRCUIT_SUCCESS, 3, 160);
}

static void open_time_doubles_to_its_maximum_and_begins_anew_after_closing(void **state)
{
    struct cairn__circuit c = circuit_with(1, 0, 1);
    const uint64_t times[] = {100, 200, 400, 400};
    uint64_t now_ms = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        many(&c, CAIRN__CIRCUIT_FAILURE, 1, now_ms);
        assert_int_equal(c.open_ms, times[i]);
        assert_false(one(&c, CAIRN__CIRCUIT_SUCCESS, now_ms + times[i] - 1));
        now_ms += times[i];
    }
    assert_why(&c, "a probe failed");
    many(&c, CAIRN__CIRCUIT_SUCCESS, 1, now_ms);
    assert_int_equal(c.state, CAIRN__CIRCUIT_CLOSED);
    many(&c, CAIRN__CIRCUIT_FAILURE, 1, now_ms);
    assert_int_equal(c.open_ms, 100);
}

static void closes_after_all_of_several_probes_and_lets_no_more_in(void **state)
{
    struct cairn__circuit c = circuit_with(1, 0, 3);
    struct cairn__circuit_pass pass[4];
    (void)state;
    many(&c, CAIRN__CIRCUIT_FAILURE, 1, 0);
    for (int i = 0; i < 3; i++)
        assert_true(cairn__circuit_enter(&c, 100, &pass[i]));
    assert_false(cairn__circuit_enter(&c, 100, &pass[3]));
    cairn__circuit_leave(&c, pass[0], CAIRN__CIRCUIT_SUCCESS, 101);
    /* One that has succeeded does not make room for a fourth; one that said nothing does. */
    assert_false(cairn__circuit_enter(&c, 101, &pass[3]));
    cairn__circuit_leave(&c, pass[1], CAIRN__CIRCUIT_IGNORED, 102);
    assert_true(cairn__circuit_enter(&c, 102, &pass[3]));
    cairn__circuit_leave(&c, pass[2], CAIRN__CIRCUIT_SUCCESS, 103);
    assert_int_equal(c.state, CAIRN__CIRCUIT_HALF_OPEN);
    cairn__circuit_leave(&c, pass[3], CAIRN__CIRCUIT_SUCCESS, 104);
    assert_int_equal(c.state, CAIRN__CIRCUIT_CLOSED);
}

static void one_failed_probe_opens_and_the_others_do_not_count_any_more(void **state)
{
    struct cairn__circuit c = circuit_with(1, 0, 2);
    struct cairn__circuit_pass a;
    struct cairn__circuit_pass b;
    (void)state;
    many(&c, CAIRN__CIRCUIT_FAILURE, 1, 0);
    assert_true(cairn__circuit_enter(&c, 100, &a));
    assert_true(cairn__circuit_enter(&c, 100, &b));
    assert_true(cairn__circuit_leave(&c, a, CAIRN__CIRCUIT_FAILURE, 110));
    assert_false(cairn__circuit_leave(&c, b, CAIRN__CIRCUIT_FAILURE, 120));
    assert_int_equal(c.until_ms, 310);
    assert_int_equal(c.probing, 0);
}

static void calls_of_an_earlier_epoch_do_not_count(void **state)
{
    struct cairn__circuit c = circuit_with(1, 0, 1);
    struct cairn__circuit_pass late;
    (void)state;
    assert_true(cairn__circuit_enter(&c, 0, &late));
    many(&c, CAIRN__CIRCUIT_FAILURE, 1, 0);
    assert_false(cairn__circuit_leave(&c, late, CAIRN__CIRCUIT_SUCCESS, 50));
    assert_int_equal(c.state, CAIRN__CIRCUIT_OPEN);
    many(&c, CAIRN__CIRCUIT_SUCCESS, 1, 100);
    late.epoch--;
    assert_false(cairn__circuit_leave(&c, late, CAIRN__CIRCUIT_FAILURE, 110));
    assert_int_equal(c.state, CAIRN__CIRCUIT_CLOSED);
}

/* Everything that can happen with two rules and two probes, in an order that depends on a seed. */
static void no_more_probes_than_allowed_in_any_order_of_events(void **state)
{
    struct cairn__circuit c = circuit_with(2, 0.5, 2);
    struct cairn__circuit_pass held[8];
    size_t count = 0;
    uint64_t now_ms = 0;
    struct cairn_random random;
    (void)state;
    cairn_random_init(&random, 42);
    for (int i = 0; i < 200000; i++) {
        uint64_t dice = cairn_random_next_u64(&random) % 8;
        now_ms += dice == 0 ? 60 : 0;
        if (dice < 4 && count < 8) {
            bool may = cairn__circuit_admits(&c, now_ms);
            assert_int_equal(may, cairn__circuit_enter(&c, now_ms, &held[count]));
            count += may;
        } else if (count) {
            cairn__circuit_leave(
                &c, held[--count], (enum cairn__circuit_outcome)(dice % 3), now_ms);
        }
        assert_true(c.probing + c.passed <= 2);
        assert_true(c.window.failures <= c.window.requests);
        assert_true(c.state == CAIRN__CIRCUIT_HALF_OPEN || c.probing == 0);
        unsigned probing = 0;
        for (size_t k = 0; k < count; k++)
            probing += held[k].is_probe && held[k].epoch == c.epoch;
        assert_int_equal(c.probing, probing);
    }
    assert_true(c.epoch > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_after_failures_in_a_row_and_not_before),
        cmocka_unit_test(opens_at_the_failure_rate_once_there_are_enough_calls),
        cmocka_unit_test(stays_closed_below_the_failure_rate),
        cmocka_unit_test(buckets_expire_one_tenth_of_the_window_at_a_time),
        cmocka_unit_test(failures_that_have_expired_do_not_open),
        cmocka_unit_test(refuses_while_open_and_lets_one_probe_in_after_that),
        cmocka_unit_test(open_time_doubles_to_its_maximum_and_begins_anew_after_closing),
        cmocka_unit_test(closes_after_all_of_several_probes_and_lets_no_more_in),
        cmocka_unit_test(one_failed_probe_opens_and_the_others_do_not_count_any_more),
        cmocka_unit_test(calls_of_an_earlier_epoch_do_not_count),
        cmocka_unit_test(no_more_probes_than_allowed_in_any_order_of_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
