#include "router_rig.h"

#include <cairn/service/service_fn.h>

static void a_group_has_a_prefix_and_layers_around_each_route(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *admin = cairn_http_router_new();
    cairn_http_get(admin, "/", told("root"));
    cairn_http_get(admin, "/stats/{id}", told("stats"));
    cairn_http_any(admin, "/any", told("any"));
    cairn_http_get(r, "/stats/{id}", told("outside"));
    cairn_http_group(r, "/admin", admin, layer_a(), layer_b());
    struct cairn_service *service = finish(r);
    assert_told(*state, service, "/admin", "a(b(root))");
    assert_told(*state, service, "/admin/stats/7", "a(b(stats id=7))");
    assert_body(*state, service, CAIRN_HTTP_PUT, "/admin/any", "a(b(any))");
    assert_told(*state, service, "/stats/7", "outside id=7");
    assert_status(*state, service, "/admin/", 404);
    cairn_service_drop(service);
}

static void groups_nest_and_prefixes_may_capture(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *tenant = cairn_http_router_new();
    struct cairn_http_router *users = cairn_http_router_new();
    cairn_http_get(users, "/{id}", told("user"));
    cairn_http_get(users, "/", told("users"));
    cairn_http_group(tenant, "/users", users, layer_b());
    cairn_http_get(tenant, "/info", told("info"));
    cairn_http_group(r, "/t/{tenant}", tenant, layer_a());
    struct cairn_http_router *plain = cairn_http_router_new();
    cairn_http_get(plain, "/", told("home"));
    cairn_http_nest(r, "", plain);
    struct cairn_service *service = finish(r);
    assert_told(*state, service, "/t/x/users/7", "a(b(user tenant=x id=7))");
    assert_told(*state, service, "/t/x/users", "a(b(users tenant=x))");
    assert_told(*state, service, "/t/x/info", "a(info tenant=x)");
    assert_told(*state, service, "/", "home");
    cairn_service_drop(service);
}

static void a_bad_pattern_breaks_the_router(void **state)
{
    static const char *const table[][2] = {{"", "router: GET : a pattern begins with a slash"},
        {"users", "router: GET users: a pattern begins with a slash"},
        {"/{", "router: GET /{: braces stand around the name of a capture, one in a segment, as in "
               "/users/{id}"},
        {"/}", "router: GET /}: braces stand around the name of a capture, one in a segment, as in "
               "/users/{id}"},
        {"/a}b{c", "router: GET /a}b{c: braces stand around the name of a capture, one in a "
                   "segment, as in /users/{id}"},
        {"/{a}{b}", "router: GET /{a}{b}: braces stand around the name of a capture, one in a "
                    "segment, as in /users/{id}"},
        {"/{a}-{b}", "router: GET /{a}-{b}: braces stand around the name of a capture, one in a "
                     "segment, as in /users/{id}"},
        {"/{a}b}", "router: GET /{a}b}: braces stand around the name of a capture, one in a "
                   "segment, as in /users/{id}"},
        {"/}{a}", "router: GET /}{a}: braces stand around the name of a capture, one in a segment, "
                  "as in /users/{id}"},
        {"/{}", "router: GET /{}: a capture's name is of letters, digits and underscores, at least "
                "one"},
        {"/{*}", "router: GET /{*}: a capture's name is of letters, digits and underscores, at "
                 "least one"},
        {"/{a:int}", "router: GET /{a:int}: a capture's name is of letters, digits and "
                     "underscores, at least one"},
        {"/{{a}", "router: GET /{{a}: a capture's name is of letters, digits and underscores, at "
                  "least one"},
        {"/x{*a}", "router: GET /x{*a}: {*rest} is a whole segment"},
        {"/{*a}x", "router: GET /{*a}x: {*rest} is a whole segment"},
        {"/a?{b}", "router: GET /a?{b}: only the path is matched, without a query or a fragment"},
        {"/{b}%41", "router: GET /{b}%41: patterns are written decoded, without percent-encoding"},
        {"/{a}/b/{a}", "router: GET /{a}/b/{a}: each capture has a name of its own"},
        {"/{a}/{*a}", "router: GET /{a}/{*a}: each capture has a name of its own"},
        {"/{*a}/b", "router: GET /{*a}/b: nothing can follow {*rest}"},
        {"/{*a}/", "router: GET /{*a}/: nothing can follow {*rest}"},
        {"/a?b=c", "router: GET /a?b=c: only the path is matched, without a query or a fragment"},
        {"/a#b", "router: GET /a#b: only the path is matched, without a query or a fragment"},
        {"/caf%C3%A9",
            "router: GET /caf%C3%A9: patterns are written decoded, without percent-encoding"},
        {"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}",
            "router: GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}: a "
            "pattern has at most 16 captures"},
        {"/////////////////////////////////////////////////////////////////",
            "router: GET /////////////////////////////////////////////////////////////////: a "
            "pattern has at most 64 segments"}};
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct cairn_http_router *r = cairn_http_router_new();
        cairn_http_get(r, table[i][0], told("x"));
        assert_broken(r, CAIRN_ERROR_INVALID, table[i][1]);
    }
}

