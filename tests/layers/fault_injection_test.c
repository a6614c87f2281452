#include <cairn/layers/fault_injection.h>

#include "fixture.h"

#include <math.h>

#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/testkit/contract.h>

static void fault_injection_keeps_the_service_contract(void **state)
{
    const struct cairn_layer late = cairn_fault_injection(.enabled = true, .delay_percent = 100,
        .delay_min_ms = 1, .delay_max_ms = 10);
    const struct cairn_layer never = cairn_fault_injection(.enabled = true, .error_percent = 1e-9);
    const struct cairn_layer off = cairn_fault_injection(.error_percent = 100);
    const struct cairn_contract_options opts = {.size = sizeof(opts), .step_ms = 10};
    (void)state;
    cairn_contract_check_with(&never, &opts);
    cairn_contract_check_with(&off, &opts);
    cairn_contract_check_with(&late, &opts);
}

static void off_is_nothing_at_all(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *inner = cairn_mock_service(f->mock);
    assert_ptr_equal(fixture_apply(cairn_fault_injection_layer(NULL), inner), inner);
    assert_ptr_equal(fixture_apply(cairn_fault_injection(.error_percent = 100), inner), inner);
    assert_ptr_equal(fixture_apply(cairn_fault_injection(.enabled = true), inner), inner);
    cairn_service_drop(inner);
}

static void error_comes_at_once_and_inner_is_not_called(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_fault_injection(.enabled = true, .error_percent = 100));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "fault_injection", "injected");
    assert_nothing_sent(f);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(fixture_number(s, "failed"), 1);
    cairn_service_drop(s);
}

static void error_may_be_ones_own_and_outlives_who_made_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error =
        cairn_error_new(CAIRN_ERROR_LIMITED, "tester", NULL, "no %s", "luck");
    struct cairn_service *s = fixture_around_mock(
        f, cairn_fault_injection(.enabled = true, .error_percent = 100, .error = error));
    cairn_error_unref(error);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    cairn_service_drop(s);
    assert_failure(&f->a, &first, CAIRN_ERROR_LIMITED, "tester", "no luck");
    assert_failure(&f->a, &second, CAIRN_ERROR_LIMITED, "tester", "no luck");
}

static void lost_call_is_never_answered_and_a_timeout_ends_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_timeout(.after_ms = 500),
        fixture_around_mock(f, cairn_fault_injection(.enabled = true, .drop_percent = 100)));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    assert_int_equal(cairn_test_value_live(), 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    fixture_advance(f, 500);
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "timeout", "500 ms passed");
    assert_int_equal(fixture_number(s, "dropped"), 1);
    cairn_service_drop(s);
}

static struct cairn_service *late_by(struct fixture *f, uint64_t min_ms, uint64_t max_ms)
{
    return fixture_around_mock(f, cairn_fault_injection(.enabled = true, .delay_percent = 100,
                                      .delay_min_ms = min_ms, .delay_max_ms = max_ms, .seed = 1));
}

static void answer_is_given_so_much_later(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = late_by(f, 100, 0);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 1000);
    fixture_respond(f, 1, 2);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    fixture_advance(f, 99);
    assert_false(cairn_harness_is_woken(&f->a));
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_response(&f->a, &future, 2);
    assert_int_equal(fixture_number(s, "delayed"), 1);
    cairn_service_drop(s);
}

static void error_is_given_so_much_later(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = late_by(f, 100, 100);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_service_drop(s);
    fixture_fail(f, 1, CAIRN_ERROR_CONFLICT, "changed");
    assert_pending(&f->a, &future);
    fixture_advance(f, 100);
    assert_failure(&f->a, &future, CAIRN_ERROR_CONFLICT, "mock", "changed");
}

