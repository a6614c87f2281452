#include "http_fixture.h"

#include <cairn/http/layers/idempotency_memory.h>

static const struct cairn_idempotency_fingerprint one = {{1, 1}};
static const struct cairn_idempotency_fingerprint two = {{1, 2}};

#define CLAIM_MS 1000
#define KEEP_MS 10000

static struct cairn_idempotency_store *store_of(size_t max_entries, size_t max_bytes)
{
    struct cairn_error *error = NULL;
    const struct cairn_idempotency_memory_options opts = {
        .size = sizeof(opts), .max_entries = max_entries, .max_bytes = max_bytes};
    struct cairn_idempotency_store *store = cairn_idempotency_memory_new(&opts, &error);
    assert_non_null(store);
    return store;
}

static struct cairn_idempotency_claim begin_as(struct fixture *f,
    struct cairn_idempotency_store *store, const char *key,
    const struct cairn_idempotency_fingerprint *fingerprint)
{
    struct cairn_idempotency_claim claim;
    union cairn_outcome out;
    struct cairn_future future = store->ops->begin(
        store, cairn_str_from(key), fingerprint, CLAIM_MS, fixture_request(f, "/"), &claim);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_READY);
    return claim;
}

static struct cairn_idempotency_claim begin(
    struct fixture *f, struct cairn_idempotency_store *store, const char *key)
{
    return begin_as(f, store, key, &one);
}

static uint64_t claim(struct fixture *f, struct cairn_idempotency_store *store, const char *key)
{
    struct cairn_idempotency_claim claim = begin(f, store, key);
    assert_int_equal(claim.found, CAIRN_IDEMPOTENCY_CLAIMED);
    assert_int_not_equal(claim.token, 0);
    return claim.token;
}

static void answer(struct fixture *f, struct cairn_idempotency_store *store, const char *key,
    uint64_t token, const char *body)
{
    union cairn_outcome out;
    struct cairn_http_response *res = cairn_http_text(fixture_request(f, "/"), 201, body);
    assert_int_equal(cairn_http_response_set(res, "Location", "/orders/7"), 0);
    struct cairn_future future =
        store->ops->answer(store, cairn_str_from(key), token, res, KEEP_MS);
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_READY);
}

static void keep(struct fixture *f, struct cairn_idempotency_store *store, const char *key)
{
    answer(f, store, key, claim(f, store, key), "made");
}

static uint64_t number(const struct cairn_idempotency_store *store, const char *key)
{
    static const struct cairn_describe_ops ops = {.number = fixture_number_see};
    struct fixture_number number = {.key = key};
    struct cairn_describe d = {&ops, &number};
    store->ops->describe(store, &d);
    assert_true(number.is_found);
    return number.value;
}

static void one_has_a_key_until_it_is_answered(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 0);
    uint64_t token = claim(f, store, "a");
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_RUNNING);
    assert_int_equal(begin(f, store, "b").found, CAIRN_IDEMPOTENCY_CLAIMED);
    assert_int_equal(number(store, "running"), 2);
    answer(f, store, "a", token, "made");
    struct cairn_idempotency_claim again = begin(f, store, "a");
    assert_int_equal(again.found, CAIRN_IDEMPOTENCY_ANSWERED);
    assert_int_equal(again.answer->status, 201);
    assert_str(again.answer->body, "made");
    assert_str(fixture_field(again.answer, "Location"), "/orders/7");
    assert_str(fixture_field(again.answer, "Content-Type"), "text/plain; charset=utf-8");
    assert_int_equal(again.answer->fields.count, 2);
    assert_int_equal(number(store, "running"), 1);
    assert_int_equal(number(store, "entries"), 2);
    cairn_idempotency_store_unref(store);
}

static void an_answer_outlives_the_store(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 0);
    keep(f, store, "a");
    struct cairn_http_response *res = begin(f, store, "a").answer;
    cairn_idempotency_store_unref(store);
    assert_str(res->body, "made");
}

static void another_fingerprint_is_another_request(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 0);
    uint64_t token = claim(f, store, "a");
    assert_int_equal(begin_as(f, store, "a", &two).found, CAIRN_IDEMPOTENCY_DIFFERENT);
    answer(f, store, "a", token, "made");
    assert_int_equal(begin_as(f, store, "a", &two).found, CAIRN_IDEMPOTENCY_DIFFERENT);
    cairn_idempotency_store_unref(store);
}

