#include <cairn/layers/idle_cache.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/testkit/contract.h>

/* Makes services of the fixture's mock, each with a limit of one call at a time; and counts. */
struct maker {
    struct cairn_mock *mock;
    unsigned made;
    unsigned dropped;
    bool is_broken;
    char last_key[32];
};

static struct cairn_service *make(void *cx, struct cairn_str key)
{
    static struct cairn_error broken =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_NOT_FOUND, "maker", "no such");
    const struct cairn_layer limit = cairn_concurrency_limit(.max = 1);
    struct maker *self = cx;
    if (self->is_broken)
        return cairn_service_broken(&broken);
    self->made++;
    assert_true(key.length < sizeof(self->last_key));
    memcpy(self->last_key, key.data, key.length);
    self->last_key[key.length] = 0;
    return cairn_layer_apply(&limit, cairn_mock_service(self->mock));
}

static void made_no_more(void *cx)
{
    ((struct maker *)cx)->dropped++;
}

static struct cairn_idle_cache *cache_of(struct fixture *f, struct maker *maker, size_t max_keys)
{
    struct cairn_error *error = NULL;
    *maker = (struct maker){.mock = f->mock};
    struct cairn_idle_cache *cache = cairn_idle_cache_new(
        &(struct cairn_idle_cache_options){.size = sizeof(struct cairn_idle_cache_options),
            .make = make,
            .cx = maker,
            .cx_drop = made_no_more,
            .idle_ms = 500,
            .max_keys = max_keys},
        &error);
    assert_non_null(cache);
    return cache;
}

static struct cairn_service *get(struct cairn_idle_cache *cache, const char *key)
{
    struct cairn_service *s = cairn_idle_cache_get(cache, cairn_str_from(key));
    assert_null(cairn_service_error(s));
    return s;
}

static uint64_t number(const struct cairn_idle_cache *cache, const char *key)
{
    static const struct cairn_describe_ops ops = {.number = fixture_number_see};
    struct fixture_number found = {.key = key};
    struct cairn_describe d = {&ops, &found};
    cairn_idle_cache_describe(cache, &d);
    assert_true(found.is_found);
    return found.value;
}

static void assert_broken(
    struct cairn_service *s, enum cairn_error_code code, const char *layer, const char *message)
{
    const struct cairn_error *error = cairn_service_error(s);
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(error->layer, layer);
    assert_string_equal(error->message, message);
    cairn_service_drop(s);
}

/* A layer that hands INNER out by way of a cache. */
struct by_way {
    struct cairn_service *inner;
};

static struct cairn_service *hand_out(void *cx, struct cairn_str key)
{
    struct cairn_service *copy = cairn_service_clone(((struct by_way *)cx)->inner);
    (void)key;
    return copy ? copy : cairn_service_broken(&cairn_error_no_memory);
}

static void by_way_drop(void *cx)
{
    cairn_service_drop(((struct by_way *)cx)->inner);
    cairn_free(cx);
}

static struct cairn_service *by_way_apply(void *cx, struct cairn_service *inner)
{
    struct cairn_error *error = &cairn_error_no_memory;
    struct by_way *way = cairn_alloc_zero(sizeof(*way));
    (void)cx;
    struct cairn_idle_cache *cache = !way ? NULL
                                          : cairn_idle_cache_new(
                                                &(struct cairn_idle_cache_options){
                                                    .size = sizeof(struct cairn_idle_cache_options),
                                                    .make = hand_out,
                                                    .cx = way,
                                                    .cx_drop = by_way_drop},
                                                &error);
    if (!cache) {
        cairn_free(way);
        cairn_service_drop(inner);
        return cairn_service_broken(error);
    }
    way->inner = inner;
    struct cairn_service *s = cairn_idle_cache_get(cache, CAIRN_STR("key"));
    cairn_idle_cache_unref(cache);
    return s;
}

static void services_of_a_cache_keep_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_layer_fn("idle_cache", by_way_apply, NULL);
    (void)state;
    cairn_contract_check(&layer);
}