static void delay_is_within_its_range(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = late_by(f, 10, 12);
    unsigned seen[3] = {0};
    for (unsigned i = 0; i < 64; i++) {
        struct cairn_future future = fixture_send(&f->a, s, 1);
        fixture_respond(f, 1, 2);
        assert_pending(&f->a, &future);
        fixture_advance(f, 9);
        assert_false(cairn_harness_is_woken(&f->a));
        for (unsigned late = 0;; late++) {
            assert_true(late < 3);
            fixture_advance(f, 1);
            if (cairn_harness_is_woken(&f->a)) {
                seen[late]++;
                break;
            }
        }
        assert_response(&f->a, &future, 2);
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    cairn_service_drop(s);
}

static void late_answer_may_be_given_up_at_any_time(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = late_by(f, 100, 0);
    struct cairn_future unpolled = fixture_send(&f->a, s, 1);
    struct cairn_future polled = fixture_send(&f->a, s, 2);
    struct cairn_future answered = fixture_send(&f->a, s, 3);
    struct cairn_future failed = fixture_send(&f->a, s, 4);
    assert_pending(&f->a, &polled);
    cairn_mock_request_drop(cairn_mock_expect(f->mock, 1));
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 2);
    fixture_respond(f, 3, 3);
    fixture_fail(f, 4, CAIRN_ERROR_CONFLICT, "changed");
    assert_pending(&f->a, &answered);
    assert_pending(&f->a, &failed);
    cairn_future_drop(&unpolled);
    cairn_future_drop(&polled);
    cairn_future_drop(&answered);
    cairn_future_drop(&failed);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    cairn_harness_is_woken(&f->a);
    fixture_advance(f, 100);
    assert_false(cairn_harness_is_woken(&f->a));
    cairn_service_drop(s);
}

static void late_answer_that_was_there_at_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(
        cairn_fault_injection(.enabled = true, .delay_percent = 100, .delay_min_ms = 5),
        fixture_plain_echo());
    union cairn_outcome out;
    assert_ready(&f->a, s);
    struct cairn_future future = fixture_call_plain(s);
    assert_false(cairn_future_is_complete(&future));
    assert_pending(&f->a, &future);
    fixture_advance(f, 5);
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_READY);
    cairn_service_drop(s);
}

enum fate { PASSED, DELAYED, FAILED, DROPPED };

/* What becomes of COUNT calls of SERVICE, which passes and gives the reservation back. */
static void fates(struct fixture *f, struct cairn_service *s, enum fate *out, unsigned count)
{
    static const char *const keys[] = {"passed", "delayed", "failed", "dropped"};
    for (unsigned i = 0; i < count; i++) {
        uint64_t before[4];
        for (unsigned k = 0; k < 4; k++)
            before[k] = fixture_number(s, keys[k]);
        struct cairn_future future = fixture_send(&f->a, s, 1);
        cairn_future_drop(&future);
        cairn_mock_request_drop(cairn_mock_next_request(f->mock));
        out[i] = PASSED;
        for (unsigned k = 0; k < 4; k++)
            if (fixture_number(s, keys[k]) > before[k])
                out[i] = (enum fate)k;
    }
}

#define CALLS 1000

static void shares_are_kept_and_the_same_seed_gives_the_same_fates(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layer = cairn_fault_injection(.enabled = true, .drop_percent = 10,
        .error_percent = 20, .delay_percent = 50, .delay_min_ms = 1, .delay_max_ms = 9, .seed = 7);
    struct cairn_service *s = fixture_around_mock(f, layer);
    struct cairn_service *same = fixture_around_mock(f, layer);
    static enum fate first[CALLS];
    static enum fate second[CALLS];
    fates(f, s, first, CALLS);
    fates(f, same, second, CALLS);
    assert_memory_equal(first, second, sizeof(first));
    assert_in_range(fixture_number(s, "dropped"), 70, 130);  /* 10 % */
    assert_in_range(fixture_number(s, "failed"), 140, 220);  /* 20 % of 90 % */
    assert_in_range(fixture_number(s, "delayed"), 310, 410); /* half of the 72 % left */
    cairn_service_drop(s);
    cairn_service_drop(same);
}

static void changing_one_share_leaves_the_fate_of_the_others(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_fault_injection(.enabled = true, .drop_percent = 10, .seed = 7));
    struct cairn_service *more = fixture_around_mock(f,
        cairn_fault_injection(.enabled = true, .drop_percent = 10, .error_percent = 20, .seed = 7));
    static enum fate first[CALLS];
    static enum fate second[CALLS];
    fates(f, s, first, CALLS);
    fates(f, more, second, CALLS);
    for (unsigned i = 0; i < CALLS; i++)
        assert_int_equal(first[i] == DROPPED, second[i] == DROPPED);
    cairn_service_drop(s);
    cairn_service_drop(more);
}

