#include <cairn/layers/ready_cache.h>

#include "fixture.h"

#include <stdio.h>

/* A set of mocks, each under a key of its own, and what failed of late. */
struct world {
    struct fixture *f;
    struct cairn_ready_cache *cache;
    struct cairn_mock *a;
    struct cairn_mock *b;
    unsigned failures;
    char failed[16];
};

static struct world world;

static void world_failed(void *cx, const char *key, struct cairn_error *error)
{
    struct world *w = cx;
    w->failures++;
    snprintf(w->failed, sizeof(w->failed), "%s", key);
    cairn_error_unref(error);
}

static int world_setup(void **state)
{
    fixture_setup(state);
    world = (struct world){.f = *state};
    world.cache = cairn_ready_cache_new(world_failed, &world);
    world.a = cairn_mock_new(NULL);
    world.b = cairn_mock_new(NULL);
    cairn_mock_allow(world.a, 0);
    cairn_mock_allow(world.b, 0);
    *state = &world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *w = *state;
    void *fixture = w->f;
    cairn_ready_cache_free(w->cache);
    cairn_mock_free(w->a);
    cairn_mock_free(w->b);
    return fixture_teardown(&fixture);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

static void push(struct world *w, const char *key, struct cairn_mock *mock)
{
    assert_true(cairn_ready_cache_push(w->cache, key, cairn_mock_service(mock), 1));
}

static enum cairn_poll poll(struct world *w)
{
    const struct cairn_context cx = cairn_harness_context(&w->f->a);
    return cairn_ready_cache_poll_pending(w->cache, &cx);
}

static enum cairn_poll check(struct world *w, const char *key)
{
    const struct cairn_context cx = cairn_harness_context(&w->f->a);
    struct cairn_ready_entry *entry = cairn_ready_cache_find_ready(w->cache, key);
    assert_non_null(entry);
    return cairn_ready_cache_check(w->cache, entry, &cx);
}

static void break_ready(struct cairn_mock *mock)
{
    cairn_mock_fail_ready(mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "told to fail"));
}

/* A call of KEY, which is ready, and its answer. */
static void use(struct world *w, const char *key, struct cairn_mock *mock)
{
    struct cairn_ready_entry *entry = cairn_ready_cache_find_ready(w->cache, key);
    assert_non_null(entry);
    struct cairn_future future = cairn_ready_cache_call(w->cache, entry, cairn_test_value_new(1));
    cairn_mock_respond(cairn_mock_expect(mock, 1), cairn_test_value_new(2));
    assert_response(&w->f->a, &future, 2);
}

static void assert_set(struct world *w, size_t ready, size_t pending)
{
    assert_int_equal(cairn_ready_cache_ready_len(w->cache), ready);
    assert_int_equal(cairn_ready_cache_pending_len(w->cache), pending);
    assert_int_equal(cairn_ready_cache_len(w->cache), ready + pending);
}

static void T094_after_one_failure_the_other_is_left(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    push(w, "b", w->b);
    break_ready(w->a);
    assert_int_equal(poll(w), CAIRN_PENDING);
    assert_int_equal(w->failures, 1);
    assert_string_equal(w->failed, "a");
    assert_set(w, 0, 1);
    assert_true(cairn_ready_cache_is_pending(w->cache, "b"));
    assert_true(cairn_mock_is_closed(w->a));
}

static void T095_two_that_are_not_ready_are_pending(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    push(w, "b", w->b);
    assert_int_equal(poll(w), CAIRN_PENDING);
    assert_set(w, 0, 2);
}

static void T097_one_poll_promotes_both(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    push(w, "b", w->b);
    assert_int_equal(poll(w), CAIRN_PENDING);
    cairn_mock_allow(w->a, 1);
    assert_true(cairn_harness_is_woken(&w->f->a));
    cairn_mock_allow(w->b, 1);
    assert_true(cairn_harness_is_woken(&w->f->a));
    assert_int_equal(poll(w), CAIRN_READY);
    assert_set(w, 2, 0);
}