static void service_of_a_key_is_made_once_and_shared(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_idle_cache *cache = cache_of(f, &maker, 0);
    struct cairn_service *s = get(cache, "a");
    struct cairn_service *same = get(cache, "a");
    struct cairn_service *other = get(cache, "b");
    assert_int_equal(maker.made, 2);
    assert_string_equal(maker.last_key, "b");
    assert_ready(&f->a, s);
    assert_not_ready(&f->a, same); /* one limit */
    assert_ready(&f->a, other);
    assert_int_equal(number(cache, "keys"), 2);
    assert_int_equal(number(cache, "in_use"), 2);
    cairn_service_drop(s);
    cairn_service_drop(same);
    cairn_service_drop(other);
    assert_int_equal(number(cache, "in_use"), 0);
    assert_int_equal(maker.dropped, 0);
    cairn_idle_cache_unref(cache);
    assert_int_equal(maker.dropped, 1);
}

static void idle_service_is_dropped_after_its_time(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_idle_cache *cache = cache_of(f, &maker, 0);
    cairn_service_drop(get(cache, "a"));
    fixture_advance(f, 200);
    cairn_service_drop(get(cache, "b"));
    fixture_advance(f, 299);
    assert_int_equal(number(cache, "keys"), 2);
    fixture_advance(f, 1);
    assert_int_equal(number(cache, "keys"), 1);
    fixture_advance(f, 200);
    assert_int_equal(number(cache, "keys"), 0);
    assert_int_equal(number(cache, "idled"), 2);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    cairn_service_drop(get(cache, "a"));
    assert_int_equal(maker.made, 3);
    cairn_idle_cache_unref(cache);
}

static void use_begins_the_time_anew(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_idle_cache *cache = cache_of(f, &maker, 0);
    cairn_service_drop(get(cache, "a"));
    fixture_advance(f, 499);
    cairn_service_drop(get(cache, "a"));
    fixture_advance(f, 499);
    assert_int_equal(number(cache, "keys"), 1);
    fixture_advance(f, 1);
    assert_int_equal(number(cache, "keys"), 0);
    assert_int_equal(maker.made, 1);
    cairn_idle_cache_unref(cache);
}

static void service_in_use_is_kept_for_ever(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_idle_cache *cache = cache_of(f, &maker, 0);
    struct cairn_service *s = get(cache, "a");
    struct cairn_service *copy = fixture_clone(s);
    cairn_service_drop(s);
    fixture_advance(f, 100000);
    assert_int_equal(number(cache, "keys"), 1);
    cairn_service_drop(copy);
    fixture_advance(f, 500);
    assert_int_equal(number(cache, "keys"), 0);
    cairn_idle_cache_unref(cache);
}

