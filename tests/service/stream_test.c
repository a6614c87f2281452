#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/stream.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/value.h>

static struct cairn_error refused = CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "test", "refused");

static struct cairn_harness harness;

static int open_world(void **state)
{
    (void)state;
    cairn_test_alloc_begin();
    cairn_harness_init(&harness, NULL);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    cairn_harness_fini(&harness);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
    return 0;
}

/* Gives 1, 2, … LAST and then ends, or fails with ERROR. Counts its drops. */
struct count {
    int next;
    int last;
    struct cairn_error *error;
    bool waits; /* answers PENDING once before each answer */
    bool has_waited;
    struct cairn_waker waker;
    unsigned *drops;
};

static enum cairn_poll count_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct count *self = state;
    if (self->waits && !self->has_waited) {
        self->has_waited = true;
        cairn_waker_set(&self->waker, cx);
        cairn_wake(&self->waker);
        return CAIRN_PENDING;
    }
    self->has_waited = false;
    if (self->next == self->last && self->error) {
        out->error = self->error;
        return CAIRN_FAILED;
    }
    cairn_test_alloc_exempt(true);
    out->value = self->next < self->last ? cairn_test_value_new(++self->next) : NULL;
    cairn_test_alloc_exempt(false);
    return CAIRN_READY;
}

static void count_drop(void *state)
{
    struct count *self = state;
    cairn_waker_clear(&self->waker);
    if (self->drops)
        ++*self->drops;
}

static const struct cairn_stream_ops count_ops = {.name = "count",
    .size = sizeof(struct count),
    .poll_next = count_poll_next,
    .drop = count_drop};

static struct cairn_stream count_to(int last, unsigned *drops)
{
    return cairn_stream_box(&count_ops, &(struct count){.last = last, .drops = drops});
}

static enum cairn_poll poll_next(struct cairn_stream *s, union cairn_outcome *out)
{
    struct cairn_context cx = cairn_harness_context(&harness);
    return cairn_stream_poll_next(s, &cx, out);
}

static enum cairn_poll poll(struct cairn_future *f, union cairn_outcome *out)
{
    return cairn_harness_poll(&harness, f, out);
}

static void expect_next(struct cairn_stream *s, int number)
{
    union cairn_outcome out;
    assert_int_equal(poll_next(s, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), number);
}

static void expect_end(struct cairn_stream *s)
{
    union cairn_outcome out = {.value = s};
    assert_int_equal(poll_next(s, &out), CAIRN_READY);
    assert_null(out.value);
    assert_true(cairn_stream_is_empty(s));
}

static void expect_failure(struct cairn_stream *s, const struct cairn_error *error)
{
    union cairn_outcome out;
    assert_int_equal(poll_next(s, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, error);
    assert_true(cairn_stream_is_empty(s));
    cairn_error_unref(out.error);
}

/* The stream itself */

static void the_end_drops_the_state_once_and_is_given_again_and_again(void **state)
{
    unsigned drops = 0;
    struct cairn_stream s = count_to(2, &drops);
    (void)state;
    expect_next(&s, 1);
    expect_next(&s, 2);
    assert_int_equal(drops, 0);
    expect_end(&s);
    assert_int_equal(drops, 1);
    expect_end(&s);
    cairn_stream_drop(&s);
    assert_int_equal(drops, 1);
}

static void a_failure_drops_the_state_once_and_is_followed_by_the_end(void **state)
{
    unsigned drops = 0;
    struct count count = {.last = 1, .error = &refused, .drops = &drops};
    struct cairn_stream s = cairn_stream_box(&count_ops, &count);
    (void)state;
    expect_next(&s, 1);
    expect_failure(&s, &refused);
    assert_int_equal(drops, 1);
    expect_end(&s);
}

static void dropping_it_drops_the_state_once(void **state)
{
    unsigned drops = 0;
    struct cairn_stream s = count_to(2, &drops);
    (void)state;
    expect_next(&s, 1);
    cairn_stream_drop(&s);
    cairn_stream_drop(&s);
    assert_int_equal(drops, 1);
    assert_true(cairn_stream_is_empty(&s));
}

static void where_nobody_can_wait_the_state_is_not_polled(void **state)
{
    const struct cairn_context spot = {0};
    union cairn_outcome out = {.value = &harness};
    struct cairn_stream s = count_to(1, NULL);
    (void)state;
    assert_int_equal(cairn_stream_poll_next(&s, &spot, &out), CAIRN_PENDING);
    assert_ptr_equal(out.value, &harness);
    expect_next(&s, 1);
    expect_end(&s);
    assert_int_equal(cairn_stream_poll_next(&s, &spot, &out), CAIRN_READY);
    assert_null(out.value);
}

static void a_failed_stream_allocates_nothing_and_fails_once(void **state)
{
    size_t before = cairn_test_alloc_count();
    struct cairn_stream s = cairn_stream_failed(&refused);
    (void)state;
    assert_int_equal(cairn_test_alloc_count(), before);
    expect_failure(&s, &refused);
    expect_end(&s);
    s = cairn_stream_failed(cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "let go"));
    cairn_stream_drop(&s);
    assert_true(cairn_stream_is_empty(&s));
}

