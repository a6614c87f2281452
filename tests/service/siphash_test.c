#include <cairn/service/siphash.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What another implementation of SipHash-1-3 gives with a key of zeros for the bytes 0, 1, 2 …: the
 * hash of a bytes object in Python 3.11 with PYTHONHASHSEED=0. */
static void gives_the_numbers_of_siphash_1_3(void **state)
{
    static const struct {
        size_t length;
        uint64_t hash;
    } known[] = {
        {1, 0x68a914128e01e473},
        {7, 0x2f098ab0c751325a},
        {8, 0xead411e67ebe2eea},
        {15, 0xf30eb725bb91c9ea},
        {63, 0x385d3e39e5f37359},
    };
    unsigned char bytes[64];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_int_equal(cairn__siphash((struct cairn__siphash_key){0, 0}, bytes, known[i].length),
            known[i].hash);
}

static void both_halves_of_the_key_count(void **state)
{
    (void)state;
    uint64_t plain = cairn__siphash((struct cairn__siphash_key){1, 2}, "x", 1);
    assert_int_not_equal(plain, cairn__siphash((struct cairn__siphash_key){0, 2}, "x", 1));
    assert_int_not_equal(plain, cairn__siphash((struct cairn__siphash_key){1, 0}, "x", 1));
}

static void nothing_to_hash_needs_no_address(void **state)
{
    (void)state;
    assert_int_equal(cairn__siphash((struct cairn__siphash_key){1, 2}, NULL, 0),
        cairn__siphash((struct cairn__siphash_key){1, 2}, "", 0));
}

static void key_follows_from_its_seed_and_without_one_is_new_each_time(void **state)
{
    (void)state;
    struct cairn__siphash_key a = cairn__siphash_key_new(7);
    struct cairn__siphash_key b = cairn__siphash_key_new(7);
    assert_true(a.k0 == b.k0 && a.k1 == b.k1 && a.k0 != a.k1);
    a = cairn__siphash_key_new(0);
    b = cairn__siphash_key_new(0);
    assert_true(a.k0 != b.k0 && a.k1 != b.k1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_numbers_of_siphash_1_3),
        cmocka_unit_test(both_halves_of_the_key_count),
        cmocka_unit_test(nothing_to_hash_needs_no_address),
        cmocka_unit_test(key_follows_from_its_seed_and_without_one_is_new_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
