/* Linked with --wrap=cairn_secret_equal: what is signed well is what that comparison says, and
 * nothing else. */
#include "layers/http_fixture.h"

#include <cairn/http/secret.h>
#include <cairn/http/secure_cookie.h>

bool __wrap_cairn_secret_equal(struct cairn_str given, struct cairn_str secret);

static bool verdict;
static unsigned asked;

bool __wrap_cairn_secret_equal(struct cairn_str given, struct cairn_str secret)
{
    assert_int_equal(given.length, 32);
    assert_int_equal(secret.length, 32);
    asked++;
    return verdict;
}

static void a_signature_is_what_the_comparison_says(void **state)
{
    struct fixture *f = *state;
    const struct cairn_str secret = CAIRN_STR("a secret of at least thirty-two bytes");
    struct cairn_error *error = NULL;
    struct cairn_cookie_keys *keys =
        cairn_cookie_keys_new(&error, .secrets = &secret, .secret_count = 1);
    struct cairn_str good = cairn_cookie_sign(keys, f->arena, CAIRN_STR("a"), CAIRN_STR("7"), 0);
    struct cairn_str value;
    verdict = false;
    assert_int_equal(
        cairn_cookie_verify(keys, f->arena, CAIRN_STR("a"), good, &value), CAIRN_COOKIE_BAD);
    verdict = true;
    assert_int_equal(
        cairn_cookie_verify(keys, f->arena, CAIRN_STR("b"), good, &value), CAIRN_COOKIE_GOOD);
    assert_int_equal(asked, 2);
    cairn_cookie_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fixture_test(a_signature_is_what_the_comparison_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
