#include "balance_rig.h"

#include <stdio.h>

#include <cairn/service/random.h>

/*
 * Random rounds of what can happen to a balancer, as in Tower's stress test, and after each the
 * promises that it makes. What upstream does not assert is asserted here too: while one endpoint is
 * ready, the balancer is.
 */
enum { STRESS_ROUNDS = 100000, STRESS_KEYS = 24, STRESS_COPIES = 3 };

/* What the test knows of one endpoint; a key's older ones are among the retired. */
struct stress_endpoint {
    struct cairn_mock *mock; /* NULL: the key is free */
    size_t room;             /* calls that it allows */
    bool is_failing;
};

struct stress {
    struct rig *r;
    struct cairn_random random;
    struct stress_endpoint at[STRESS_KEYS];
    struct cairn_mock *retired[2 * STRESS_KEYS]; /* removed or replaced, and not yet dropped */
    struct cairn_service *copies[STRESS_COPIES];
    bool is_ready[STRESS_COPIES];
    unsigned calls;
    unsigned dropped;
    unsigned failed;
    unsigned readies;
    unsigned waits;
};

static size_t stress_below(struct stress *s, size_t n)
{
    return cairn_random_range(&s->random, 0, n);
}

static const char *stress_key(size_t i)
{
    static char key[8];
    snprintf(key, sizeof(key), "%zu", i);
    return key;
}

static size_t stress_slot(const struct stress *s)
{
    size_t i = 0;
    while (s->retired[i])
        i++;
    assert_true(i < 2 * STRESS_KEYS);
    return i;
}

static void stress_retire(struct stress *s, size_t i)
{
    if (s->at[i].mock)
        s->retired[stress_slot(s)] = s->at[i].mock;
    s->at[i] = (struct stress_endpoint){0};
}

static void stress_insert(struct stress *s, size_t i)
{
    stress_retire(s, i);
    s->at[i].mock = cairn_mock_new(NULL);
    cairn_mock_allow(s->at[i].mock, 0);
    rig_insert(s->r, stress_key(i), s->at[i].mock);
}

static void stress_remove(struct stress *s, size_t i)
{
    rig_remove(s->r, stress_key(i));
    stress_retire(s, i);
}

/* The mock fails whichever of its services is polled next; there is one. */
static void stress_fail(struct stress *s, size_t i)
{
    static struct cairn_error told = CAIRN_ERROR_STATIC(CAIRN_ERROR_USER, "stress", "told to fail");
    if (!s->at[i].mock || s->at[i].is_failing)
        return;
    cairn_mock_fail_ready(s->at[i].mock, &told);
    s->at[i].is_failing = true;
    s->failed++;
}

static void stress_allow(struct stress *s, size_t i)
{
    if (!s->at[i].mock)
        return;
    s->at[i].room = 1 + stress_below(s, 2);
    cairn_mock_allow(s->at[i].mock, s->at[i].room);
}

static size_t stress_reserved(struct cairn_mock *mock)
{
    return mock ? cairn_mock_counts(mock).reserved : 0;
}

/* Answers the request of the call that was just made, wherever it went. */
static void stress_answer(struct stress *s)
{
    struct cairn_mock_request *request = NULL;
    for (size_t i = 0; i < STRESS_KEYS && !request; i++) {
        request = s->at[i].mock ? cairn_mock_next_request(s->at[i].mock) : NULL;
        s->at[i].room -= request != NULL;
    }
    for (size_t i = 0; i < 2 * STRESS_KEYS && !request; i++)
        request = s->retired[i] ? cairn_mock_next_request(s->retired[i]) : NULL;
    assert_non_null(request);
    cairn_mock_respond(request, cairn_test_value_new(2));
}

static void stress_use(struct stress *s, size_t copy)
{
    if (!s->is_ready[copy])
        return;
    s->is_ready[copy] = false;
    struct cairn_future future = fixture_call(s->copies[copy], 1);
    stress_answer(s);
    assert_response(&s->r->f->a, &future, 2);
    s->calls++;
}

static void stress_release(struct stress *s, size_t copy)
{
    cairn_service_release(s->copies[copy]);
    s->is_ready[copy] = false;
}

/* T019: it is not pending while one endpoint is ready, or would be if it were asked: all there is
 * room for is reserved, and all that is reserved was chosen by the other copies. */
static void stress_nothing_is_ready(const struct stress *s)
{
    size_t reserved = 0, chosen = 0;
    for (size_t i = 0; i < STRESS_KEYS; i++) {
        reserved += stress_reserved(s->at[i].mock);
        if (s->at[i].room > 0 && !s->at[i].is_failing)
            assert_int_equal(stress_reserved(s->at[i].mock), 1);
    }
    for (size_t i = 0; i < 2 * STRESS_KEYS; i++)
        reserved += stress_reserved(s->retired[i]);
    for (size_t i = 0; i < STRESS_COPIES; i++)
        chosen += s->is_ready[i];
    assert_int_equal(reserved, chosen);
}

