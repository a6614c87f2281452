#include <cairn/layers/coalesce.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/testkit/contract.h>

/* The number's last digit is the key: 1, 11 and 21 are the same. Negative: none. */
static struct cairn_str last_digit(void *cx, const void *request)
{
    static char text[2];
    int number = cairn_test_value_number(request);
    (void)cx;
    if (number < 0)
        return (struct cairn_str){0};
    text[0] = (char)('0' + number % 10);
    return cairn_str_of(text, 1);
}

static void coalesce_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_coalesce(.key = last_digit);
    (void)state;
    cairn_contract_check(&layer);
}

static struct cairn_service *around_mock(struct fixture *f)
{
    return fixture_around_mock(f, cairn_coalesce(.key = last_digit));
}

static void same_key_at_the_same_time_is_one_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->b, copy, 11);
    struct cairn_future third = fixture_send(&f->b, s, 21);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 1);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_pending(&f->a, &first);
    assert_pending(&f->b, &second);
    assert_int_equal(fixture_number(s, "in_flight"), 1);
    fixture_respond(f, 1, 5);
    cairn_test_settle(f->runtime);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_true(cairn_harness_is_woken(&f->b));
    assert_response(&f->b, &second, 5);
    assert_response(&f->a, &first, 5);
    assert_response(&f->a, &third, 5);
    assert_int_equal(fixture_number(s, "calls"), 1);
    assert_int_equal(fixture_number(s, "joined"), 2);
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    cairn_service_drop(s);
    cairn_service_drop(copy);
}

static void another_key_is_another_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_int_equal(fixture_number(s, "in_flight"), 2);
    fixture_respond(f, 1, 3);
    fixture_respond(f, 2, 4);
    assert_response(&f->a, &second, 4);
    assert_response(&f->a, &first, 3);
    cairn_service_drop(s);
}

static void request_without_a_key_is_shared_with_nobody(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future first = fixture_send(&f->a, s, -1);
    struct cairn_future second = fixture_send(&f->a, s, -1);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 2);
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    fixture_respond(f, -1, 3);
    fixture_respond(f, -1, 4);
    assert_response(&f->a, &first, 3);
    assert_response(&f->a, &second, 4);
    cairn_service_drop(s);
}

static void call_that_has_ended_is_joined_by_nobody(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &first);
    fixture_respond(f, 1, 2);
    cairn_test_settle(f->runtime);
    struct cairn_future second = fixture_send(&f->a, s, 1);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 2);
    assert_response(&f->a, &first, 2);
    fixture_respond(f, 1, 3);
    assert_response(&f->a, &second, 3);
    cairn_service_drop(s);
}

static void error_goes_to_everyone(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &first);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    cairn_test_settle(f->runtime);
    assert_failure(&f->a, &first, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    assert_failure(&f->a, &second, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    cairn_service_drop(s);
}

static void leader_that_gives_up_cancels_nobody_else(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future leader = fixture_send(&f->a, s, 1);
    struct cairn_future follower = fixture_send(&f->b, s, 1);
    assert_pending(&f->a, &leader);
    assert_pending(&f->b, &follower);
    cairn_future_drop(&leader);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_false(cairn_mock_is_abandoned(request));
    cairn_mock_respond(request, cairn_test_value_new(2));
    cairn_test_settle(f->runtime);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_true(cairn_harness_is_woken(&f->b));
    assert_response(&f->b, &follower, 2);
    cairn_service_drop(s);
}

static void leader_that_is_never_polled_holds_nobody_up(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future leader = fixture_send(&f->a, s, 1);
    struct cairn_future follower = fixture_send(&f->b, s, 1);
    assert_pending(&f->b, &follower);
    fixture_respond(f, 1, 2);
    cairn_test_settle(f->runtime);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_response(&f->b, &follower, 2);
    cairn_future_drop(&leader);
    cairn_service_drop(s);
}

static void call_is_cancelled_when_all_have_given_up(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_pending(&f->a, &first);
    assert_pending(&f->a, &second);
    cairn_future_drop(&second);
    assert_false(cairn_mock_is_abandoned(request));
    cairn_future_drop(&first);
    assert_true(cairn_mock_is_abandoned(request));
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    cairn_mock_request_drop(request);
    first = fixture_send(&f->a, s, 1);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 2);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &first, 2);
    cairn_service_drop(s);
}

