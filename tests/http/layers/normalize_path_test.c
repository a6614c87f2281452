#include "http_fixture.h"

#include <cairn/http/layers/normalize_path.h>
#include <cairn/http/router.h>

static struct cairn_http_response *tell_path(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, NULL, req->path);
}

/* LAYER makes PATH of TARGET, and changes nothing else. */
static void assert_path(
    struct fixture *f, struct cairn_layer layer, const char *target, const char *path)
{
    struct cairn_service *s = fixture_apply(layer, cairn_http_handler(tell_path, NULL));
    struct cairn_http_request *req = fixture_request(f, target);
    struct cairn_str query = req->query;
    bool is_changed =
        req->path.length != strlen(path) || memcmp(req->path.data, path, req->path.length) != 0;
    assert_str(fixture_ask(f, s, req)->body, path);
    assert_str(req->target, target);
    assert_ptr_equal(req->query.data, query.data);
    assert_int_equal(req->query.length, query.length);
    assert_int_equal(fixture_number(s, "changed"), is_changed);
    cairn_service_drop(s);
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_normalize_path(.slash = CAIRN_NORMALIZE_PATH_APPEND, .merge = true),
        (struct cairn_contract_options){0});
}

static void trims_the_slashes_at_the_end(void **state)
{
    const struct cairn_layer trim = cairn_normalize_path();
    assert_path(*state, trim, "/users", "/users");
    assert_path(*state, trim, "/users/", "/users");
    assert_path(*state, trim, "/users///", "/users");
    assert_path(*state, trim, "/users/7/?full=1/", "/users/7");
    assert_path(*state, trim, "//users//7/", "//users//7");
}

static void root_stays_the_root(void **state)
{
    const struct cairn_layer trim = cairn_normalize_path();
    const struct cairn_layer append = cairn_normalize_path(.slash = CAIRN_NORMALIZE_PATH_APPEND);
    assert_path(*state, trim, "/", "/");
    assert_path(*state, trim, "/?a=1", "/");
    assert_path(*state, trim, "///", "/");
    assert_path(*state, append, "/", "/");
    assert_path(*state, append, "//", "/");
}

static void appends_one_slash(void **state)
{
    const struct cairn_layer append = cairn_normalize_path(.slash = CAIRN_NORMALIZE_PATH_APPEND);
    assert_path(*state, append, "/users", "/users/");
    assert_path(*state, append, "/users/", "/users/");
    assert_path(*state, append, "/users//", "/users/");
    assert_path(*state, append, "/users?full=1", "/users/");
    assert_path(*state, append, "/style.css", "/style.css/");
}

static void merges_slashes_where_it_is_told_to(void **state)
{
    const struct cairn_layer keep =
        cairn_normalize_path(.slash = CAIRN_NORMALIZE_PATH_KEEP, .merge = true);
    const struct cairn_layer append =
        cairn_normalize_path(.slash = CAIRN_NORMALIZE_PATH_APPEND, .merge = true);
    assert_path(*state, keep, "/a/b", "/a/b");
    assert_path(*state, keep, "//a///b//", "/a/b/");
    assert_path(*state, keep, "//", "/");
    assert_path(*state, cairn_normalize_path(.merge = true), "//a//b//", "/a/b");
    assert_path(*state, append, "/a//b", "/a/b/");
    assert_path(*state, append, "/a//b//?c=//", "/a/b/");
}

static void leaves_what_is_percent_encoded(void **state)
{
    assert_path(*state, cairn_normalize_path(.merge = true), "/a%2F%2F/", "/a%2F%2F");
}

static void leaves_a_target_that_is_no_path(void **state)
{
    const struct cairn_layer append =
        cairn_normalize_path(.slash = CAIRN_NORMALIZE_PATH_APPEND, .merge = true);
    assert_path(*state, append, "*", "*");
    assert_path(*state, append, "example.org:443", "example.org:443");
}

static void changes_the_path_of_an_absolute_target(void **state)
{
    assert_path(*state, cairn_normalize_path(), "http://example.org/users/", "/users");
}

/* What comes for TARGET out of a router with /users, around which is OUTSIDE, and in which, around
 * the route, is INSIDE. */
static int route(
    struct fixture *f, struct cairn_layer outside, struct cairn_layer inside, const char *target)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/users", fixture_apply(inside, cairn_http_handler(tell_path, NULL)));
    struct cairn_service *s = fixture_apply(outside, cairn_http_router_service(r));
    int status = fixture_ask(f, s, fixture_request(f, target))->status;
    cairn_service_drop(s);
    return status;
}

static void routes_by_the_new_path_from_outside_of_the_router_only(void **state)
{
    const struct cairn_layer trim = cairn_normalize_path();
    assert_int_equal(route(*state, trim, cairn_layer_none(), "/users/"), 200);
    assert_int_equal(route(*state, cairn_layer_none(), trim, "/users/"), 404);
    assert_int_equal(route(*state, cairn_layer_none(), trim, "/users"), 200);
}

static void copies_share_the_counter(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_normalize_path(), cairn_http_handler(tell_path, NULL));
    struct cairn_service *copy = cairn_service_clone(s);
    fixture_ask(f, copy, fixture_request(f, "/a/"));
    fixture_ask(f, s, fixture_request(f, "/a/"));
    assert_int_equal(fixture_number(s, "changed"), 2);
    cairn_service_drop(s);
    assert_int_equal(fixture_number(copy, "changed"), 2);
    cairn_service_drop(copy);
}

static void assert_fails_without_memory(
    struct fixture *f, struct cairn_layer layer, const char *target)
{
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_around_mock(f, layer);
    struct cairn_http_request *req = fixture_request(f, target);
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(s, req);
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
    cairn_test_alloc_fail_at(0);
}

static void fails_and_releases_without_memory(void **state)
{
    assert_fails_without_memory(
        *state, cairn_normalize_path(.slash = CAIRN_NORMALIZE_PATH_APPEND), "/a");
    assert_fails_without_memory(*state, cairn_normalize_path(.merge = true), "//a");
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_normalize_path(.slash = (enum cairn_normalize_path_slash)3),
        "slash must be one of enum cairn_normalize_path_slash");
    assert_invalid(f, cairn_normalize_path(.slash = CAIRN_NORMALIZE_PATH_KEEP),
        "merge must be set where slash is CAIRN_NORMALIZE_PATH_KEEP");
    assert_needs_http(cairn_normalize_path_layer(NULL));
    assert_refused_without_memory(f, cairn_normalize_path(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(trims_the_slashes_at_the_end),
        fixture_test(root_stays_the_root),
        fixture_test(appends_one_slash),
        fixture_test(merges_slashes_where_it_is_told_to),
        fixture_test(leaves_what_is_percent_encoded),
        fixture_test(leaves_a_target_that_is_no_path),
        fixture_test(changes_the_path_of_an_absolute_target),
        fixture_test(routes_by_the_new_path_from_outside_of_the_router_only),
        fixture_test(copies_share_the_counter),
        fixture_test(fails_and_releases_without_memory),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
