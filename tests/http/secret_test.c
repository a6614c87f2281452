#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include <cairn/http/secret.h>
#include <cairn/service/alloc.h>
#include <cairn/service/random.h>

static void only_the_same_bytes_are_equal(void **state)
{
    (void)state;
    assert_true(cairn_secret_equal(CAIRN_STR("opensesame"), CAIRN_STR("opensesame")));
    assert_false(cairn_secret_equal(CAIRN_STR("opensesamE"), CAIRN_STR("opensesame")));
    assert_false(cairn_secret_equal(CAIRN_STR("Opensesame"), CAIRN_STR("opensesame")));
    assert_false(cairn_secret_equal(CAIRN_STR("opensesam"), CAIRN_STR("opensesame")));
    assert_false(cairn_secret_equal(CAIRN_STR("opensesamee"), CAIRN_STR("opensesame")));
    assert_false(cairn_secret_equal(CAIRN_STR("a\0b"), CAIRN_STR("a\0c")));
}

static void a_repeated_secret_is_another(void **state)
{
    (void)state;
    assert_false(cairn_secret_equal(CAIRN_STR("abab"), CAIRN_STR("ab")));
    assert_false(cairn_secret_equal(CAIRN_STR("a"), CAIRN_STR("aa")));
}

static void nothing_equals_nothing_only(void **state)
{
    (void)state;
    assert_true(cairn_secret_equal(cairn_str_of(NULL, 0), CAIRN_STR("")));
    assert_false(cairn_secret_equal(CAIRN_STR("a"), CAIRN_STR("")));
    assert_false(cairn_secret_equal(cairn_str_of(NULL, 0), CAIRN_STR("a")));
}

static void agrees_with_memcmp_on_random_texts(void **state)
{
    struct cairn_random random;
    (void)state;
    cairn_random_init(&random, 1);
    for (int round = 0; round < 200000; round++) {
        char a[4];
        char b[4];
        for (size_t i = 0; i < 4; i++) {
            a[i] = (char)cairn_random_range(&random, 0x7f, 0x82);
            b[i] = (char)cairn_random_range(&random, 0x7f, 0x82);
        }
        struct cairn_str s = cairn_str_of(a, (size_t)cairn_random_range(&random, 0, 5));
        struct cairn_str t = cairn_str_of(b, (size_t)cairn_random_range(&random, 0, 5));
        assert_int_equal(cairn_secret_equal(s, t), cairn_str_equal(s, t));
    }
}

static int64_t time_of(struct cairn_str given, struct cairn_str secret)
{
    struct timespec from;
    struct timespec to;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    assert_false(cairn_secret_equal(given, secret));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
}

/* What stops at the first difference is a hundred thousand times as fast for one in the first byte:
 * a factor of four is room enough for a busy machine. */
static void a_difference_in_front_takes_as_long_as_one_at_the_end(void **state)
{
    const size_t size = 1u << 20;
    char *secret = cairn_alloc_zero(size);
    char *given = cairn_alloc_zero(size);
    int64_t least[2] = {INT64_MAX, INT64_MAX};
    (void)state;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 2; i++) {
            size_t at = i ? size - 1 : 0;
            given[at] = 1;
            int64_t ns = time_of(cairn_str_of(given, size), cairn_str_of(secret, size));
            given[at] = 0;
            least[i] = ns < least[i] ? ns : least[i];
        }
    }
    assert_true(least[0] * 4 > least[1]);
    cairn_free(secret);
    cairn_free(given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_same_bytes_are_equal),
        cmocka_unit_test(a_repeated_secret_is_another),
        cmocka_unit_test(nothing_equals_nothing_only),
        cmocka_unit_test(agrees_with_memcmp_on_random_texts),
        cmocka_unit_test(a_difference_in_front_takes_as_long_as_one_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
