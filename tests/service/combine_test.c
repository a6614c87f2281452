#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/combine.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

static struct cairn_error refused = CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "test", "refused");
static struct cairn_error replaced = CAIRN_ERROR_STATIC(CAIRN_ERROR_USER, "test", "replaced");

/* Futures come from a mock service: the test completes each by hand. */
struct world {
    struct cairn_harness harness;
    struct cairn_mock *mock;
    struct cairn_service *service;
    unsigned calls;                     /* of the function under test */
    struct cairn_future next;           /* what it goes on with */
    struct cairn_mock_request *held[8]; /* by number */
};

static void world_open(struct world *self)
{
    cairn_test_alloc_exempt(true);
    cairn_harness_init(&self->harness, NULL);
    self->mock = cairn_mock_new(NULL);
    self->service = cairn_mock_service(self->mock);
    cairn_test_alloc_exempt(false);
}

static void world_close(struct world *self)
{
    for (size_t i = 0; i < 8; i++)
        cairn_mock_request_drop(self->held[i]);
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
    cairn_service_drop(self->service);
    cairn_mock_free(self->mock);
    cairn_harness_fini(&self->harness);
    assert_int_equal(cairn_test_value_live(), 0);
}

static int open_world(void **state)
{
    static struct world world;
    world = (struct world){0};
    cairn_test_alloc_begin();
    world_open(&world);
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    world_close(*state);
    cairn_test_alloc_end();
    return 0;
}

/* A future that the test completes as NUMBER. */
static struct cairn_future pending(struct world *w, int number)
{
    struct cairn_context cx = cairn_harness_context(&w->harness);
    struct cairn_error *error = NULL;
    cairn_test_alloc_exempt(true);
    assert_int_equal(cairn_service_poll_ready(w->service, &cx, &error), CAIRN_READY);
    struct cairn_future f = cairn_service_call(w->service, cairn_test_value_new(number));
    w->held[number] = cairn_mock_expect(w->mock, number);
    cairn_test_alloc_exempt(false);
    return f;
}

static void complete(struct world *w, int number)
{
    struct cairn_mock_request *request = w->held[number];
    w->held[number] = NULL;
    cairn_mock_respond(request, cairn_mock_request_take(request));
}

static void refuse(struct world *w, int number, struct cairn_error *error)
{
    struct cairn_mock_request *request = w->held[number];
    w->held[number] = NULL;
    cairn_mock_fail(request, error);
}

static struct cairn_future ready(int number)
{
    cairn_test_alloc_exempt(true);
    void *value = cairn_test_value_new(number);
    cairn_test_alloc_exempt(false);
    return cairn_future_ready(value);
}

static enum cairn_poll poll(struct world *w, struct cairn_future *f, union cairn_outcome *out)
{
    return cairn_harness_poll(&w->harness, f, out);
}

static void expect_pending(struct world *w, struct cairn_future *f)
{
    union cairn_outcome out = {.value = w};
    assert_int_equal(poll(w, f, &out), CAIRN_PENDING);
    assert_ptr_equal(out.value, w);
}

static void expect_ready(struct world *w, struct cairn_future *f, int number)
{
    union cairn_outcome out;
    assert_int_equal(poll(w, f, &out), CAIRN_READY);
    assert_true(cairn_future_is_empty(f));
    assert_int_equal(cairn_test_value_take(out.value), number);
}

static void expect_failed(struct world *w, struct cairn_future *f, const struct cairn_error *error)
{
    union cairn_outcome out;
    assert_int_equal(poll(w, f, &out), CAIRN_FAILED);
    assert_true(cairn_future_is_empty(f));
    assert_ptr_equal(out.error, error);
    cairn_error_unref(out.error);
}

static size_t futures(const struct world *w)
{
    return cairn_mock_counts(w->mock).futures;
}

static void *add_ten(void *cx, void *value)
{
    ((struct world *)cx)->calls++;
    cairn_test_value_set(value, cairn_test_value_number(value) + 10);
    return value;
}

static struct cairn_error *replace(void *cx, struct cairn_error *error)
{
    ((struct world *)cx)->calls++;
    cairn_error_unref(error);
    return &replaced;
}

/* map, map_error */

static void map_gives_the_function_of_the_value(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_future_map(pending(w, 1), add_ten, w);
    expect_pending(w, &f);
    assert_false(cairn_harness_is_woken(&w->harness));
    complete(w, 1);
    assert_true(cairn_harness_is_woken(&w->harness));
    expect_ready(w, &f, 11);
    assert_int_equal(w->calls, 1);
}