static void T098_one_that_was_evicted_never_fails(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_true(cairn_ready_cache_evict(w->cache, "a"));
    break_ready(w->a);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_int_equal(w->failures, 0);
    assert_false(cairn_ready_cache_evict(w->cache, "a"));
    assert_true(cairn_mock_is_closed(w->a));
}

static void T100_one_may_be_evicted_before_it_was_polled(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    break_ready(w->a);
    assert_true(cairn_ready_cache_evict(w->cache, "a"));
    assert_int_equal(poll(w), CAIRN_READY);
    assert_int_equal(w->failures, 0);
    assert_set(w, 0, 0);
}

static void T101_one_that_fails_when_it_is_ready_is_noticed_by_check_alone(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    break_ready(w->a);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_set(w, 1, 0);
    assert_int_equal(check(w, "a"), CAIRN_FAILED);
    assert_int_equal(w->failures, 1);
    assert_set(w, 0, 0);
}

static void T103_a_key_that_was_evicted_may_be_pushed_again(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_true(cairn_ready_cache_evict(w->cache, "a"));
    push(w, "a", w->b);
    cairn_mock_allow(w->b, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_set(w, 1, 0);
    assert_int_equal(check(w, "a"), CAIRN_READY);
    use(w, "a", w->b);
}

static void T104_130_pushes_on_one_key_leave_the_last(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 130; i++)
        push(w, "a", i < 129 ? w->a : w->b);
    assert_true(cairn_mock_is_closed(w->a));
    assert_int_equal(cairn_mock_counts(w->a).releases, 0);
    cairn_mock_allow(w->b, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_set(w, 1, 0);
    use(w, "a", w->b);
}

static void X023_the_old_one_is_used_until_the_new_one_is_ready(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    push(w, "a", w->b);
    assert_int_equal(poll(w), CAIRN_PENDING);
    assert_set(w, 1, 1);
    assert_int_equal(check(w, "a"), CAIRN_READY);
    assert_false(cairn_mock_is_closed(w->a));
    cairn_mock_allow(w->b, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_set(w, 1, 0);
    assert_true(cairn_mock_is_closed(w->a));
    use(w, "a", w->b);
}

static void the_old_one_is_dropped_once_it_was_called_though_the_new_one_is_not_ready(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 2);
    assert_int_equal(poll(w), CAIRN_READY);
    push(w, "a", w->b);
    use(w, "a", w->a);
    assert_true(cairn_mock_is_closed(w->a));
    assert_set(w, 0, 1);
}

static void a_call_makes_it_pending_again(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    use(w, "a", w->a);
    assert_set(w, 0, 1);
    assert_int_equal(poll(w), CAIRN_PENDING);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_int_equal(cairn_ready_cache_find_ready(w->cache, "a")->picks, 1);
}

static void a_release_gives_the_reservation_back(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    push(w, "b", w->b);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_PENDING);
    assert_int_equal(cairn_mock_counts(w->a).reserved, 1);
    assert_int_equal(cairn_mock_counts(w->b).waiting, 1);
    cairn_ready_cache_release_all(w->cache);
    assert_int_equal(cairn_mock_counts(w->a).reserved, 0);
    assert_int_equal(cairn_mock_counts(w->b).waiting, 0);
    assert_set(w, 0, 2);
    assert_int_equal(poll(w), CAIRN_PENDING);
    assert_set(w, 1, 1);
}

static struct cairn_ready_entry *take(struct world *w, const char *key)
{
    struct cairn_ready_entry *entry = cairn_ready_cache_find_ready(w->cache, key);
    assert_non_null(entry);
    cairn_ready_cache_take(w->cache, entry);
    return entry;
}