static void call_is_cancelled_when_all_have_given_up_unpolled(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 1);
    cairn_future_drop(&first);
    cairn_future_drop(&second);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    cairn_service_drop(s);
}

static void answer_that_nobody_collects_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &first);
    fixture_respond(f, 1, 2);
    cairn_test_settle(f->runtime);
    cairn_future_drop(&first);
    cairn_future_drop(&second);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_service_drop(s);
}

static void last_one_gets_the_response_itself(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    size_t clones = cairn_test_value_clones();
    struct cairn_future first = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &first, 2);
    assert_int_equal(cairn_test_value_clones(), clones);
    first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 1);
    struct cairn_future third = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &first, 2);
    assert_response(&f->a, &second, 2);
    assert_response(&f->a, &third, 2);
    assert_int_equal(cairn_test_value_clones(), clones + 2);
    cairn_service_drop(s);
}

static void futures_outlive_the_services(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->b, s, 1);
    cairn_service_drop(s);
    assert_pending(&f->a, &first);
    assert_pending(&f->b, &second);
    fixture_respond(f, 1, 2);
    cairn_test_settle(f->runtime);
    assert_response(&f->a, &first, 2);
    assert_response(&f->b, &second, 2);
}

static struct cairn_str any_key(void *cx, const void *request)
{
    (void)cx;
    (void)request;
    return CAIRN_STR("any");
}

static void *same_value(const void *value)
{
    return (void *)(size_t)value;
}

static void answer_at_once_passes_without_box_or_group(void **state)
{
    static const struct cairn_type plain = {.name = "test.plain", .clone = same_value};
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_coalesce(.key = any_key), cairn_test_echo(&plain));
    for (unsigned i = 0; i < 2; i++) {
        assert_ready(&f->a, s);
        size_t before = cairn_test_alloc_count();
        struct cairn_future future = fixture_call_plain(s);
        assert_true(cairn_future_is_complete(&future));
        if (i > 0) /* the first made room for the key */
            assert_int_equal(cairn_test_alloc_count(), before);
        cairn_future_drop(&future);
    }
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    cairn_service_drop(s);
}

static void request_that_joins_gives_its_permit_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_coalesce(.key = last_digit),
        fixture_around_mock(f, cairn_concurrency_limit(.max = 2)));
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 1);
    struct cairn_future third = fixture_send(&f->a, s, 1);
    assert_int_equal(fixture_number(s, "joined"), 2);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &first, 2);
    assert_response(&f->a, &second, 2);
    assert_response(&f->a, &third, 2);
    cairn_service_drop(s);
}

static void sharing_again_allocates_nothing_but_boxes_and_copies(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_coalesce(.key = last_digit), cairn_test_pending_once(NULL));
    size_t used[3];
    for (unsigned i = 0; i < 3; i++) {
        size_t before = cairn_test_alloc_count();
        struct cairn_future first = fixture_send(&f->a, s, 1);
        struct cairn_future second = fixture_send(&f->a, s, 1);
        assert_pending(&f->a, &first);
        cairn_test_settle(f->runtime);
        assert_response(&f->a, &first, 1);
        assert_response(&f->a, &second, 1);
        used[i] = cairn_test_alloc_count() - before;
    }
    assert_int_equal(used[1], used[2]);
    assert_true(used[1] + 2 <= used[0]); /* the flight, and its key */
    cairn_service_drop(s);
}

/* Two have joined the call of a first one, which was answered by 2. */
struct group {
    struct cairn_service *service;
    struct cairn_future leader;
    struct cairn_future second;
    struct cairn_future third;
};