static void map_of_a_complete_future_is_complete_and_allocates_nothing(void **state)
{
    struct world *w = *state;
    struct cairn_future inner = ready(1);
    size_t before = cairn_test_alloc_count();
    struct cairn_future f = cairn_future_map(inner, add_ten, w);
    f = cairn_future_map_error(f, replace, w);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&f));
    expect_ready(w, &f, 11);
    assert_int_equal(w->calls, 1);
}

static void map_of_a_pending_future_allocates_one_box(void **state)
{
    struct world *w = *state;
    struct cairn_future inner = pending(w, 1);
    size_t before = cairn_test_alloc_count();
    struct cairn_future f = cairn_future_map(inner, add_ten, w);
    assert_int_equal(cairn_test_alloc_count(), before + 1);
    complete(w, 1);
    expect_ready(w, &f, 11);
    assert_int_equal(cairn_test_alloc_count(), before + 1);
}

static void map_passes_an_error_through_and_does_not_call(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_future_map(pending(w, 1), add_ten, w);
    refuse(w, 1, &refused);
    expect_failed(w, &f, &refused);
    assert_int_equal(w->calls, 0);
}

static void map_error_gives_the_function_of_the_error(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_future_map_error(pending(w, 1), replace, w);
    expect_pending(w, &f);
    refuse(w, 1, cairn_error_new(CAIRN_ERROR_CLOSED, "test", NULL, "closed"));
    assert_true(cairn_harness_is_woken(&w->harness));
    expect_failed(w, &f, &replaced);
    assert_int_equal(w->calls, 1);
}

static void map_error_passes_a_value_through_and_does_not_call(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_future_map_error(pending(w, 1), replace, w);
    complete(w, 1);
    expect_ready(w, &f, 1);
    assert_int_equal(w->calls, 0);
}

static void dropping_map_before_and_after_its_first_poll_drops_inner_and_does_not_call(void **state)
{
    struct world *w = *state;
    struct cairn_future a = cairn_future_map(pending(w, 1), add_ten, w);
    struct cairn_future b = cairn_future_map_error(pending(w, 2), replace, w);
    expect_pending(w, &b);
    assert_int_equal(futures(w), 2);
    cairn_future_drop(&a);
    cairn_future_drop(&b);
    assert_int_equal(futures(w), 0);
    assert_int_equal(w->calls, 0);
    complete(w, 2);
    assert_false(cairn_harness_is_woken(&w->harness));
}

static void map_may_not_move_to_another_runtime(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_future_map(pending(w, 1), add_ten, w);
    assert_string_equal(cairn_future_not_send(&f), "map");
    cairn_future_drop(&f);
}

/* then, and_then */

static struct cairn_future go_on(void *cx, void *value)
{
    struct world *w = cx;
    w->calls++;
    cairn_test_value_drop(value);
    return cairn_future_take(&w->next);
}

static struct cairn_future go_on_anyhow(void *cx, enum cairn_poll p, union cairn_outcome out)
{
    struct world *w = cx;
    w->calls++;
    if (p == CAIRN_READY)
        cairn_test_value_drop(out.value);
    else
        cairn_error_unref(out.error);
    return cairn_future_take(&w->next);
}

static void and_then_goes_on_with_the_future_of_the_value(void **state)
{
    struct world *w = *state;
    w->next = pending(w, 2);
    struct cairn_future f = cairn_future_and_then(pending(w, 1), go_on, w);
    expect_pending(w, &f);
    complete(w, 1);
    assert_true(cairn_harness_is_woken(&w->harness));
    expect_pending(w, &f);
    assert_int_equal(w->calls, 1);
    assert_int_equal(futures(w), 1);
    complete(w, 2);
    assert_true(cairn_harness_is_woken(&w->harness));
    expect_ready(w, &f, 2);
    assert_int_equal(w->calls, 1);
}

static void and_then_passes_the_first_error_through_and_does_not_call(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_future_and_then(pending(w, 1), go_on, w);
    refuse(w, 1, &refused);
    expect_failed(w, &f, &refused);
    assert_int_equal(w->calls, 0);
}

static void and_then_gives_the_second_error(void **state)
{
    struct world *w = *state;
    w->next = pending(w, 2);
    struct cairn_future f = cairn_future_and_then(pending(w, 1), go_on, w);
    complete(w, 1);
    refuse(w, 2, &refused);
    expect_failed(w, &f, &refused);
    assert_int_equal(w->calls, 1);
}