static void copies_take_turns_at_one_row_of_fates(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layer =
        cairn_fault_injection(.enabled = true, .error_percent = 50, .seed = 3);
    struct cairn_service *s = fixture_around_mock(f, layer);
    struct cairn_service *turns = fixture_around_mock(f, layer);
    struct cairn_service *copy = fixture_clone(turns);
    enum fate row[20];
    enum fate by_turns[20];
    fates(f, s, row, 20);
    for (unsigned i = 0; i < 20; i++)
        fates(f, i % 2 ? copy : turns, &by_turns[i], 1);
    assert_memory_equal(row, by_turns, sizeof(row));
    cairn_service_drop(s);
    cairn_service_drop(turns);
    cairn_service_drop(copy);
}

static void retry_copes_with_injected_errors(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_retry(.attempts = 10, .seed = 1),
        fixture_apply(cairn_fault_injection(.enabled = true, .error_percent = 50, .seed = 5),
            cairn_test_echo(NULL)));
    for (int i = 0; i < 5; i++) {
        union cairn_outcome out;
        enum cairn_poll p;
        struct cairn_future future = fixture_send(&f->a, s, i);
        while ((p = cairn_harness_poll(&f->a, &future, &out)) == CAIRN_PENDING)
            fixture_advance(f, 100);
        assert_int_equal(p, CAIRN_READY);
        assert_int_equal(cairn_test_value_take(out.value), i);
    }
    assert_true(fixture_number(s, "failed") > 0);
    cairn_service_drop(s);
}

static void call_each_way(void *cx)
{
    static const double shares[3][3] = {{100, 0, 0}, {0, 100, 0}, {0, 0, 100}};
    (void)cx;
    for (unsigned i = 0; i < 3; i++) {
        const struct cairn_layer layer =
            cairn_fault_injection(.enabled = true, .drop_percent = shares[i][0],
                .error_percent = shares[i][1], .delay_percent = shares[i][2]);
        struct cairn_service *echo = cairn_test_echo(NULL);
        struct cairn_service *s = cairn_layer_apply(&layer, echo);
        struct cairn_test_value *req = cairn_test_value_new(1);
        if (!cairn_service_error(s) && req) {
            struct cairn_future future = cairn_service_call(s, req);
            cairn_future_drop(&future);
        } else {
            cairn_test_value_drop(req);
        }
        cairn_service_drop(s);
    }
}

static void survives_the_failure_of_each_allocation(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(call_each_way, NULL) >= 12);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void options_out_of_range_are_refused_by_name_even_when_off(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_fault_injection(.drop_percent = -1), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "drop_percent must be 0 to 100, got -1");
    assert_refused(cairn_fault_injection(.error_percent = 100.5), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "error_percent must be 0 to 100, got 100.5");
    assert_refused(cairn_fault_injection(.delay_percent = (double)NAN), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "delay_percent must be 0 to 100, got nan");
    assert_refused(cairn_fault_injection(.delay_min_ms = 3600001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "delay_min_ms must be 0 to 3600000, got 3600001");
    assert_refused(cairn_fault_injection(.delay_max_ms = 3600001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "delay_max_ms must be 0 to 3600000, got 3600001");
    assert_refused(cairn_fault_injection(.delay_min_ms = 9, .delay_max_ms = 8),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "delay_max_ms must be at least delay_min_ms, 9, got 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_injection_keeps_the_service_contract),
        fixture_test(off_is_nothing_at_all),
        fixture_test(error_comes_at_once_and_inner_is_not_called),
        fixture_test(error_may_be_ones_own_and_outlives_who_made_it),
        fixture_test(lost_call_is_never_answered_and_a_timeout_ends_it),
        fixture_test(answer_is_given_so_much_later),
        fixture_test(error_is_given_so_much_later),
        fixture_test(delay_is_within_its_range),
        fixture_test(late_answer_may_be_given_up_at_any_time),
        fixture_test(late_answer_that_was_there_at_once),
        fixture_test(shares_are_kept_and_the_same_seed_gives_the_same_fates),
        fixture_test(changing_one_share_leaves_the_fate_of_the_others),
        fixture_test(copies_take_turns_at_one_row_of_fates),
        fixture_test(retry_copes_with_injected_errors),
        cmocka_unit_test(survives_the_failure_of_each_allocation),
        fixture_test(options_out_of_range_are_refused_by_name_even_when_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