static struct group group_answered(struct fixture *f, struct cairn_service *s)
{
    struct group group = {.service = s};
    group.leader = fixture_send(&f->a, s, 1);
    group.second = fixture_send(&f->b, s, 11);
    group.third = fixture_send(&f->b, s, 21);
    assert_pending(&f->a, &group.leader);
    fixture_respond(f, 1, 2);
    cairn_test_settle(f->runtime);
    return group;
}

static void who_finds_no_memory_for_a_copy_makes_a_call_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct group group = group_answered(f, around_mock(f));
    cairn_test_alloc_fail_at(1);
    assert_pending(&f->b, &group.second);
    assert_response(&f->b, &group.third, 2);
    assert_response(&f->a, &group.leader, 2);
    assert_int_equal(fixture_number(group.service, "calls"), 2);
    assert_int_equal(fixture_number(group.service, "alone"), 1);
    fixture_respond(f, 11, 3);
    assert_response(&f->b, &group.second, 3);
    cairn_service_drop(group.service);
}

/* The mock's values under a type that can be cloned, and whose values cannot: as a response of HTTP
 * with a stream. */
static void *clone_nothing(const void *value)
{
    (void)value;
    return NULL;
}

static const struct cairn_type uncopied = {
    .name = "test.uncopied", .clone = clone_nothing, .drop = cairn_test_value_drop};

static struct cairn_mock *uncopied_mock(bool not_cloneable)
{
    return cairn_mock_new(&(struct cairn_mock_options){.size = sizeof(struct cairn_mock_options),
        .response_type = &uncopied,
        .not_cloneable = not_cloneable});
}

static struct group uncopied_group(struct fixture *f)
{
    cairn_mock_free(f->mock);
    f->mock = uncopied_mock(false);
    return group_answered(f, around_mock(f));
}

static void response_that_cannot_be_copied_goes_to_who_made_the_call(void **state)
{
    struct fixture *f = *state;
    struct group group = uncopied_group(f);
    assert_pending(&f->b, &group.second); /* asks first, and leaves it alone */
    assert_response(&f->a, &group.leader, 2);
    assert_pending(&f->b, &group.third);
    assert_int_equal(fixture_number(group.service, "joined"), 2);
    assert_int_equal(fixture_number(group.service, "alone"), 2);
    assert_int_equal(fixture_number(group.service, "calls"), 3);
    fixture_respond(f, 11, 3);
    fixture_respond(f, 21, 4);
    assert_response(&f->b, &group.second, 3);
    assert_response(&f->b, &group.third, 4);
    cairn_service_drop(group.service);
}

static void or_to_the_first_who_asks_when_that_one_has_given_up(void **state)
{
    struct fixture *f = *state;
    struct group group = uncopied_group(f);
    cairn_future_drop(&group.leader);
    assert_response(&f->b, &group.third, 2);
    assert_pending(&f->b, &group.second);
    fixture_respond(f, 11, 3);
    assert_response(&f->b, &group.second, 3);
    cairn_service_drop(group.service);
}

static void call_of_ones_own_waits_for_room(void **state)
{
    struct fixture *f = *state;
    struct group group = uncopied_group(f);
    cairn_mock_allow(f->mock, 0);
    assert_pending(&f->b, &group.second);
    assert_nothing_sent(f);
    cairn_mock_allow(f->mock, CAIRN_MOCK_UNLIMITED);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_pending(&f->b, &group.second);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    fixture_respond(f, 11, 3);
    assert_response(&f->b, &group.second, 3);
    cairn_future_drop(&group.third);
    cairn_future_drop(&group.leader);
    cairn_service_drop(group.service);
}

static void call_of_ones_own_may_be_given_up_at_any_time(void **state)
{
    struct fixture *f = *state;
    struct group group = uncopied_group(f);
    cairn_mock_allow(f->mock, 0);
    assert_pending(&f->b, &group.second); /* before it was sent */
    cairn_future_drop(&group.second);
    cairn_mock_allow(f->mock, CAIRN_MOCK_UNLIMITED);
    assert_pending(&f->b, &group.third); /* after that */
    cairn_service_drop(group.service);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 21);
    cairn_future_drop(&group.third);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    assert_response(&f->a, &group.leader, 2);
}