static void call_keeps_the_service_in_use(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_idle_cache *cache = cache_of(f, &maker, 0);
    struct cairn_service *s = get(cache, "a");
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_service_drop(s);
    fixture_advance(f, 100000);
    assert_int_equal(number(cache, "keys"), 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    fixture_advance(f, 500);
    assert_int_equal(number(cache, "keys"), 0);
    cairn_idle_cache_unref(cache);
}

static void services_and_calls_outlive_the_owner_of_the_cache(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_idle_cache *cache = cache_of(f, &maker, 0);
    struct cairn_service *s = get(cache, "a");
    cairn_service_drop(get(cache, "b"));
    cairn_idle_cache_unref(cache);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_service_drop(s);
    assert_int_equal(maker.dropped, 0);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(maker.dropped, 1);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void idle_for_longest_makes_room(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_idle_cache *cache = cache_of(f, &maker, 2);
    struct cairn_service *a = get(cache, "a");
    cairn_service_drop(get(cache, "b"));
    cairn_service_drop(a);
    cairn_service_drop(get(cache, "c")); /* in place of b */
    cairn_service_drop(get(cache, "a"));
    assert_int_equal(maker.made, 3);
    cairn_service_drop(get(cache, "b")); /* in place of c */
    assert_int_equal(maker.made, 4);
    assert_int_equal(number(cache, "keys"), 2);
    assert_int_equal(number(cache, "evicted"), 2);
    cairn_idle_cache_unref(cache);
}

static void one_key_too_many_is_refused(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_idle_cache *cache = cache_of(f, &maker, 2);
    struct cairn_service *a = get(cache, "a");
    struct cairn_service *b = get(cache, "b");
    assert_broken(cairn_idle_cache_get(cache, CAIRN_STR("c")), CAIRN_ERROR_OVERLOADED, "idle_cache",
        "all 2 keys are in use");
    assert_int_equal(number(cache, "refused"), 1);
    cairn_service_drop(get(cache, "a"));
    cairn_service_drop(b);
    cairn_service_drop(get(cache, "c"));
    cairn_service_drop(a);
    cairn_idle_cache_unref(cache);
}

static void broken_service_is_the_callers_and_is_not_kept(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_idle_cache *cache = cache_of(f, &maker, 0);
    maker.is_broken = true;
    assert_broken(
        cairn_idle_cache_get(cache, CAIRN_STR("a")), CAIRN_ERROR_NOT_FOUND, "maker", "no such");
    assert_int_equal(number(cache, "keys"), 0);
    maker.is_broken = false;
    cairn_service_drop(get(cache, "a"));
    cairn_idle_cache_unref(cache);
}

static struct cairn_service *make_single(void *cx, struct cairn_str key)
{
    (void)key;
    return cairn_mock_service(cx);
}

static void service_that_cannot_be_cloned_is_refused(void **state)
{
    const struct cairn_mock_options single = {.size = sizeof(single), .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&single);
    struct cairn_error *error = NULL;
    (void)state;
    struct cairn_idle_cache *cache = cairn_idle_cache_new(
        &(struct cairn_idle_cache_options){
            .size = sizeof(struct cairn_idle_cache_options), .make = make_single, .cx = mock},
        &error);
    assert_broken(cairn_idle_cache_get(cache, CAIRN_STR("a")), CAIRN_ERROR_TYPE, "idle_cache",
        "needs services that can be cloned; mock cannot");
    cairn_idle_cache_unref(cairn_idle_cache_ref(cache));
    cairn_idle_cache_unref(cache);
    cairn_idle_cache_unref(NULL);
    cairn_mock_free(mock);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct cairn_error *error = NULL;
    struct cairn_idle_cache_options opts = {.size = sizeof(opts)};
    (void)state;
    assert_null(cairn_idle_cache_new(NULL, &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, "make must be set");
    cairn_error_unref(error);
    opts.make = make;
    opts.idle_ms = 86400001;
    assert_null(cairn_idle_cache_new(&opts, &error));
    assert_string_equal(error->message, "idle_ms must be 1 to 86400000, got 86400001");
    cairn_error_unref(error);
    opts.idle_ms = 0;
    opts.max_keys = 16777217;
    assert_null(cairn_idle_cache_new(&opts, &error));
    assert_string_equal(error->message, "max_keys must be 1 to 16777216, got 16777217");
    cairn_error_unref(error);
    opts.max_keys = 0;
    struct cairn_idle_cache *cache = cairn_idle_cache_new(&opts, &error);
    assert_int_equal(number(cache, "idle"), 60000);
    assert_int_equal(number(cache, "max_keys"), 1024);
    cairn_idle_cache_unref(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_of_a_cache_keep_the_service_contract),
        fixture_test(service_of_a_key_is_made_once_and_shared),
        fixture_test(idle_service_is_dropped_after_its_time),
        fixture_test(use_begins_the_time_anew),
        fixture_test(service_in_use_is_kept_for_ever),
        fixture_test(call_keeps_the_service_in_use),
        fixture_test(services_and_calls_outlive_the_owner_of_the_cache),
        fixture_test(idle_for_longest_makes_room),
        fixture_test(one_key_too_many_is_refused),
        fixture_test(broken_service_is_the_callers_and_is_not_kept),
        fixture_test(service_that_cannot_be_cloned_is_refused),
        fixture_test(options_out_of_range_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