static void an_abandoned_key_is_free(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 0);
    uint64_t token = claim(f, store, "a");
    store->ops->abandon(store, CAIRN_STR("a"), token);
    assert_int_equal(number(store, "entries"), 0);
    uint64_t second = claim(f, store, "a");
    assert_int_not_equal(second, token);
    store->ops->abandon(store, CAIRN_STR("a"), token); /* which is over */
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_RUNNING);
    answer(f, store, "a", second, "made");
    store->ops->abandon(store, CAIRN_STR("a"), second);
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_ANSWERED);
    store->ops->abandon(store, CAIRN_STR("unheard of"), 1);
    cairn_idempotency_store_unref(store);
}

static void a_claim_that_is_too_old_is_another_s(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 0);
    uint64_t token = claim(f, store, "a");
    cairn_test_clock_advance_ms(&f->clock, f->runtime, CLAIM_MS - 1);
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_RUNNING);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    uint64_t second = claim(f, store, "a");
    answer(f, store, "a", token, "too late");
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_RUNNING);
    answer(f, store, "a", second, "in time");
    assert_str(begin(f, store, "a").answer->body, "in time");
    assert_int_equal(number(store, "expired"), 1);
    cairn_idempotency_store_unref(store);
}

static void an_answer_is_kept_as_long_as_said(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 0);
    keep(f, store, "a");
    cairn_test_clock_advance_ms(&f->clock, f->runtime, KEEP_MS - 1);
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_ANSWERED);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_CLAIMED);
    assert_int_equal(number(store, "expired"), 1);
    assert_int_equal(number(store, "bytes"), 0);
    cairn_idempotency_store_unref(store);
}

/* Two of each kind at each look-up. */
static void what_is_too_old_goes_by_itself(void **state)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e"};
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 0);
    for (size_t i = 0; i < 5; i++)
        keep(f, store, keys[i]);
    claim(f, store, "f");
    cairn_test_clock_advance_ms(&f->clock, f->runtime, KEEP_MS);
    claim(f, store, "x");
    assert_int_equal(number(store, "entries"), 4);
    claim(f, store, "y");
    claim(f, store, "z");
    assert_int_equal(number(store, "entries"), 3);
    assert_int_equal(number(store, "expired"), 6);
    cairn_idempotency_store_unref(store);
}

static void the_oldest_answers_make_room(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(2, 0);
    keep(f, store, "a");
    keep(f, store, "b");
    keep(f, store, "c");
    assert_int_equal(number(store, "evicted"), 1);
    assert_int_equal(begin(f, store, "c").found, CAIRN_IDEMPOTENCY_ANSWERED);
    assert_int_equal(begin(f, store, "b").found, CAIRN_IDEMPOTENCY_ANSWERED);
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_CLAIMED);
    cairn_idempotency_store_unref(store);
}

static void what_runs_makes_no_room(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(2, 0);
    struct cairn_idempotency_claim claimed;
    uint64_t token = claim(f, store, "a");
    claim(f, store, "b");
    struct cairn_future future =
        store->ops->begin(store, CAIRN_STR("c"), &one, CLAIM_MS, fixture_request(f, "/"), &claimed);
    struct cairn_error *error = fixture_failure(f, &future);
    assert_int_equal(error->code, CAIRN_ERROR_OVERLOADED);
    assert_string_equal(error->layer, "idempotency_memory");
    answer(f, store, "a", token, "made");
    claim(f, store, "c");
    assert_int_equal(number(store, "running"), 2);
    cairn_idempotency_store_unref(store);
}

static void bytes_are_bounded_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 500);
    keep(f, store, "a");
    size_t each = number(store, "bytes");
    assert_in_range(each, 100, 249);
    for (size_t i = 1; i < 500 / each; i++)
        keep(f, store, i % 2 ? "b" : "c");
    assert_int_equal(number(store, "evicted"), 0);
    keep(f, store, "d");
    assert_int_equal(number(store, "evicted"), 1);
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_CLAIMED);
    assert_true(number(store, "bytes") <= 500);
    cairn_idempotency_store_unref(store);
}