/* T020: it is never an error. */
static void stress_poll(struct stress *s, size_t copy)
{
    struct cairn_error *error = NULL;
    enum cairn_poll p = cairn_harness_poll_ready(&s->r->f->a, s->copies[copy], &error);
    assert_int_not_equal(p, CAIRN_FAILED);
    s->is_ready[copy] = p == CAIRN_READY;
    s->readies += p == CAIRN_READY;
    s->waits += p == CAIRN_PENDING;
    if (p == CAIRN_PENDING)
        stress_nothing_is_ready(s);
}

/* T022: what was removed or replaced and used is dropped in the end. */
static void stress_sweep(struct stress *s)
{
    for (size_t i = 0; i < 2 * STRESS_KEYS; i++) {
        if (s->retired[i] && cairn_mock_is_closed(s->retired[i])) {
            cairn_mock_free(s->retired[i]);
            s->retired[i] = NULL;
            s->dropped++;
        }
    }
    /* Those that failed have left the set: their keys are free. */
    for (size_t i = 0; i < STRESS_KEYS; i++) {
        if (s->at[i].mock && s->at[i].is_failing && cairn_mock_is_closed(s->at[i].mock)) {
            cairn_mock_free(s->at[i].mock);
            s->at[i] = (struct stress_endpoint){0};
        }
    }
}

/* Nothing is left to be dropped once no copy has chosen it. */
static void stress_settle(struct stress *s)
{
    for (size_t i = 0; i < STRESS_COPIES; i++)
        stress_release(s, i);
    for (size_t i = 0; i < STRESS_COPIES; i++)
        stress_poll(s, i);
    for (size_t i = 0; i < STRESS_COPIES; i++)
        stress_release(s, i);
    stress_sweep(s);
    for (size_t i = 0; i < 2 * STRESS_KEYS; i++)
        assert_null(s->retired[i]);
}

static bool stress_has_room(const struct stress *s)
{
    size_t retired = 0;
    for (size_t i = 0; i < 2 * STRESS_KEYS; i++)
        retired += s->retired[i] != NULL;
    return retired < STRESS_KEYS;
}

static void stress_round(struct stress *s)
{
    size_t i = stress_below(s, STRESS_KEYS);
    size_t copy = stress_below(s, STRESS_COPIES);
    switch (stress_below(s, 16)) {
    case 0:
    case 1:
        stress_insert(s, i);
        break;
    case 2:
        stress_remove(s, i);
        break;
    case 3:
        stress_fail(s, i);
        break;
    case 4:
        stress_release(s, copy);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
        stress_allow(s, i);
        break;
    default:
        stress_use(s, copy);
    }
    stress_poll(s, copy);
    stress_sweep(s);
    if (!stress_has_room(s))
        stress_settle(s);
}

static void stress_open(struct stress *s, struct rig *r, const struct cairn_balance_pick *pick)
{
    *s = (struct stress){.r = r};
    cairn_random_init(&s->random, 20160607);
    s->copies[0] = rig_balance(r, pick);
    for (size_t i = 1; i < STRESS_COPIES; i++)
        s->copies[i] = fixture_clone(s->copies[0]);
}

static void stress_close(struct stress *s)
{
    for (size_t i = 0; i < STRESS_KEYS; i++)
        stress_remove(s, i);
    stress_settle(s);
    assert_true(cairn_balance_is_empty(s->copies[0]));
    for (size_t i = 1; i < STRESS_COPIES; i++)
        cairn_service_drop(s->copies[i]);
}

static void stress(struct rig *r, const struct cairn_balance_pick *pick, unsigned rounds)
{
    static struct stress s;
    stress_open(&s, r, pick);
    for (unsigned i = 0; i < rounds; i++)
        stress_round(&s);
    stress_close(&s);
    /* It was no idle run. */
    assert_true(s.calls > rounds / 20);
    assert_true(s.dropped > rounds / 20);
    assert_true(s.failed > rounds / 50);
    assert_true(s.readies > rounds / 10);
    assert_true(s.waits > rounds / 20);
    assert_int_equal(fixture_number(r->service, "picks"), s.calls);
    assert_true(fixture_number(r->service, "ejected") > rounds / 100);
}

static void T019_T020_T022_hold_for_100000_random_rounds(void **state)
{
    stress(*state, &cairn_balance_p2c, STRESS_ROUNDS);
}

static void T019_T020_T022_hold_for_the_other_strategies(void **state)
{
    const struct cairn_balance_pick *others[] = {
        &cairn_balance_least_connections, &cairn_balance_round_robin, &cairn_balance_weighted};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        void *rig;
        rig_setup(&rig);
        stress(rig, others[i], STRESS_ROUNDS / 10);
        rig_teardown(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(T019_T020_T022_hold_for_100000_random_rounds),
        cmocka_unit_test(T019_T020_T022_hold_for_the_other_strategies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