static void call_of_ones_own_fails_with_a_service_that_is_dead(void **state)
{
    struct fixture *f = *state;
    struct group group = uncopied_group(f);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_failure(&f->b, &group.second, CAIRN_ERROR_CLOSED, "mock", "gone");
    cairn_future_drop(&group.third);
    assert_response(&f->a, &group.leader, 2);
    cairn_service_drop(group.service);
}

static void answer_of_nothing_goes_to_everyone(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct cairn_service *s = around_mock(f);
    struct cairn_future futures[2] = {fixture_send(&f->a, s, 1), fixture_send(&f->a, s, 1)};
    cairn_mock_respond(cairn_mock_expect(f->mock, 1), NULL);
    for (int i = 1; i >= 0; i--) {
        assert_int_equal(cairn_harness_poll(&f->a, &futures[i], &out), CAIRN_READY);
        assert_null(out.value);
    }
    cairn_service_drop(s);
}

static void without_copies_of_inner_an_uncopied_response_is_an_error(void **state)
{
    struct fixture *f = *state;
    cairn_mock_free(f->mock);
    f->mock = uncopied_mock(true);
    struct group group = group_answered(f, around_mock(f));
    assert_failure(&f->b, &group.second, CAIRN_ERROR_UNAVAILABLE, "coalesce",
        "the shared response could not be copied");
    assert_response(&f->a, &group.leader, 2);
    assert_failure(&f->b, &group.third, CAIRN_ERROR_UNAVAILABLE, "coalesce",
        "the shared response could not be copied");
    cairn_service_drop(group.service);
}

/* Counts the calls that it makes. */
static struct cairn_future counted_call(void *cx, struct cairn_service *inner, void *request)
{
    ++*(unsigned *)cx;
    return cairn_service_call(inner, request);
}

static struct cairn_str last_digit_of_counted(void *cx, const void *request)
{
    return *(unsigned *)cx < 100 ? last_digit(NULL, request) : (struct cairn_str){0};
}

static void a_call_that_may_be_shared_is_made_by_its_own_function(void **state)
{
    struct fixture *f = *state;
    unsigned count = 0;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_coalesce(.key = last_digit_of_counted, .call = counted_call, .cx = &count));
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 1);
    struct cairn_future alone = fixture_send(&f->a, s, -1);
    assert_int_equal(count, 1);
    fixture_respond(f, 1, 2);
    fixture_respond(f, -1, 3);
    assert_response(&f->a, &first, 2);
    assert_response(&f->a, &second, 2);
    assert_response(&f->a, &alone, 3);
    cairn_service_drop(s);
}

static void two_callers(void *are_copied)
{
    struct fixture f = {0};
    union cairn_outcome out;
    cairn_test_alloc_exempt(true);
    f.runtime = cairn_test_runtime_new(&f.clock);
    f.mock = are_copied ? cairn_mock_new(NULL) : uncopied_mock(false);
    cairn_harness_init(&f.a, f.runtime);
    struct cairn_service *s = around_mock(&f);
    struct cairn_test_value *requests[] = {cairn_test_value_new(1), cairn_test_value_new(1)};
    struct cairn_future futures[2];
    cairn_test_alloc_exempt(false);
    for (unsigned i = 0; i < 2; i++) {
        assert_ready(&f.a, s);
        futures[i] = cairn_service_call(s, requests[i]);
    }
    struct cairn_mock_request *request;
    cairn_test_alloc_exempt(true);
    while ((request = cairn_mock_next_request(f.mock)))
        cairn_mock_respond(request, cairn_test_value_new(2));
    cairn_test_alloc_exempt(false);
    for (unsigned i = 0; i < 2; i++) {
        enum cairn_poll p = cairn_harness_poll(&f.a, &futures[i], &out);
        if (p == CAIRN_PENDING) {
            cairn_test_alloc_exempt(true);
            cairn_mock_respond(cairn_mock_next_request(f.mock), cairn_test_value_new(2));
            cairn_test_alloc_exempt(false);
            p = cairn_harness_poll(&f.a, &futures[i], &out);
        }
        assert_int_not_equal(p, CAIRN_PENDING);
        if (p == CAIRN_READY)
            cairn_test_value_drop(out.value);
        else
            assert_ptr_equal(out.error, &cairn_error_no_memory);
    }
    cairn_service_drop(s);
    cairn_harness_fini(&f.a);
    cairn_mock_free(f.mock);
    cairn_runtime_free(f.runtime);
}