static void a_taken_one_is_counted_but_not_among_those_that_are_ready(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    struct cairn_ready_entry *entry = take(w, "a");
    assert_int_equal(cairn_ready_cache_ready_len(w->cache), 0);
    assert_int_equal(cairn_ready_cache_len(w->cache), 1);
    assert_null(cairn_ready_cache_find_ready(w->cache, "a"));
    cairn_ready_cache_release(w->cache, entry);
    assert_set(w, 0, 1);
}

static void a_taken_one_that_is_evicted_may_still_be_called(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    struct cairn_ready_entry *entry = take(w, "a");
    assert_true(cairn_ready_cache_evict(w->cache, "a"));
    assert_true(entry->is_evicted);
    assert_set(w, 0, 0);
    assert_false(cairn_ready_cache_evict(w->cache, "a"));
    struct cairn_future future = cairn_ready_cache_call(w->cache, entry, cairn_test_value_new(1));
    assert_int_equal(cairn_mock_counts(w->a).services, 0);
    cairn_mock_respond(cairn_mock_expect(w->a, 1), cairn_test_value_new(2));
    assert_response(&w->f->a, &future, 2);
}

static void a_taken_one_that_was_replaced_is_dropped_when_it_is_released(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    struct cairn_ready_entry *entry = take(w, "a");
    push(w, "a", w->b);
    cairn_mock_allow(w->b, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_true(entry->is_evicted);
    assert_set(w, 1, 0);
    cairn_ready_cache_release(w->cache, entry);
    assert_true(cairn_mock_is_closed(w->a));
    use(w, "a", w->b);
}

static void one_that_is_taken_goes_with_the_set(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    push(w, "b", w->b);
    cairn_mock_allow(w->a, 1);
    cairn_mock_allow(w->b, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    take(w, "a");
    take(w, "b");
    assert_true(cairn_ready_cache_evict(w->cache, "b"));
    cairn_ready_cache_free(w->cache);
    w->cache = NULL;
    assert_true(cairn_mock_is_closed(w->a));
    assert_true(cairn_mock_is_closed(w->b));
}

/* READY once, then PENDING, as one whose reservation was taken from it. */
struct moody {
    struct cairn_service base;
    bool is_moody;
};

static enum cairn_poll moody_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct moody *self = (struct moody *)base;
    (void)cx;
    (void)error;
    self->is_moody = !self->is_moody;
    return self->is_moody ? CAIRN_READY : CAIRN_PENDING;
}

static const struct cairn_service_ops moody_ops = {
    .name = "moody", .size = sizeof(struct moody), .poll_ready = moody_poll_ready};

static void one_that_lost_its_readiness_is_pending_again(void **state)
{
    struct world *w = *state;
    struct moody *moody = cairn_service_new(&moody_ops, NULL);
    assert_true(cairn_ready_cache_push(w->cache, "a", &moody->base, 1));
    assert_int_equal(poll(w), CAIRN_READY);
    assert_int_equal(check(w, "a"), CAIRN_PENDING);
    assert_set(w, 0, 1);
    assert_int_equal(w->failures, 0);
}

static void many_keys_are_found_again(void **state)
{
    struct world *w = *state;
    char key[16];
    cairn_mock_allow(w->a, CAIRN_MOCK_UNLIMITED);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        push(w, key, w->a);
        if (i % 3 == 0)
            assert_int_equal(poll(w), CAIRN_READY);
    }
    assert_int_equal(cairn_ready_cache_len(w->cache), 1000);
    for (int i = 0; i < 1000; i += 2) {
        snprintf(key, sizeof(key), "key-%d", i);
        assert_true(cairn_ready_cache_evict(w->cache, key));
    }
    assert_int_equal(poll(w), CAIRN_READY);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        struct cairn_ready_entry *entry = cairn_ready_cache_find_ready(w->cache, key);
        assert_int_equal(entry != NULL, i % 2);
        assert_true(!entry || strcmp(entry->key, key) == 0);
    }
    assert_set(w, 500, 0);
}

