#include "hunger.h"

#include <cairn/http/layers/security_headers.h>

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    if (state)
        cairn_http_response_set(res, "x-frame-options", state);
    return res;
}

/* STATE: X-Frame-Options of the handler's own; NULL: none. */
static struct cairn_http_response *ask(struct fixture *f, struct cairn_layer layer, char *state)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(answer, state));
    struct cairn_http_response *res = fixture_ask(f, service, fixture_request(f, "/"));
    cairn_service_drop(service);
    return res;
}

static void assert_field(
    const struct cairn_http_response *res, const char *name, const char *expected)
{
    struct cairn_str value = fixture_field(res, name);
    if (expected)
        assert_str(value, expected);
    else
        assert_null(value.data);
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_security_headers(), (struct cairn_contract_options){0});
}

static void sets_what_every_service_may_say(void **state)
{
    struct cairn_http_response *res = ask(*state, cairn_security_headers_layer(NULL), NULL);
    assert_field(res, "X-Content-Type-Options", "nosniff");
    assert_field(res, "Referrer-Policy", "strict-origin-when-cross-origin");
    assert_field(res, "X-Frame-Options", "DENY");
    assert_field(res, "Cross-Origin-Opener-Policy", "same-origin");
    assert_field(res, "Permissions-Policy", "camera=(), geolocation=(), microphone=()");
    assert_int_equal(res->fields.count, 6);
    assert_str(res->body, "fine");
}

static void takes_other_values(void **state)
{
    struct cairn_http_response *res = ask(*state,
        cairn_security_headers(.referrer_policy = "no-referrer, same-origin",
            .frame_options = "SAMEORIGIN", .opener_policy = "unsafe-none",
            .permissions_policy = "usb=()"),
        NULL);
    assert_field(res, "Referrer-Policy", "no-referrer, same-origin");
    assert_field(res, "X-Frame-Options", "SAMEORIGIN");
    assert_field(res, "Cross-Origin-Opener-Policy", "unsafe-none");
    assert_field(res, "Permissions-Policy", "usb=()");
}

static void leaves_out_what_is_empty(void **state)
{
    struct cairn_http_response *res = ask(*state,
        cairn_security_headers(.allow_sniffing = true, .referrer_policy = "", .frame_options = "",
            .opener_policy = "", .permissions_policy = "", .content_security_policy = "sandbox"),
        NULL);
    assert_int_equal(res->fields.count, 2);
    assert_field(res, "Content-Security-Policy", "sandbox");
}

static void a_handlers_own_field_stays(void **state)
{
    char own[] = "SAMEORIGIN";
    struct cairn_http_response *res = ask(*state, cairn_security_headers(), own);
    assert_field(res, "X-Frame-Options", "SAMEORIGIN");
    assert_int_equal(res->fields.count, 6);
}

static void a_handlers_own_field_is_replaced_if_that_is_asked_for(void **state)
{
    char own[] = "SAMEORIGIN";
    struct cairn_http_response *res = ask(*state, cairn_security_headers(.override = true), own);
    assert_field(res, "X-Frame-Options", "DENY");
    assert_int_equal(res->fields.count, 6);
}

static void hsts_is_sent_if_there_is_a_time(void **state)
{
    static const char name[] = "Strict-Transport-Security";
    struct fixture *f = *state;
    assert_field(ask(f, cairn_security_headers(), NULL), name, NULL);
    assert_field(ask(f, cairn_security_headers(.hsts_max_age_s = 300), NULL), name, "max-age=300");
    assert_field(ask(f, cairn_security_headers(.hsts_max_age_s = 1, .hsts_subdomains = true), NULL),
        name, "max-age=1; includeSubDomains");
    assert_field(ask(f,
                     cairn_security_headers(.hsts_max_age_s = UINT32_MAX, .hsts_subdomains = true,
                         .hsts_preload = true),
                     NULL),
        name, "max-age=4294967295; includeSubDomains; preload");
}

static void who_may_frame_it_is_a_directive_of_the_policy(void **state)
{
    static const char name[] = "Content-Security-Policy";
    struct fixture *f = *state;
    struct cairn_http_response *res =
        ask(f, cairn_security_headers(.frame_ancestors = "'self' https://a.example"), NULL);
    assert_field(res, name, "frame-ancestors 'self' https://a.example");
    assert_field(res, "X-Frame-Options", NULL);
    res = ask(f,
        cairn_security_headers(.frame_ancestors = "'self'", .frame_options = "SAMEORIGIN",
            .content_security_policy = "default-src 'self'"),
        NULL);
    assert_field(res, name, "default-src 'self'; frame-ancestors 'self'");
    assert_field(res, "X-Frame-Options", "SAMEORIGIN");
}