static void an_answer_larger_than_the_store_evicts_nothing(void **state)
{
    struct fixture *f = *state;
    char body[600];
    memset(body, 'x', sizeof(body));
    body[599] = '\0';
    struct cairn_idempotency_store *store = store_of(0, 500);
    keep(f, store, "a");
    uint64_t token = claim(f, store, "b");
    struct cairn_future future = store->ops->answer(
        store, CAIRN_STR("b"), token, cairn_http_text(fixture_request(f, "/"), 200, body), KEEP_MS);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_TOO_LARGE);
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_ANSWERED);
    assert_int_equal(begin(f, store, "b").found, CAIRN_IDEMPOTENCY_CLAIMED);
    cairn_idempotency_store_unref(store);
}

/* Each allocation of a claim, an answer and a replay fails in turn. */
static void without_memory_no_claim_is_left_and_no_answer_is_half(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 0);
    union cairn_outcome out;
    for (size_t n = 1; n < 4; n++) {
        struct cairn_idempotency_claim claimed = {.found = CAIRN_IDEMPOTENCY_RUNNING};
        struct cairn_http_request *req = fixture_request(f, "/");
        cairn_test_alloc_fail_at(n);
        struct cairn_future future =
            store->ops->begin(store, CAIRN_STR("a"), &one, CLAIM_MS, req, &claimed);
        enum cairn_poll p = cairn_harness_poll(&f->hand, &future, &out);
        bool has_failed = cairn_test_alloc_has_failed();
        cairn_test_alloc_fail_at(0);
        assert_int_equal(p, has_failed ? CAIRN_FAILED : CAIRN_READY);
        assert_int_equal(number(store, "entries"), has_failed ? 0 : 1);
        if (!has_failed)
            store->ops->abandon(store, CAIRN_STR("a"), claimed.token);
    }
    uint64_t token = claim(f, store, "a");
    struct cairn_http_response *res = cairn_http_text(fixture_request(f, "/"), 200, "fine");
    cairn_test_alloc_fail_at(1);
    struct cairn_future future = store->ops->answer(store, CAIRN_STR("a"), token, res, KEEP_MS);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    assert_int_equal(number(store, "entries"), 0);
    cairn_idempotency_store_unref(store);
}

static void a_replay_without_memory_fails_and_leaves_the_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_store *store = store_of(0, 0);
    struct cairn_idempotency_claim claimed;
    keep(f, store, "a");
    for (size_t i = 0; i < 256; i++) {
        union cairn_outcome out;
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
        cairn_arena_alloc(arena, i * 16 + 1);
        cairn_test_alloc_fail_at(1);
        struct cairn_future future =
            store->ops->begin(store, CAIRN_STR("a"), &one, CLAIM_MS, req, &claimed);
        if (cairn_harness_poll(&f->hand, &future, &out) == CAIRN_READY)
            assert_int_equal(claimed.answer->fields.count, 2);
        cairn_test_alloc_fail_at(0);
        cairn_arena_free(arena);
    }
    assert_int_equal(begin(f, store, "a").found, CAIRN_IDEMPOTENCY_ANSWERED);
    cairn_idempotency_store_unref(store);
}

static void refuses_options_out_of_range_and_want_of_memory(void **state)
{
    struct cairn_error *error = NULL;
    const struct cairn_idempotency_memory_options opts = {
        .size = sizeof(opts), .max_entries = 16777217};
    (void)state;
    assert_null(cairn_idempotency_memory_new(&opts, &error));
    assert_string_equal(error->message, "max_entries must be 1 to 16777216, got 16777217");
    cairn_error_unref(error);
    for (size_t n = 1; n < 3; n++) {
        cairn_test_alloc_fail_at(n);
        assert_null(cairn_idempotency_memory_new(NULL, &error));
        assert_ptr_equal(error, &cairn_error_no_memory);
    }
    cairn_idempotency_store_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(one_has_a_key_until_it_is_answered),
        fixture_test(an_answer_outlives_the_store),
        fixture_test(another_fingerprint_is_another_request),
        fixture_test(an_abandoned_key_is_free),
        fixture_test(a_claim_that_is_too_old_is_another_s),
        fixture_test(an_answer_is_kept_as_long_as_said),
        fixture_test(what_is_too_old_goes_by_itself),
        fixture_test(the_oldest_answers_make_room),
        fixture_test(what_runs_makes_no_room),
        fixture_test(bytes_are_bounded_too),
        fixture_test(an_answer_larger_than_the_store_evicts_nothing),
        fixture_test(without_memory_no_claim_is_left_and_no_answer_is_half),
        fixture_test(a_replay_without_memory_fails_and_leaves_the_answer),
        fixture_test(refuses_options_out_of_range_and_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
