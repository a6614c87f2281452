#include "hunger.h"

#include <cairn/http/layers/cache_control.h>

/* What the next answer is to be. */
struct made {
    int status;
    const char *type;
    const char *name; /* of one more field; NULL: none */
    const char *value;
};

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    const struct made *made = state;
    struct cairn_http_response *res =
        cairn_http_bytes(req, made->status, made->type, CAIRN_STR("fine"));
    if (res && made->name)
        cairn_http_response_set(res, made->name, made->value);
    return res;
}

/* The Cache-Control of MADE, the answer to METHOD and TARGET, behind LAYER; "": none. */
static const char *control(struct fixture *f, struct cairn_layer layer,
    enum cairn_http_method method, const char *target, struct made made)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(answer, &made));
    struct cairn_http_request *req = fixture_request(f, target);
    req->method = method;
    struct cairn_http_response *res = fixture_ask(f, service, req);
    assert_int_equal(res->fields.count,
        (made.type != NULL) + (made.name != NULL) +
            (fixture_field(res, "Cache-Control").data && (!made.name || made.name[0] != 'C')));
    cairn_service_drop(service);
    struct cairn_str value = fixture_field(res, "Cache-Control");
    return value.data ? cairn_arena_copy(f->arena, value).data : "";
}

#define HTML "text/html; charset=utf-8"

#define ASSERT_CONTROL_OVER(expected, layer, target, status_, type_, name_, value_) \
    assert_string_equal(control(*state, layer, CAIRN_HTTP_GET, target,              \
                            (struct made){status_, type_, name_, value_}),          \
        expected)
#define ASSERT_CONTROL(expected, layer, target, status_, type_) \
    ASSERT_CONTROL_OVER(expected, layer, target, status_, type_, NULL, NULL)

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_cache_control(.value = "no-store"), (struct cairn_contract_options){0});
}

static void a_constant_is_for_all_that_is_well(void **state)
{
    struct cairn_layer layer = cairn_cache_control(.value = "no-cache");
    ASSERT_CONTROL("no-cache", layer, "/", 200, HTML);
    ASSERT_CONTROL("no-cache", layer, "/", 299, NULL);
    ASSERT_CONTROL("no-cache", layer, "/", 304, NULL);
    ASSERT_CONTROL("", layer, "/", 301, HTML);
    ASSERT_CONTROL("", layer, "/", 404, HTML);
    ASSERT_CONTROL("", layer, "/", 500, HTML);
}

static void only_what_is_asked_for_by_get_or_head_may_be_kept(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_cache_control(.value = "no-cache");
    const struct made made = {200, HTML, NULL, NULL};
    assert_string_equal(control(f, layer, CAIRN_HTTP_HEAD, "/", made), "no-cache");
    assert_string_equal(control(f, layer, CAIRN_HTTP_POST, "/", made), "");
    assert_string_equal(control(f, layer, CAIRN_HTTP_OPTIONS, "/", made), "");
}

static void what_a_handler_says_itself_stays(void **state)
{
    struct cairn_layer layer = cairn_cache_control(.value = "no-cache");
    ASSERT_CONTROL_OVER("private", layer, "/", 200, HTML, "Cache-Control", "private");
    ASSERT_CONTROL_OVER("", layer, "/", 200, HTML, "Expires", "0");
}

static void what_a_handler_says_itself_is_replaced_if_that_is_asked_for(void **state)
{
    struct cairn_layer layer = cairn_cache_control(.value = "no-cache", .override = true);
    ASSERT_CONTROL_OVER("no-cache", layer, "/", 200, HTML, "Cache-Control", "private");
    ASSERT_CONTROL_OVER("no-cache", layer, "/", 200, HTML, "Expires", "0");
    ASSERT_CONTROL_OVER("private", layer, "/", 500, HTML, "Cache-Control", "private");
}

static void the_first_rule_that_fits_counts(void **state)
{
    static const struct cairn_cache_control_rule rules[] = {
        {.path = "/a", .type = "image/", .value = "one"}, {.path = "/a", .value = "two"},
        {.type = "image/png", .value = "three"}};
    struct cairn_layer layer =
        cairn_cache_control(.rules = rules, .rule_count = 3, .value = "four");
    ASSERT_CONTROL("one", layer, "/a/x", 200, "image/png");
    ASSERT_CONTROL("two", layer, "/a/x", 200, HTML);
    ASSERT_CONTROL("three", layer, "/b", 200, "image/png");
    ASSERT_CONTROL("four", layer, "/b", 200, "image/gif");
    ASSERT_CONTROL("", layer, "/b", 404, "image/png");
}