static void then_goes_on_after_a_failure_and_after_a_value(void **state)
{
    struct world *w = *state;
    w->next = ready(7);
    struct cairn_future f = cairn_future_then(pending(w, 1), go_on_anyhow, w);
    expect_pending(w, &f);
    refuse(w, 1, cairn_error_new(CAIRN_ERROR_CLOSED, "test", NULL, "closed"));
    expect_ready(w, &f, 7);
    w->next = cairn_future_failed(&refused);
    f = cairn_future_then(pending(w, 2), go_on_anyhow, w);
    complete(w, 2);
    expect_failed(w, &f, &refused);
    assert_int_equal(w->calls, 2);
}

static void then_of_complete_futures_is_complete_and_allocates_nothing(void **state)
{
    struct world *w = *state;
    struct cairn_future inner = ready(1);
    w->next = ready(2);
    size_t before = cairn_test_alloc_count();
    struct cairn_future f = cairn_future_then(inner, go_on_anyhow, w);
    assert_true(cairn_future_is_complete(&f));
    w->next = cairn_future_failed(&refused);
    f = cairn_future_and_then(f, go_on, w);
    assert_true(cairn_future_is_complete(&f));
    assert_int_equal(cairn_test_alloc_count(), before);
    expect_failed(w, &f, &refused);
    assert_int_equal(w->calls, 2);
}

static void and_then_moves_while_its_second_future_is_pending(void **state)
{
    struct world *w = *state;
    w->next = pending(w, 2);
    struct cairn_future inner = ready(1);
    size_t before = cairn_test_alloc_count();
    struct cairn_future f = cairn_future_and_then(inner, go_on, w);
    assert_int_equal(w->calls, 1);
    assert_int_equal(cairn_test_alloc_count(), before + 1);
    assert_false(cairn_future_is_complete(&f));
    expect_pending(w, &f);
    complete(w, 2);
    assert_true(cairn_harness_is_woken(&w->harness));
    expect_ready(w, &f, 2);
    assert_int_equal(w->calls, 1);
}

static void dropping_then_in_either_stage_drops_the_future_it_waits_for(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_future_then(pending(w, 1), go_on_anyhow, w);
    expect_pending(w, &f);
    cairn_future_drop(&f);
    assert_int_equal(futures(w), 0);
    assert_int_equal(w->calls, 0);
    w->next = pending(w, 3);
    f = cairn_future_and_then(pending(w, 2), go_on, w);
    complete(w, 2);
    expect_pending(w, &f);
    assert_int_equal(w->calls, 1);
    cairn_future_drop(&f);
    assert_int_equal(futures(w), 0);
}

/* join_all */

static void expect_values(void **values, size_t count, int first)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(cairn_test_value_take(values[i]), first + (int)i);
    cairn_free(values);
}

static void join_all_gives_the_values_in_order_whatever_order_they_came_in(void **state)
{
    struct world *w = *state;
    struct cairn_future futures_[] = {pending(w, 1), pending(w, 2), pending(w, 3)};
    struct cairn_future f = cairn_join_all(futures_, 3, &cairn_test_value_type);
    union cairn_outcome out;
    expect_pending(w, &f);
    complete(w, 3);
    expect_pending(w, &f);
    complete(w, 1);
    expect_pending(w, &f);
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(futures(w), 1);
    complete(w, 2);
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    expect_values(out.value, 3, 1);
}

static void join_all_fails_with_the_first_failure_and_drops_the_rest(void **state)
{
    struct world *w = *state;
    struct cairn_future futures_[] = {pending(w, 1), pending(w, 2), pending(w, 3), ready(4)};
    struct cairn_future f = cairn_join_all(futures_, 4, &cairn_test_value_type);
    complete(w, 1);
    expect_pending(w, &f);
    refuse(w, 2, &refused);
    expect_failed(w, &f, &refused);
    assert_int_equal(futures(w), 0);
    assert_int_equal(cairn_test_value_live(), 1); /* the request of 3, which the test holds */
}

static void join_all_fails_before_it_polls_what_comes_after(void **state)
{
    struct world *w = *state;
    struct cairn_future futures_[] = {cairn_future_failed(&refused), pending(w, 2), ready(3)};
    struct cairn_future f = cairn_join_all(futures_, 3, &cairn_test_value_type);
    expect_failed(w, &f, &refused);
    assert_int_equal(futures(w), 0);
    assert_int_equal(cairn_test_value_live(), 1);
}