static void survives_the_failure_of_each_allocation(void **state)
{
    bool are_copied = true;
    (void)state;
    assert_true(cairn_test_each_allocation(two_callers, &are_copied) >= 5);
    assert_true(cairn_test_each_allocation(two_callers, NULL) >= 7);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void many_keys_at_a_time_are_kept_apart(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future futures[100];
    for (int i = 0; i < 100; i++)
        futures[i] = fixture_send(&f->a, s, i);
    assert_int_equal(fixture_number(s, "in_flight"), 10);
    for (int i = 0; i < 10; i++)
        fixture_respond(f, i, 1000 + i);
    for (int i = 99; i >= 0; i--)
        assert_response(&f->a, &futures[i], 1000 + i % 10);
    cairn_service_drop(s);
}

static void refuses_what_does_not_fit(void **state)
{
    static const struct cairn_mock_options fixed = {.size = sizeof(fixed),
        .request_type = &cairn_test_fixed_type,
        .response_type = &cairn_test_fixed_type};
    struct fixture *f = *state;
    struct cairn_mock *mock = cairn_mock_new(&fixed);
    assert_refused(cairn_coalesce_layer(NULL), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "key must be set");
    assert_refused(cairn_coalesce(.key = last_digit), cairn_mock_service(mock), CAIRN_ERROR_TYPE,
        "needs a response that can be cloned; test.fixed cannot");
    cairn_mock_free(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coalesce_keeps_the_service_contract),
        fixture_test(same_key_at_the_same_time_is_one_call),
        fixture_test(another_key_is_another_call),
        fixture_test(request_without_a_key_is_shared_with_nobody),
        fixture_test(call_that_has_ended_is_joined_by_nobody),
        fixture_test(error_goes_to_everyone),
        fixture_test(leader_that_gives_up_cancels_nobody_else),
        fixture_test(leader_that_is_never_polled_holds_nobody_up),
        fixture_test(call_is_cancelled_when_all_have_given_up),
        fixture_test(call_is_cancelled_when_all_have_given_up_unpolled),
        fixture_test(answer_that_nobody_collects_is_dropped),
        fixture_test(last_one_gets_the_response_itself),
        fixture_test(futures_outlive_the_services),
        fixture_test(answer_at_once_passes_without_box_or_group),
        fixture_test(request_that_joins_gives_its_permit_back),
        fixture_test(sharing_again_allocates_nothing_but_boxes_and_copies),
        fixture_test(who_finds_no_memory_for_a_copy_makes_a_call_of_its_own),
        fixture_test(response_that_cannot_be_copied_goes_to_who_made_the_call),
        fixture_test(or_to_the_first_who_asks_when_that_one_has_given_up),
        fixture_test(call_of_ones_own_waits_for_room),
        fixture_test(call_of_ones_own_may_be_given_up_at_any_time),
        fixture_test(call_of_ones_own_fails_with_a_service_that_is_dead),
        fixture_test(answer_of_nothing_goes_to_everyone),
        fixture_test(without_copies_of_inner_an_uncopied_response_is_an_error),
        fixture_test(a_call_that_may_be_shared_is_made_by_its_own_function),
        cmocka_unit_test(survives_the_failure_of_each_allocation),
        fixture_test(many_keys_at_a_time_are_kept_apart),
        fixture_test(refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
