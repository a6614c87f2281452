/* Linked with --wrap=cairn_secret_equal: who is let in is what that comparison says, and nothing
 * else. A layer that compared in another way would go by the bytes. */
#include "http_fixture.h"

#include <cairn/http/layers/require_basic.h>
#include <cairn/http/layers/require_bearer.h>
#include <cairn/http/layers/validate_header.h>
#include <cairn/http/secret.h>

bool __wrap_cairn_secret_equal(struct cairn_str given, struct cairn_str secret);

static bool verdicts[8];
static unsigned asked;

bool __wrap_cairn_secret_equal(struct cairn_str given, struct cairn_str secret)
{
    assert_non_null(given.data);
    assert_non_null(secret.data);
    return verdicts[asked++];
}

static struct cairn_http_response *fine(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

static int ask(struct fixture *f, struct cairn_layer layer, const char *authorization)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(fine, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "Authorization", authorization);
    asked = 0;
    int status = fixture_ask(f, service, req)->status;
    cairn_service_drop(service);
    return status;
}

/* The credentials sent are a:b. */
static int ask_basic(struct fixture *f, const char *password, bool is_user, bool is_password)
{
    verdicts[0] = is_user;
    verdicts[1] = is_password;
    return ask(f, cairn_require_basic(.user = "a", .password = password), "Basic YTpi");
}

static void basic_goes_by_the_two_comparisons_alone(void **state)
{
    assert_int_equal(ask_basic(*state, "wrong", true, true), 200);
    assert_int_equal(ask_basic(*state, "b", true, false), 401);
    assert_int_equal(ask_basic(*state, "b", false, true), 401);
    assert_int_equal(ask_basic(*state, "b", false, false), 401);
}

static void basic_compares_the_password_of_a_wrong_user_too(void **state)
{
    ask_basic(*state, "b", false, true);
    assert_int_equal(asked, 2);
}

static void bearer_compares_with_every_token(void **state)
{
    static const struct cairn_bearer_token tokens[] = {{"x", NULL}, {"y", NULL}, {"z", NULL}};
    for (size_t right = 0; right < 4; right++) {
        for (size_t i = 0; i < 3; i++)
            verdicts[i] = i == right;
        int status =
            ask(*state, cairn_require_bearer(.tokens = tokens, .token_count = 3), "Bearer x");
        assert_int_equal(status, right < 3 ? 200 : 401);
        assert_int_equal(asked, 3);
    }
}

static void a_validated_header_goes_by_the_comparison_alone(void **state)
{
    struct cairn_layer layer = cairn_validate_header(.name = "Authorization", .value = "x");
    verdicts[0] = true;
    assert_int_equal(ask(*state, layer, "wrong"), 200);
    verdicts[0] = false;
    assert_int_equal(ask(*state, layer, "x"), 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(basic_goes_by_the_two_comparisons_alone),
        fixture_test(basic_compares_the_password_of_a_wrong_user_too),
        fixture_test(bearer_compares_with_every_token),
        fixture_test(a_validated_header_goes_by_the_comparison_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