static void join_all_of_complete_futures_is_ready_at_its_first_poll(void **state)
{
    struct world *w = *state;
    struct cairn_future futures_[] = {ready(1), ready(2)};
    struct cairn_future f = cairn_join_all(futures_, 2, &cairn_test_value_type);
    union cairn_outcome out;
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    expect_values(out.value, 2, 1);
}

static void join_all_of_none_is_ready_with_null(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_join_all(NULL, 0, &cairn_test_value_type);
    union cairn_outcome out = {.value = w};
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    assert_null(out.value);
}

static void dropping_join_all_drops_futures_and_values(void **state)
{
    struct world *w = *state;
    struct cairn_future unpolled[] = {ready(1), pending(w, 2)};
    struct cairn_future f = cairn_join_all(unpolled, 2, &cairn_test_value_type);
    cairn_future_drop(&f);
    assert_int_equal(futures(w), 0);
    struct cairn_future polled[] = {ready(3), pending(w, 4)};
    f = cairn_join_all(polled, 2, &cairn_test_value_type);
    expect_pending(w, &f);
    cairn_future_drop(&f);
    assert_int_equal(futures(w), 0);
    assert_int_equal(cairn_test_value_live(), 2); /* the requests of 2 and 4 */
}

static void join_all_without_a_type_drops_no_value(void **state)
{
    struct world *w = *state;
    int borrowed = 0;
    struct cairn_future futures_[] = {cairn_future_ready(&borrowed), pending(w, 1)};
    struct cairn_future f = cairn_join_all(futures_, 2, NULL);
    expect_pending(w, &f);
    cairn_future_drop(&f);
    assert_int_equal(futures(w), 0);
    assert_int_equal(borrowed, 0);
}

static void join_all_without_memory_drops_all_and_fails(void **state)
{
    struct world *w = *state;
    cairn_test_alloc_fail_at(1);
    struct cairn_future futures_[] = {ready(1), pending(w, 2)};
    struct cairn_future f = cairn_join_all(futures_, 2, &cairn_test_value_type);
    expect_failed(w, &f, &cairn_error_no_memory);
    assert_int_equal(futures(w), 0);
}

/* select */

static void select_gives_the_first_outcome_and_drops_the_rest(void **state)
{
    struct world *w = *state;
    struct cairn_future futures_[] = {pending(w, 1), pending(w, 2), pending(w, 3)};
    size_t winner = 99;
    struct cairn_future f = cairn_select(futures_, 3, &winner);
    expect_pending(w, &f);
    assert_int_equal(winner, 99);
    complete(w, 2);
    assert_true(cairn_harness_is_woken(&w->harness));
    expect_ready(w, &f, 2);
    assert_int_equal(winner, 1);
    assert_int_equal(futures(w), 0);
}

static void select_gives_the_lowest_index_when_several_are_complete(void **state)
{
    struct world *w = *state;
    struct cairn_future futures_[] = {pending(w, 1), pending(w, 2), pending(w, 3)};
    size_t winner = 99;
    struct cairn_future f = cairn_select(futures_, 3, &winner);
    complete(w, 3);
    complete(w, 2);
    expect_ready(w, &f, 2);
    assert_int_equal(winner, 1);
}

static void select_gives_an_error_when_that_comes_first(void **state)
{
    struct world *w = *state;
    struct cairn_future futures_[] = {pending(w, 1), pending(w, 2)};
    struct cairn_future f = cairn_select(futures_, 2, NULL);
    expect_pending(w, &f);
    refuse(w, 1, &refused);
    expect_failed(w, &f, &refused);
    assert_int_equal(futures(w), 0);
}

static void select_of_a_complete_future_is_complete_and_allocates_nothing(void **state)
{
    struct world *w = *state;
    struct cairn_future futures_[] = {pending(w, 1), ready(2), cairn_future_failed(&refused)};
    size_t winner = 99;
    size_t before = cairn_test_alloc_count();
    struct cairn_future f = cairn_select(futures_, 3, &winner);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&f));
    assert_int_equal(winner, 1);
    assert_int_equal(futures(w), 0);
    expect_ready(w, &f, 2);
}

static void select_of_a_failed_future_gives_its_error_whole(void **state)
{
    struct world *w = *state;
    struct cairn_error *error = cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "counted");
    struct cairn_future futures_[] = {pending(w, 1), cairn_future_failed(error)};
    struct cairn_future f = cairn_select(futures_, 2, NULL);
    expect_failed(w, &f, error);
}

