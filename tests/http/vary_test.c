#include "layers/http_fixture.h"

#include <cairn/http/vary.h>

static struct cairn_http_fields *fields_new(struct fixture *f)
{
    return &cairn_http_response_new(fixture_request(f, "/"), 200)->fields;
}

static void adds_a_name_once(void **state)
{
    struct cairn_http_fields *fields = fields_new(*state);
    assert_int_equal(cairn_http_vary_add(fields, CAIRN_STR("Origin")), 0);
    assert_int_equal(cairn_http_vary_add(fields, CAIRN_STR("Accept")), 0);
    assert_int_equal(cairn_http_vary_add(fields, CAIRN_STR("origin")), 0);
    assert_int_equal(fields->count, 2);
    assert_str(fields->items[0].value, "Origin");
    assert_str(fields->items[1].value, "Accept");
}

static void adds_nothing_to_a_list_that_has_it(void **state)
{
    struct cairn_http_fields *fields = fields_new(*state);
    cairn_http_fields_add(fields, CAIRN_STR("vary"), CAIRN_STR("accept , ORIGIN"));
    assert_int_equal(cairn_http_vary_add(fields, CAIRN_STR("Origin")), 0);
    assert_int_equal(fields->count, 1);
    assert_int_equal(cairn_http_vary_add(fields, CAIRN_STR("Orig")), 0);
    assert_int_equal(fields->count, 2);
}

static void adds_nothing_to_what_varies_by_everything(void **state)
{
    struct cairn_http_fields *fields = fields_new(*state);
    cairn_http_fields_add(fields, CAIRN_STR("Vary"), CAIRN_STR("*"));
    assert_int_equal(cairn_http_vary_add(fields, CAIRN_STR("Origin")), 0);
    assert_int_equal(fields->count, 1);
}

static void refuses_what_may_not_stand_in_a_field_and_notices_a_lack_of_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_fields *fields = fields_new(f);
    assert_int_equal(cairn_http_vary_add(fields, CAIRN_STR("A\r\nB: c")), -1);
    while (fields->count < fields->capacity)
        cairn_http_fields_add(fields, CAIRN_STR("X-Color"), CAIRN_STR("red"));
    size_t count = fields->count;
    fixture_exhaust(f);
    assert_int_equal(cairn_http_vary_add(fields, CAIRN_STR("Origin")), -1);
    assert_int_equal(fields->count, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(adds_a_name_once),
        fixture_test(adds_nothing_to_a_list_that_has_it),
        fixture_test(adds_nothing_to_what_varies_by_everything),
        fixture_test(refuses_what_may_not_stand_in_a_field_and_notices_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