static void a_path_is_a_prefix_of_whole_segments(void **state)
{
    struct cairn_layer layer = cairn_cache_control_rules(
        {.path = "/assets", .value = "one"}, {.path = "/files/", .value = "two"});
    ASSERT_CONTROL("one", layer, "/assets", 200, HTML);
    ASSERT_CONTROL("one", layer, "/assets/", 200, HTML);
    ASSERT_CONTROL("one", layer, "/assets/a/b?c", 200, HTML);
    ASSERT_CONTROL("one", layer, "/assets?c", 200, HTML);
    ASSERT_CONTROL("", layer, "/assetsx", 200, HTML);
    ASSERT_CONTROL("", layer, "/asset", 200, HTML);
    ASSERT_CONTROL("", layer, "/Assets", 200, HTML);
    ASSERT_CONTROL("two", layer, "/files/", 200, HTML);
    ASSERT_CONTROL("two", layer, "/files/a", 200, HTML);
    ASSERT_CONTROL("", layer, "/files", 200, HTML);
    ASSERT_CONTROL(
        "every", cairn_cache_control_rules({.path = "/", .value = "every"}), "/x", 200, HTML);
}

static void the_path_is_the_one_that_came(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_cache_control_rules({.path = "/a", .value = "one"}));
    struct cairn_http_request *req = fixture_request(f, "/a/b");
    struct cairn_future future = fixture_send(f, service, req);
    req->path = CAIRN_STR("/b");
    fixture_respond(f, NULL);
    assert_str(fixture_field(fixture_response(f, &future), "Cache-Control"), "one");
    cairn_service_drop(service);
}

static void a_type_may_be_a_whole_one_or_a_half(void **state)
{
    struct cairn_layer layer = cairn_cache_control_rules({.type = "TEXT/html", .value = "html"},
        {.type = "image/", .value = "image"}, {.type = "+json", .value = "json"});
    ASSERT_CONTROL("html", layer, "/", 200, HTML);
    ASSERT_CONTROL("image", layer, "/", 200, "image/png");
    ASSERT_CONTROL("json", layer, "/", 200, "application/problem+json");
    ASSERT_CONTROL("json", layer, "/", 200, "application/json");
    ASSERT_CONTROL("", layer, "/", 200, "text/plain");
    ASSERT_CONTROL("", layer, "/", 200, "nonsense");
    ASSERT_CONTROL("", layer, "/", 200, NULL);
}

static void a_status_may_be_one_or_a_class(void **state)
{
    struct cairn_layer layer = cairn_cache_control_rules({.status = 404, .value = "one"},
        {.status = 5, .value = "five"}, {.status = 3, .value = "three"});
    ASSERT_CONTROL("one", layer, "/", 404, HTML);
    ASSERT_CONTROL("five", layer, "/", 500, HTML);
    ASSERT_CONTROL("five", layer, "/", 599, HTML);
    ASSERT_CONTROL("three", layer, "/", 308, HTML);
    ASSERT_CONTROL("", layer, "/", 403, HTML);
    ASSERT_CONTROL("", layer, "/", 200, HTML);
}

static void an_empty_value_takes_a_part_out(void **state)
{
    static const struct cairn_cache_control_rule rules[] = {{.path = "/live", .value = ""}};
    struct cairn_layer layer =
        cairn_cache_control(.rules = rules, .rule_count = 1, .value = "no-cache");
    ASSERT_CONTROL("", layer, "/live", 200, HTML);
    ASSERT_CONTROL("no-cache", layer, "/", 200, HTML);
}

static void outlives_its_options_and_counts_in_all_copies(void **state)
{
    struct fixture *f = *state;
    char value[] = "no-cache";
    char path[] = "/a";
    struct made made = {200, NULL, NULL, NULL};
    struct cairn_cache_control_rule rule = {.path = path, .value = value};
    struct cairn_service *service = fixture_apply(
        cairn_cache_control(.rules = &rule, .rule_count = 1), cairn_http_handler(answer, &made));
    struct cairn_service *copy = cairn_service_clone(service);
    memset(value, '!', sizeof(value) - 1);
    memset(path, '!', sizeof(path) - 1);
    memset(&rule, 0, sizeof(rule));
    fixture_ask(f, service, fixture_request(f, "/a"));
    cairn_service_drop(service);
    struct cairn_http_response *res = fixture_ask(f, copy, fixture_request(f, "/a"));
    fixture_ask(f, copy, fixture_request(f, "/b"));
    assert_int_equal(fixture_number(copy, "set"), 2);
    cairn_service_drop(copy);
    assert_str(fixture_field(res, "Cache-Control"), "no-cache");
}