static void a_pattern_of_more_than_1024_bytes_breaks_the_router(void **state)
{
    char pattern[1026];
    (void)state;
    memset(pattern, 'a', sizeof(pattern));
    pattern[0] = '/';
    pattern[1024] = '\0';
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, pattern, told("x"));
    cairn_service_drop(finish(r));
    pattern[1024] = 'a';
    pattern[1025] = '\0';
    r = cairn_http_router_new();
    cairn_http_get(r, pattern, told("x"));
    struct cairn_service *service = cairn_http_router_service(r);
    assert_non_null(strstr(cairn_service_error(service)->message, "at most 1024 bytes"));
    cairn_service_drop(service);
}

static void overlaps_break_the_router_and_are_named_both(void **state)
{
    static const char *const pairs[][2] = {{"/a/{x}", "/a/{y}"}, {"/a", "/a"},
        {"/a/{*x}", "/a/{*y}"}, {"/{a}/{b}/c/{*d}", "/{b}/{a}/c/{*e}"}};
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        char expected[128];
        snprintf(
            expected, sizeof(expected), "router: GET %s overlaps GET %s", pairs[i][1], pairs[i][0]);
        struct cairn_http_router *r = cairn_http_router_new();
        cairn_http_get(r, pairs[i][0], told("x"));
        cairn_http_post(r, pairs[i][1], told("x"));
        cairn_http_get(r, pairs[i][1], told("x"));
        assert_broken(r, CAIRN_ERROR_INVALID, expected);
    }
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_any(r, "/x", told("x"));
    cairn_http_any(r, "/x", told("x"));
    assert_broken(r, CAIRN_ERROR_INVALID, "router: ANY /x overlaps ANY /x");
}

static struct cairn_service *refusing(void *cx, struct cairn_service *inner)
{
    (void)cx;
    cairn_service_drop(inner);
    return cairn_service_broken(
        cairn_error_new(CAIRN_ERROR_INVALID, "timeout", NULL, "after_ms must be 1 to 86400000"));
}

static void a_broken_service_breaks_the_router_and_its_route_is_named(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)state;
    cairn_http_get(r, "/ok", told("x"));
    cairn_http_post(r, "/users", cairn_stack(told("x"), cairn_layer_fn("timeout", refusing, NULL)));
    cairn_http_get(r, "bad", told("x")); /* the first one counts */
    assert_broken(
        r, CAIRN_ERROR_INVALID, "router: POST /users: timeout: after_ms must be 1 to 86400000");
    r = cairn_http_router_new();
    cairn_http_router_fallback(r, refusing(NULL, NULL));
    assert_broken(
        r, CAIRN_ERROR_INVALID, "router: the fallback: timeout: after_ms must be 1 to 86400000");
}

static void a_route_in_a_group_is_named_whole(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *admin = cairn_http_router_new();
    (void)state;
    cairn_http_get(admin, "/stats", told("x"));
    cairn_http_group(r, "/admin", admin, cairn_layer_fn("timeout", refusing, NULL));
    assert_broken(r, CAIRN_ERROR_INVALID,
        "router: GET /admin/stats: timeout: after_ms must be 1 to 86400000");
}

