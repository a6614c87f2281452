#include "http_fixture.h"

#include <cairn/http/layers/add_extension.h>

static const char key;
static const char other_key;
static int first = 1;
static int second = 2;

/* Answers 200 if the request has STATE under the key and nothing under another, else 500. */
static struct cairn_http_response *look(struct cairn_http_request *req, void *state)
{
    bool is_right =
        cairn_http_extension_get(req, &key) == state && !cairn_http_extension_get(req, &other_key);
    return cairn_http_response_new(req, is_right ? 200 : 500);
}

static struct cairn_layer layer(int *value)
{
    return cairn_add_extension(.key = &key, .value = value);
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(layer(&first), (struct cairn_contract_options){0});
}

static void leaves_the_value_on_every_request_of_every_copy(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(layer(&first), cairn_http_handler(look, &first));
    struct cairn_service *copy = cairn_service_clone(s);
    assert_int_equal(fixture_ask(f, s, fixture_request(f, "/"))->status, 200);
    assert_int_equal(fixture_ask(f, s, fixture_request(f, "/"))->status, 200);
    cairn_service_drop(s);
    assert_int_equal(fixture_ask(f, copy, fixture_request(f, "/"))->status, 200);
    cairn_service_drop(copy);
}

static void replaces_what_a_layer_outside_has_left(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layers[] = {layer(&first), layer(&second)};
    struct cairn_service *s = cairn_stack_build(cairn_http_handler(look, &second), layers, 2);
    assert_int_equal(fixture_ask(f, s, fixture_request(f, "/"))->status, 200);
    cairn_service_drop(s);
}

static void fails_and_releases_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_around_mock(f, layer(&first));
    struct cairn_http_request *req = fixture_request(f, "/");
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(s, req);
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_add_extension_layer(NULL), "key must be set");
    assert_invalid(f, cairn_add_extension(.value = &first), "key must be set");
    assert_invalid(f, cairn_add_extension(.key = &key), "value must be set");
    assert_needs_http(layer(&first));
    assert_refused_without_memory(f, layer(&first), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(leaves_the_value_on_every_request_of_every_copy),
        fixture_test(replaces_what_a_layer_outside_has_left),
        fixture_test(fails_and_releases_without_memory),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