static void sets_it_on_an_answer_that_comes_later_and_outlives_the_options(void **state)
{
    struct fixture *f = *state;
    char policy[] = "sandbox";
    struct cairn_service *service =
        fixture_around_mock(f, cairn_security_headers(.content_security_policy = policy));
    struct cairn_service *copy = cairn_service_clone(service);
    memset(policy, '!', sizeof(policy) - 1);
    cairn_service_drop(service);
    struct cairn_future future = fixture_send(f, copy, fixture_request(f, "/"));
    assert_pending(f, &future);
    cairn_service_drop(copy);
    fixture_respond(f, NULL);
    assert_field(fixture_response(f, &future), "Content-Security-Policy", "sandbox");
}

static void passes_errors_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_security_headers());
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static void fails_without_memory_and_drops_the_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_security_headers());
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    hunger_respond_starving(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void refuses_what_browsers_do_not_know(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_security_headers(.referrer_policy = "never"),
        "referrer_policy must be of those that Referrer-Policy has");
    assert_invalid(f, cairn_security_headers(.referrer_policy = "origin,"),
        "referrer_policy must be of those that Referrer-Policy has");
    assert_invalid(f, cairn_security_headers(.frame_options = "ALLOW-FROM https://a"),
        "frame_options must be DENY or SAMEORIGIN");
    assert_invalid(f, cairn_security_headers(.opener_policy = "none"),
        "opener_policy must be one that Cross-Origin-Opener-Policy has");
    assert_invalid(f, cairn_security_headers(.frame_ancestors = "'self'; sandbox"),
        "frame_ancestors must be sources, separated by spaces");
}

static void refuses_what_may_not_stand_in_a_field(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_security_headers(.content_security_policy = "a\r\nX: y"),
        "\"Content-Security-Policy\": value must have no control characters and no space at an "
        "end");
    assert_invalid(f, cairn_security_headers(.permissions_policy = " "),
        "\"Permissions-Policy\": value must have no control characters and no space at an end");
}

static void refuses_what_does_not_go_together(void **state)
{
    struct fixture *f = *state;
    static const char time[] = "hsts_max_age_s must be set with hsts_subdomains or hsts_preload";
    static const char preload[] =
        "hsts_preload needs hsts_subdomains and a hsts_max_age_s of 31536000 or more";
    assert_invalid(f, cairn_security_headers(.hsts_subdomains = true), time);
    assert_invalid(f, cairn_security_headers(.hsts_preload = true), time);
    assert_invalid(
        f, cairn_security_headers(.hsts_max_age_s = 31536000, .hsts_preload = true), preload);
    assert_invalid(f,
        cairn_security_headers(.hsts_max_age_s = 31535999, .hsts_subdomains = true,
            .hsts_preload = true),
        preload);
    assert_invalid(f,
        cairn_security_headers(.frame_ancestors = "a",
            .content_security_policy = "frame-ancestors b"),
        "frame_ancestors are in content_security_policy already");
    assert_invalid(f,
        cairn_security_headers(.allow_sniffing = true, .referrer_policy = "", .frame_options = "",
            .opener_policy = "", .permissions_policy = ""),
        "every field is left out");
}

static void refuses_what_is_not_http_and_to_be_built_without_memory(void **state)
{
    assert_needs_http(cairn_security_headers());
    assert_refused_without_memory(*state, cairn_security_headers(), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(sets_what_every_service_may_say),
        fixture_test(takes_other_values),
        fixture_test(leaves_out_what_is_empty),
        fixture_test(a_handlers_own_field_stays),
        fixture_test(a_handlers_own_field_is_replaced_if_that_is_asked_for),
        fixture_test(hsts_is_sent_if_there_is_a_time),
        fixture_test(who_may_frame_it_is_a_directive_of_the_policy),
        fixture_test(sets_it_on_an_answer_that_comes_later_and_outlives_the_options),
        fixture_test(passes_errors_on),
        fixture_test(fails_without_memory_and_drops_the_answer),
        fixture_test(refuses_what_browsers_do_not_know),
        fixture_test(refuses_what_may_not_stand_in_a_field),
        fixture_test(refuses_what_does_not_go_together),
        fixture_test(refuses_what_is_not_http_and_to_be_built_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