static void bad_groups_break_the_router(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)state;
    cairn_http_group(r, "/a", cairn_http_router_new(), layer_a());
    assert_broken(r, CAIRN_ERROR_INVALID, "router: group \"/a\": it has no routes");
    static const char *const prefixes[] = {"a", "/a/", "/"};
    for (size_t i = 0; i < 3; i++) {
        char expected[128];
        snprintf(expected, sizeof(expected),
            "router: group \"%s\": a prefix begins with a slash, and does not end with one",
            prefixes[i]);
        r = cairn_http_router_new();
        struct cairn_http_router *group = cairn_http_router_new();
        cairn_http_get(group, "/x", told("x"));
        cairn_http_nest(r, prefixes[i], group);
        assert_broken(r, CAIRN_ERROR_INVALID, expected);
    }
    r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    cairn_http_get(group, "/", told("x"));
    cairn_http_nest(r, "/a/{*all}", group);
    assert_broken(r, CAIRN_ERROR_INVALID, "router: group \"/a/{*all}\": a prefix has no {*rest}");
}

static void an_error_inside_a_group_comes_out_of_the_whole(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    (void)state;
    cairn_http_route(group, CAIRN_HTTP_OTHER, "/x", told("x"));
    cairn_http_nest(r, "/a", group);
    assert_broken(r, CAIRN_ERROR_INVALID,
        "router: /x: each method must be one that has a name; cairn_http_any takes them all");
}

static void *no_response(void *cx, void *request, struct cairn_error **error)
{
    (void)cx;
    (void)request;
    *error = &cairn_error_no_memory;
    return NULL;
}

static void services_of_other_types_and_without_clones_break_the_router(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)state;
    cairn_http_get(
        r, "/x", cairn_service_fn("test", &cairn_http_request_type, NULL, no_response, NULL));
    assert_broken(r, CAIRN_ERROR_TYPE,
        "router: GET /x: needs a service from http.request to http.response, got one from "
        "http.request to anything (service_fn)");
    struct cairn_mock *mock = new_mock(true);
    r = cairn_http_router_new();
    cairn_http_get(r, "/x", cairn_mock_service(mock));
    assert_broken(
        r, CAIRN_ERROR_TYPE, "router: GET /x: needs a service that can be cloned, and mock cannot");
    cairn_mock_free(mock);
}

static void a_service_that_is_null_is_out_of_memory(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct cairn_http_router *r = cairn_http_router_new();
        if (i == 0)
            cairn_http_get(r, "/x", NULL);
        else if (i == 1)
            cairn_http_router_fallback(r, NULL);
        else
            cairn_http_nest(r, "/x", NULL);
        assert_broken(r, CAIRN_ERROR_MEMORY, "cairn: out of memory");
    }
}

static void a_router_that_is_null_is_out_of_memory_whatever_is_done_to_it(void **state)
{
    struct cairn_http_router *group = cairn_http_router_new();
    (void)state;
    cairn_http_get(group, "/x", told("x"));
    cairn_http_get(NULL, "/x", told("x"));
    cairn_http_route(NULL, CAIRN_HTTP_OTHER, "/x", told("x"));
    cairn_http_any(NULL, "/x", told("x"));
    cairn_http_router_fallback(NULL, told("x"));
    cairn_http_nest(NULL, "/x", group);
    cairn_http_router_free(NULL);
    assert_broken(NULL, CAIRN_ERROR_MEMORY, "cairn: out of memory");
}

static void a_router_may_be_given_up(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)state;
    cairn_http_get(r, "/x", told("x"));
    cairn_http_route(r, CAIRN_HTTP_OTHER, "/x", told("x"));
    cairn_http_router_fallback(r, told("x"));
    cairn_http_router_free(r);
    assert_int_equal(cairn_mock_counts(((struct rig *)*state)->mock).services, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_group_has_a_prefix_and_layers_around_each_route),
        rig_test(groups_nest_and_prefixes_may_capture),
        rig_test(a_bad_pattern_breaks_the_router),
        rig_test(a_pattern_of_more_than_1024_bytes_breaks_the_router),
        rig_test(overlaps_break_the_router_and_are_named_both),
        rig_test(a_broken_service_breaks_the_router_and_its_route_is_named),
        rig_test(a_route_in_a_group_is_named_whole),
        rig_test(bad_groups_break_the_router),
        rig_test(an_error_inside_a_group_comes_out_of_the_whole),
        rig_test(services_of_other_types_and_without_clones_break_the_router),
        rig_test(a_service_that_is_null_is_out_of_memory),
        rig_test(a_router_that_is_null_is_out_of_memory_whatever_is_done_to_it),
        rig_test(a_router_may_be_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