static void dropping_select_drops_all(void **state)
{
    struct world *w = *state;
    struct cairn_future futures_[] = {pending(w, 1), pending(w, 2)};
    struct cairn_future f = cairn_select(futures_, 2, NULL);
    expect_pending(w, &f);
    cairn_future_drop(&f);
    assert_int_equal(futures(w), 0);
}

static void select_none(void *cx)
{
    cairn_select(NULL, 0, cx);
}

static void select_of_none_is_a_programming_error(void **state)
{
    (void)state;
    assert_string_equal(cairn_test_misuse(select_none, NULL), "select: needs at least one future");
}

/* Memory */

static void drive(struct world *w, struct cairn_future f, int number)
{
    union cairn_outcome out;
    enum cairn_poll p = poll(w, &f, &out);
    if (p == CAIRN_PENDING) {
        complete(w, number);
        p = poll(w, &f, &out);
    }
    if (p == CAIRN_READY)
        cairn_test_value_drop(out.value);
    else
        assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_not_equal(p, CAIRN_PENDING);
}

static void every_combinator(void *cx)
{
    struct world world = {0}, *w = &world;
    union cairn_outcome out;
    (void)cx;
    world_open(w);
    drive(w, cairn_future_map(pending(w, 1), add_ten, w), 1);
    drive(w, cairn_future_map_error(pending(w, 2), replace, w), 2);
    w->next = pending(w, 3);
    drive(w, cairn_future_and_then(ready(0), go_on, w), 3);
    w->next = pending(w, 4);
    drive(w, cairn_future_then(ready(0), go_on_anyhow, w), 4);
    struct cairn_future raced[] = {pending(w, 5), pending(w, 6)};
    drive(w, cairn_select(raced, 2, NULL), 5);
    struct cairn_future joined[] = {pending(w, 7), ready(8)};
    struct cairn_future f = cairn_join_all(joined, 2, &cairn_test_value_type);
    complete(w, 7);
    if (poll(w, &f, &out) == CAIRN_READY)
        expect_values(out.value, 2, 7);
    else
        assert_ptr_equal(out.error, &cairn_error_no_memory);
    world_close(w);
}

static void each_combinator_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_int_equal(cairn_test_each_allocation(every_combinator, NULL), 8);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(map_gives_the_function_of_the_value),
        WORLD_TEST(map_of_a_complete_future_is_complete_and_allocates_nothing),
        WORLD_TEST(map_of_a_pending_future_allocates_one_box),
        WORLD_TEST(map_passes_an_error_through_and_does_not_call),
        WORLD_TEST(map_error_gives_the_function_of_the_error),
        WORLD_TEST(map_error_passes_a_value_through_and_does_not_call),
        WORLD_TEST(dropping_map_before_and_after_its_first_poll_drops_inner_and_does_not_call),
        WORLD_TEST(map_may_not_move_to_another_runtime),
        WORLD_TEST(and_then_goes_on_with_the_future_of_the_value),
        WORLD_TEST(and_then_passes_the_first_error_through_and_does_not_call),
        WORLD_TEST(and_then_gives_the_second_error),
        WORLD_TEST(then_goes_on_after_a_failure_and_after_a_value),
        WORLD_TEST(then_of_complete_futures_is_complete_and_allocates_nothing),
        WORLD_TEST(and_then_moves_while_its_second_future_is_pending),
        WORLD_TEST(dropping_then_in_either_stage_drops_the_future_it_waits_for),
        WORLD_TEST(join_all_gives_the_values_in_order_whatever_order_they_came_in),
        WORLD_TEST(join_all_fails_with_the_first_failure_and_drops_the_rest),
        WORLD_TEST(join_all_fails_before_it_polls_what_comes_after),
        WORLD_TEST(join_all_of_complete_futures_is_ready_at_its_first_poll),
        WORLD_TEST(join_all_of_none_is_ready_with_null),
        WORLD_TEST(dropping_join_all_drops_futures_and_values),
        WORLD_TEST(join_all_without_a_type_drops_no_value),
        WORLD_TEST(join_all_without_memory_drops_all_and_fails),
        WORLD_TEST(select_gives_the_first_outcome_and_drops_the_rest),
        WORLD_TEST(select_gives_the_lowest_index_when_several_are_complete),
        WORLD_TEST(select_gives_an_error_when_that_comes_first),
        WORLD_TEST(select_of_a_complete_future_is_complete_and_allocates_nothing),
        WORLD_TEST(select_of_a_failed_future_gives_its_error_whole),
        WORLD_TEST(dropping_select_drops_all),
        WORLD_TEST(select_of_none_is_a_programming_error),
        cmocka_unit_test(each_combinator_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