/* from_array, from_future */

static void an_array_gives_its_values_in_order(void **state)
{
    void *values[] = {cairn_test_value_new(1), cairn_test_value_new(2), cairn_test_value_new(3)};
    struct cairn_stream s = cairn_stream_from_array(values, 3, &cairn_test_value_type);
    (void)state;
    values[0] = values[1] = values[2] = NULL; /* the array was copied */
    expect_next(&s, 1);
    expect_next(&s, 2);
    expect_next(&s, 3);
    expect_end(&s);
}

static void an_array_drops_the_values_that_were_not_asked_for(void **state)
{
    void *values[] = {cairn_test_value_new(1), cairn_test_value_new(2), cairn_test_value_new(3)};
    struct cairn_stream s = cairn_stream_from_array(values, 3, &cairn_test_value_type);
    (void)state;
    expect_next(&s, 1);
    assert_int_equal(cairn_test_value_live(), 2);
    cairn_stream_drop(&s);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void an_array_without_a_type_drops_no_value(void **state)
{
    int borrowed = 0;
    void *values[] = {&borrowed};
    struct cairn_stream s = cairn_stream_from_array(values, 1, NULL);
    (void)state;
    cairn_stream_drop(&s);
    assert_int_equal(borrowed, 0);
}

static void an_empty_array_is_an_ended_stream(void **state)
{
    struct cairn_stream s = cairn_stream_from_array(NULL, 0, &cairn_test_value_type);
    (void)state;
    assert_true(cairn_stream_is_empty(&s));
    expect_end(&s);
}

static void poll_null_value(void *cx)
{
    union cairn_outcome out;
    poll_next(cx, &out);
}

static void null_in_an_array_is_a_programming_error(void **state)
{
    void *values[] = {NULL};
    struct cairn_stream s = cairn_stream_from_array(values, 1, NULL);
    (void)state;
    assert_string_equal(
        cairn_test_misuse(poll_null_value, &s), "stream_from_array: a value is NULL");
    cairn_stream_drop(&s);
}

static void a_future_gives_its_value_and_then_the_end(void **state)
{
    struct cairn_stream s = cairn_stream_from_future(cairn_future_ready(cairn_test_value_new(5)));
    (void)state;
    expect_next(&s, 5);
    expect_end(&s);
}

static void a_future_of_null_gives_the_end(void **state)
{
    struct cairn_stream s = cairn_stream_from_future(cairn_future_ready(NULL));
    (void)state;
    expect_end(&s);
}

static void a_future_that_fails_fails_the_stream(void **state)
{
    struct cairn_stream s = cairn_stream_from_future(cairn_future_failed(&refused));
    (void)state;
    expect_failure(&s, &refused);
}

static void a_future_is_dropped_with_its_stream(void **state)
{
    struct cairn_stream s = cairn_stream_from_future(
        cairn_future_ready_of(&cairn_test_value_type, cairn_test_value_new(5)));
    (void)state;
    cairn_stream_drop(&s);
    assert_int_equal(cairn_test_value_live(), 0);
}

/* map, take */

static void *add_ten(void *cx, void *value)
{
    ++*(unsigned *)cx;
    cairn_test_value_set(value, cairn_test_value_number(value) + 10);
    return value;
}

static void *give_null(void *cx, void *value)
{
    (void)cx;
    cairn_test_value_drop(value);
    return NULL;
}

static void map_gives_the_function_of_each_value(void **state)
{
    unsigned calls = 0, drops = 0;
    struct cairn_stream s = cairn_stream_map(count_to(2, &drops), add_ten, &calls);
    (void)state;
    assert_int_equal(calls, 0);
    expect_next(&s, 11);
    expect_next(&s, 12);
    expect_end(&s);
    assert_int_equal(calls, 2);
    assert_int_equal(drops, 1);
}

static void map_passes_waiting_and_failure_on(void **state)
{
    unsigned calls = 0;
    struct count count = {.last = 1, .error = &refused, .waits = true};
    struct cairn_stream s = cairn_stream_map(cairn_stream_box(&count_ops, &count), add_ten, &calls);
    union cairn_outcome out;
    (void)state;
    assert_int_equal(poll_next(&s, &out), CAIRN_PENDING);
    assert_true(cairn_harness_is_woken(&harness));
    expect_next(&s, 11);
    assert_int_equal(poll_next(&s, &out), CAIRN_PENDING);
    expect_failure(&s, &refused);
    assert_int_equal(calls, 1);
}

static void map_to_null_is_a_programming_error(void **state)
{
    struct cairn_stream s = cairn_stream_map(count_to(1, NULL), give_null, NULL);
    (void)state;
    assert_string_equal(
        cairn_test_misuse(poll_null_value, &s), "stream_map: the function returned NULL");
    cairn_stream_drop(&s);
}

static void dropping_map_drops_inner(void **state)
{
    unsigned calls = 0, drops = 0;
    struct cairn_stream s = cairn_stream_map(count_to(2, &drops), add_ten, &calls);
    (void)state;
    cairn_stream_drop(&s);
    assert_int_equal(drops, 1);
    assert_int_equal(calls, 0);
}

static void take_gives_so_many_values_and_drops_inner_with_the_last(void **state)
{
    unsigned drops = 0;
    struct cairn_stream s = cairn_stream_take(count_to(5, &drops), 2);
    (void)state;
    expect_next(&s, 1);
    assert_int_equal(drops, 0);
    expect_next(&s, 2);
    assert_int_equal(drops, 1);
    expect_end(&s);
}

static void take_of_more_than_there_is_ends_with_inner(void **state)
{
    unsigned drops = 0;
    struct cairn_stream s = cairn_stream_take(count_to(1, &drops), 2);
    (void)state;
    expect_next(&s, 1);
    expect_end(&s);
    assert_int_equal(drops, 1);
}

static void take_of_none_drops_inner_at_once(void **state)
{
    unsigned drops = 0;
    struct cairn_stream s = cairn_stream_take(count_to(1, &drops), 0);
    (void)state;
    assert_int_equal(drops, 1);
    expect_end(&s);
}

static void dropping_take_drops_inner_once(void **state)
{
    unsigned drops = 0;
    struct cairn_stream s = cairn_stream_take(count_to(5, &drops), 2);
    (void)state;
    expect_next(&s, 1);
    cairn_stream_drop(&s);
    assert_int_equal(drops, 1);
}

/* next, collect */

static void next_gives_one_value_and_then_null(void **state)
{
    struct count count = {.last = 1, .waits = true};
    struct cairn_stream s = cairn_stream_box(&count_ops, &count);
    struct cairn_future f = cairn_stream_next(&s);
    union cairn_outcome out;
    (void)state;
    assert_int_equal(poll(&f, &out), CAIRN_PENDING);
    assert_true(cairn_harness_is_woken(&harness));
    assert_int_equal(poll(&f, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 1);
    f = cairn_stream_next(&s);
    assert_int_equal(poll(&f, &out), CAIRN_PENDING);
    assert_int_equal(poll(&f, &out), CAIRN_READY);
    assert_null(out.value);
    assert_true(cairn_stream_is_empty(&s));
}

static void dropping_next_takes_nothing_from_the_stream(void **state)
{
    struct count count = {.last = 1, .waits = true};
    struct cairn_stream s = cairn_stream_box(&count_ops, &count);
    union cairn_outcome out;
    (void)state;
    struct cairn_future f = cairn_stream_next(&s);
    assert_int_equal(poll(&f, &out), CAIRN_PENDING);
    cairn_future_drop(&f);
    expect_next(&s, 1);
    cairn_stream_drop(&s);
}

static struct cairn_stream_values *expect_collected(struct cairn_future *f, size_t count)
{
    union cairn_outcome out;
    assert_int_equal(poll(f, &out), CAIRN_READY);
    struct cairn_stream_values *values = out.value;
    assert_int_equal(values->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(cairn_test_value_number(values->values[i]), (int)i + 1);
    return values;
}

static void collect_gives_all_values(void **state)
{
    struct cairn_future f = cairn_stream_collect(count_to(20, NULL), 0, &cairn_test_value_type);
    (void)state;
    cairn_stream_values_free(expect_collected(&f, 20));
}

static void collect_of_an_ended_stream_gives_no_values(void **state)
{
    struct cairn_future f =
        cairn_stream_collect((struct cairn_stream){0}, 0, &cairn_test_value_type);
    (void)state;
    cairn_stream_values_free(expect_collected(&f, 0));
}

static void collect_goes_on_where_it_waited(void **state)
{
    struct count count = {.last = 2, .waits = true};
    struct cairn_future f =
        cairn_stream_collect(cairn_stream_box(&count_ops, &count), 0, &cairn_test_value_type);
    union cairn_outcome out = {.value = &harness};
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(poll(&f, &out), CAIRN_PENDING);
        assert_ptr_equal(out.value, &harness);
        assert_true(cairn_harness_is_woken(&harness));
    }
    cairn_stream_values_free(expect_collected(&f, 2));
}

static void collect_of_exactly_the_most_is_ready(void **state)
{
    struct cairn_future f = cairn_stream_collect(count_to(3, NULL), 3, &cairn_test_value_type);
    (void)state;
    cairn_stream_values_free(expect_collected(&f, 3));
}

static void collect_of_more_fails_and_drops_everything(void **state)
{
    unsigned drops = 0;
    struct cairn_future f = cairn_stream_collect(count_to(4, &drops), 3, &cairn_test_value_type);
    union cairn_outcome out;
    (void)state;
    assert_int_equal(poll(&f, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_TOO_LARGE);
    assert_string_equal(out.error->message, "more than 3 values");
    cairn_error_unref(out.error);
    assert_int_equal(drops, 1);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void collect_stops_an_endless_stream_at_65536_by_itself(void **state)
{
    struct cairn_future f =
        cairn_stream_collect(count_to(INT32_MAX, NULL), 0, &cairn_test_value_type);
    union cairn_outcome out;
    (void)state;
    assert_int_equal(poll(&f, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "more than 65536 values");
    cairn_error_unref(out.error);
}

static void collect_fails_as_inner_fails_and_drops_what_it_has(void **state)
{
    struct count count = {.last = 3, .error = &refused};
    struct cairn_future f =
        cairn_stream_collect(cairn_stream_box(&count_ops, &count), 0, &cairn_test_value_type);
    union cairn_outcome out;
    (void)state;
    assert_int_equal(poll(&f, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &refused);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void dropping_collect_drops_inner_and_what_it_has(void **state)
{
    unsigned drops = 0;
    struct count count = {.last = 2, .waits = true, .drops = &drops};
    struct cairn_future f =
        cairn_stream_collect(cairn_stream_box(&count_ops, &count), 0, &cairn_test_value_type);
    union cairn_outcome out;
    (void)state;
    assert_int_equal(poll(&f, &out), CAIRN_PENDING);
    assert_int_equal(poll(&f, &out), CAIRN_PENDING);
    assert_int_equal(cairn_test_value_live(), 1);
    cairn_future_drop(&f);
    assert_int_equal(drops, 1);
    cairn_stream_values_free(NULL);
}

/* Memory */

static void expect_no_memory(const struct cairn_error *error)
{
    assert_true(error->code == CAIRN_ERROR_MEMORY);
}

static struct cairn_stream four_values(void)
{
    void *values[4];
    cairn_test_alloc_exempt(true);
    for (int i = 0; i < 4; i++)
        values[i] = cairn_test_value_new(i + 1);
    cairn_test_alloc_exempt(false);
    return cairn_stream_from_array(values, 4, &cairn_test_value_type);
}

static void array_to_map_to_take_to_collect(void *cx)
{
    unsigned calls = 0;
    union cairn_outcome out;
    (void)cx;
    cairn_harness_init(&harness, NULL);
    struct cairn_stream s = cairn_stream_map(four_values(), add_ten, &calls);
    struct cairn_future f =
        cairn_stream_collect(cairn_stream_take(s, 3), 0, &cairn_test_value_type);
    if (poll(&f, &out) == CAIRN_READY)
        cairn_stream_values_free(out.value);
    else
        expect_no_memory(out.error);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_harness_fini(&harness);
}

static void a_chain_of_streams_survives_each_failed_allocation(void **state)
{
    (void)state;
    /* array and its box, map, take, values, collect, the values' array */
    assert_int_equal(cairn_test_each_allocation(array_to_map_to_take_to_collect, NULL), 7);
}

static void future_to_next(void *cx)
{
    union cairn_outcome out;
    (void)cx;
    cairn_harness_init(&harness, NULL);
    cairn_test_alloc_exempt(true);
    struct cairn_future value =
        cairn_future_ready_of(&cairn_test_value_type, cairn_test_value_new(1));
    cairn_test_alloc_exempt(false);
    struct cairn_stream s = cairn_stream_from_future(value);
    struct cairn_future f = cairn_stream_next(&s);
    if (poll(&f, &out) == CAIRN_READY)
        cairn_test_value_drop(out.value);
    else
        expect_no_memory(out.error);
    cairn_stream_drop(&s);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_harness_fini(&harness);
}

static void a_stream_of_a_future_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_int_equal(cairn_test_each_allocation(future_to_next, NULL), 2);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_end_drops_the_state_once_and_is_given_again_and_again),
        WORLD_TEST(a_failure_drops_the_state_once_and_is_followed_by_the_end),
        WORLD_TEST(dropping_it_drops_the_state_once),
        WORLD_TEST(where_nobody_can_wait_the_state_is_not_polled),
        WORLD_TEST(a_failed_stream_allocates_nothing_and_fails_once),
        WORLD_TEST(an_array_gives_its_values_in_order),
        WORLD_TEST(an_array_drops_the_values_that_were_not_asked_for),
        WORLD_TEST(an_array_without_a_type_drops_no_value),
        WORLD_TEST(an_empty_array_is_an_ended_stream),
        WORLD_TEST(null_in_an_array_is_a_programming_error),
        WORLD_TEST(a_future_gives_its_value_and_then_the_end),
        WORLD_TEST(a_future_of_null_gives_the_end),
        WORLD_TEST(a_future_that_fails_fails_the_stream),
        WORLD_TEST(a_future_is_dropped_with_its_stream),
        WORLD_TEST(map_gives_the_function_of_each_value),
        WORLD_TEST(map_passes_waiting_and_failure_on),
        WORLD_TEST(map_to_null_is_a_programming_error),
        WORLD_TEST(dropping_map_drops_inner),
        WORLD_TEST(take_gives_so_many_values_and_drops_inner_with_the_last),
        WORLD_TEST(take_of_more_than_there_is_ends_with_inner),
        WORLD_TEST(take_of_none_drops_inner_at_once),
        WORLD_TEST(dropping_take_drops_inner_once),
        WORLD_TEST(next_gives_one_value_and_then_null),
        WORLD_TEST(dropping_next_takes_nothing_from_the_stream),
        WORLD_TEST(collect_gives_all_values),
        WORLD_TEST(collect_of_an_ended_stream_gives_no_values),
        WORLD_TEST(collect_goes_on_where_it_waited),
        WORLD_TEST(collect_of_exactly_the_most_is_ready),
        WORLD_TEST(collect_of_more_fails_and_drops_everything),
        WORLD_TEST(collect_stops_an_endless_stream_at_65536_by_itself),
        WORLD_TEST(collect_fails_as_inner_fails_and_drops_what_it_has),
        WORLD_TEST(dropping_collect_drops_inner_and_what_it_has),
        cmocka_unit_test(a_chain_of_streams_survives_each_failed_allocation),
        cmocka_unit_test(a_stream_of_a_future_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
