#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/random.h>
#include <cairn/testkit/misuse.h>

/* Counters at the edges, and many in between. */
#define STATES 20000

static struct cairn_random state_of(unsigned i)
{
    static const uint64_t edges[] = {
        0, 1, UINT64_MAX, UINT64_MAX - 1, 0x9e3779b97f4a7c15u, -0x9e3779b97f4a7c15u};
    if (i < sizeof(edges) / sizeof(edges[0]))
        return (struct cairn_random){edges[i]};
    return (struct cairn_random){i * 0xd1342543de82ef95u};
}

static void T143_a_double_is_in_0_to_1_for_any_state(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STATES; i++) {
        struct cairn_random random = state_of(i);
        double x = cairn_random_next_double(&random);
        assert_true(x >= 0.0 && x < 1.0);
    }
}

static void T143_a_number_is_in_its_range_for_any_state(void **state)
{
    static const uint64_t ranges[][2] = {{0, 1}, {0, 2}, {5, 6}, {10, 17}, {0, UINT64_MAX},
        {UINT64_MAX - 1, UINT64_MAX}, {1, (UINT64_MAX >> 1) + 3}};
    (void)state;
    for (unsigned i = 0; i < STATES; i++) {
        struct cairn_random random = state_of(i);
        const uint64_t *range = ranges[i % 7];
        uint64_t x = cairn_random_range(&random, range[0], range[1]);
        assert_true(x >= range[0] && x < range[1]);
    }
}

/* The reference values of SplitMix64 from counter 1234567. */
static void the_numbers_are_those_of_splitmix64(void **state)
{
    struct cairn_random random;
    (void)state;
    cairn_random_init(&random, 1234567);
    assert_true(cairn_random_next_u64(&random) == 6457827717110365317u);
    assert_true(cairn_random_next_u64(&random) == 3203168211198807973u);
    assert_true(cairn_random_next_u64(&random) == 9817491932198370423u);
}

static void the_same_seed_gives_the_same_numbers_and_another_seed_others(void **state)
{
    struct cairn_random a, b, c;
    (void)state;
    cairn_random_init(&a, 7);
    cairn_random_init(&b, 7);
    cairn_random_init(&c, 8);
    for (int i = 0; i < 100; i++) {
        uint64_t x = cairn_random_next_u64(&a);
        assert_true(x == cairn_random_next_u64(&b));
        assert_true(x != cairn_random_next_u64(&c));
    }
}

static void seed_0_gives_each_generator_numbers_of_its_own(void **state)
{
    struct cairn_random a, b;
    (void)state;
    cairn_random_init(&a, 0);
    cairn_random_init(&b, 0);
    assert_true(cairn_random_next_u64(&a) != cairn_random_next_u64(&b));
}

static void each_number_of_a_range_is_as_likely_as_any_other(void **state)
{
    struct cairn_random random;
    unsigned seen[7] = {0};
    (void)state;
    cairn_random_init(&random, 42);
    for (int i = 0; i < 70000; i++)
        seen[cairn_random_range(&random, 100, 107) - 100]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 9600, 10400);
}

/* Three quarters of all 64-bit numbers: merely scaled down, every third one came twice as often. */
static void a_wide_range_is_not_skewed(void **state)
{
    struct cairn_random random;
    unsigned thirds = 0;
    (void)state;
    cairn_random_init(&random, 42);
    for (int i = 0; i < 30000; i++)
        thirds += cairn_random_range(&random, 0, (uint64_t)3 << 62) % 3 == 0;
    assert_in_range(thirds, 9600, 10400);
}

static void draw_of_nothing(void *cx)
{
    cairn_random_range(cx, 5, 5);
}

static void an_empty_range_is_a_programming_error(void **state)
{
    struct cairn_random random = {0};
    (void)state;
    assert_string_equal(cairn_test_misuse(draw_of_nothing, &random), "random: range is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T143_a_double_is_in_0_to_1_for_any_state),
        cmocka_unit_test(T143_a_number_is_in_its_range_for_any_state),
        cmocka_unit_test(the_numbers_are_those_of_splitmix64),
        cmocka_unit_test(the_same_seed_gives_the_same_numbers_and_another_seed_others),
        cmocka_unit_test(seed_0_gives_each_generator_numbers_of_its_own),
        cmocka_unit_test(each_number_of_a_range_is_as_likely_as_any_other),
        cmocka_unit_test(a_wide_range_is_not_skewed),
        cmocka_unit_test(an_empty_range_is_a_programming_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