static void sets_it_on_an_answer_that_comes_after_the_layer_is_gone(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_cache_control(.value = "no-cache"));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &future);
    cairn_service_drop(service);
    fixture_respond(f, NULL);
    assert_str(fixture_field(fixture_response(f, &future), "Cache-Control"), "no-cache");
}

static void passes_errors_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_cache_control(.value = "no-cache"));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static struct cairn_http_request *get(struct fixture *f)
{
    return fixture_request(f, "/");
}

static void fails_whichever_memory_is_missing(void **state)
{
    struct fixture *f = *state;
    struct made made = {200, NULL, NULL, NULL};
    struct cairn_service *service =
        fixture_apply(cairn_cache_control(.value = "no-cache"), cairn_http_handler(answer, &made));
    assert_whole_or_failed(f, service, get, 1);
    cairn_service_drop(service);
}

static void gives_the_answer_back_that_it_cannot_edit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_cache_control(.value = "no-cache"));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    hunger_respond_starving(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void refuses_rules_that_are_none(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_cache_control_layer(NULL), "value or rules must be set");
    assert_invalid(f, cairn_cache_control(.rule_count = 1), "rules must be 1 to 64, or none");
    static const struct cairn_cache_control_rule many[65] = {{.value = "a"}};
    assert_invalid(f, cairn_cache_control(.rules = many), "rules must be 1 to 64, or none");
    assert_invalid(
        f, cairn_cache_control(.rules = many, .rule_count = 65), "rules must be 1 to 64, or none");
    assert_invalid(f, cairn_cache_control(.value = "a\r\nb: c"),
        "value must have no control characters and no space at an end");
    assert_invalid(
        f, cairn_cache_control_rules({.value = "a"}, {.path = "/"}), "rule 2: value is missing");
    assert_invalid(f, cairn_cache_control_rules({.value = " a"}),
        "rule 1: value must have no control characters and no space at an end");
    assert_invalid(f, cairn_cache_control_rules({.value = "a", .path = "a"}),
        "rule 1: path must begin with a slash");
    assert_invalid(f, cairn_cache_control_rules({.value = "a", .path = ""}),
        "rule 1: path must begin with a slash");
}

static void refuses_a_type_or_a_status_that_is_none(void **state)
{
    struct fixture *f = *state;
    static const char *const types[] = {"", "text", "/", "+", "text/html; charset=utf-8",
        " text/html", "te xt/", "+js on", "/html"};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        assert_invalid(f, cairn_cache_control_rules({.value = "a", .type = types[i]}),
            "rule 1: type must be a media type, or as \"text/\" or \"+json\"");
    static const int statuses[] = {-1, 1, 6, 100, 199, 600};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
        assert_invalid(f, cairn_cache_control_rules({.value = "a", .status = statuses[i]}),
            "rule 1: status must be 200 to 599, or 2 to 5");
}

static void refuses_what_is_not_http_and_to_be_built_without_memory(void **state)
{
    assert_needs_http(cairn_cache_control(.value = "no-store"));
    assert_refused_without_memory(*state, cairn_cache_control(.value = "no-store"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(a_constant_is_for_all_that_is_well),
        fixture_test(only_what_is_asked_for_by_get_or_head_may_be_kept),
        fixture_test(what_a_handler_says_itself_stays),
        fixture_test(what_a_handler_says_itself_is_replaced_if_that_is_asked_for),
        fixture_test(the_first_rule_that_fits_counts),
        fixture_test(a_path_is_a_prefix_of_whole_segments),
        fixture_test(the_path_is_the_one_that_came),
        fixture_test(a_type_may_be_a_whole_one_or_a_half),
        fixture_test(a_status_may_be_one_or_a_class),
        fixture_test(an_empty_value_takes_a_part_out),
        fixture_test(outlives_its_options_and_counts_in_all_copies),
        fixture_test(sets_it_on_an_answer_that_comes_after_the_layer_is_gone),
        fixture_test(passes_errors_on),
        fixture_test(fails_whichever_memory_is_missing),
        fixture_test(gives_the_answer_back_that_it_cannot_edit),
        fixture_test(refuses_rules_that_are_none),
        fixture_test(refuses_a_type_or_a_status_that_is_none),
        fixture_test(refuses_what_is_not_http_and_to_be_built_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