static void see_number(void *cx, const struct cairn_ready_entry *entry)
{
    uint64_t *last = cx;
    assert_true(entry->number > *last);
    *last = entry->number;
}

static void each_goes_in_the_order_of_the_pushes(void **state)
{
    struct world *w = *state;
    uint64_t last = 0;
    push(w, "b", w->a);
    push(w, "a", w->a);
    push(w, "c", w->a);
    push(w, "b", w->b);
    cairn_ready_cache_each(w->cache, see_number, &last);
    assert_int_equal(last, 4);
}

static void take_twice(void *cx)
{
    struct world *w = cx;
    struct cairn_ready_entry *entry = cairn_ready_cache_find_ready(w->cache, "a");
    cairn_ready_cache_take(w->cache, entry);
    cairn_ready_cache_take(w->cache, entry);
}

static void taking_what_is_not_ready_is_noticed(void **state)
{
    struct world *w = *state;
    push(w, "a", w->a);
    cairn_mock_allow(w->a, 1);
    assert_int_equal(poll(w), CAIRN_READY);
    assert_string_equal(cairn_test_misuse(take_twice, w), "ready_cache: took what is not ready");
}

/* Nine pushes, so that the set grows; what could not be pushed is dropped, the rest is there. */
static void push_without_memory(void *cx)
{
    struct world *w = cx;
    struct cairn_ready_cache *cache = cairn_ready_cache_new(world_failed, w);
    if (!cache)
        return;
    size_t pushed = 0;
    for (int i = 0; i < 9; i++) {
        char key[2] = {(char)('a' + i), 0};
        cairn_test_alloc_exempt(true);
        struct cairn_service *service = cairn_mock_service(w->a);
        cairn_test_alloc_exempt(false);
        pushed += cairn_ready_cache_push(cache, key, service, 1);
    }
    assert_int_equal(cairn_ready_cache_len(cache), pushed);
    assert_int_equal(cairn_mock_counts(w->a).services, pushed);
    cairn_ready_cache_free(cache);
    assert_int_equal(cairn_mock_counts(w->a).services, 0);
}

static void a_push_without_memory_leaves_the_set_as_it_was(void **state)
{
    struct world w = {.f = NULL};
    (void)state;
    w.a = cairn_mock_new(NULL);
    assert_int_equal(cairn_test_each_allocation(push_without_memory, &w), 1 + 2 * 3 + 9);
    cairn_mock_free(w.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(T094_after_one_failure_the_other_is_left),
        world_test(T095_two_that_are_not_ready_are_pending),
        world_test(T097_one_poll_promotes_both),
        world_test(T098_one_that_was_evicted_never_fails),
        world_test(T100_one_may_be_evicted_before_it_was_polled),
        world_test(T101_one_that_fails_when_it_is_ready_is_noticed_by_check_alone),
        world_test(T103_a_key_that_was_evicted_may_be_pushed_again),
        world_test(T104_130_pushes_on_one_key_leave_the_last),
        world_test(X023_the_old_one_is_used_until_the_new_one_is_ready),
        world_test(the_old_one_is_dropped_once_it_was_called_though_the_new_one_is_not_ready),
        world_test(a_call_makes_it_pending_again),
        world_test(a_release_gives_the_reservation_back),
        world_test(a_taken_one_is_counted_but_not_among_those_that_are_ready),
        world_test(a_taken_one_that_is_evicted_may_still_be_called),
        world_test(a_taken_one_that_was_replaced_is_dropped_when_it_is_released),
        world_test(one_that_is_taken_goes_with_the_set),
        world_test(one_that_lost_its_readiness_is_pending_again),
        world_test(many_keys_are_found_again),
        world_test(each_goes_in_the_order_of_the_pushes),
        world_test(taking_what_is_not_ready_is_noticed),
        cmocka_unit_test(a_push_without_memory_leaves_the_set_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
