/* Linked with --wrap=cairn_secret_equal: what is signed by a secret is what that comparison says,
 * and nothing else. */
#include "jwt_rig.h"

#include <cairn/http/secret.h>

bool __wrap_cairn_secret_equal(struct cairn_str given, struct cairn_str secret);

static bool verdict;
static unsigned asked;

bool __wrap_cairn_secret_equal(struct cairn_str given, struct cairn_str secret)
{
    assert_int_equal(secret.length, 32);
    assert_non_null(given.data);
    asked++;
    return verdict;
}

static void a_signature_is_what_the_comparison_says(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_jwt(.keys = &rig_hs256, .key_count = 1, .now = rig_now);
    verdict = false;
    const char *good = rig_sign(f, JWT_ALG_HS256, RIG_SECRET, NULL, RIG_CLAIMS);
    assert_int_equal(rig_answer(f, layer, good)->status, 401);
    verdict = true;
    const char *forged = rig_forge(f, "{\"alg\":\"HS256\"}", RIG_CLAIMS, "guess");
    assert_int_equal(rig_answer(f, layer, forged)->status, 200);
    assert_int_equal(asked, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {fixture_test(a_signature_is_what_the_comparison_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
