#include "router_rig.h"

static void a_route_is_found_by_its_whole_path(void **state)
{
    static const char *const patterns[] = {"/", "/users", "/users/new", NULL};
    struct cairn_service *service = routes(patterns);
    assert_told(*state, service, "/", "/");
    assert_told(*state, service, "/users", "/users");
    assert_told(*state, service, "/users?x=/new", "/users");
    assert_told(*state, service, "/users/new", "/users/new");
    assert_status(*state, service, "/user", 404);
    assert_status(*state, service, "/users/", 404);
    assert_status(*state, service, "/users/new/er", 404);
    assert_status(*state, service, "//", 404);
    assert_status(*state, service, "/Users", 404);
    cairn_service_drop(service);
}

static void captures_are_named_in_order(void **state)
{
    static const char *const patterns[] = {"/users/{id}", "/users/{user}/posts/{post}", NULL};
    struct cairn_service *service = routes(patterns);
    assert_told(*state, service, "/users/7", "/users/{id} id=7");
    assert_told(
        *state, service, "/users/7/posts/x.y", "/users/{user}/posts/{post} user=7 post=x.y");
    cairn_service_drop(service);
}

static void an_empty_segment_is_not_captured_and_may_be_static(void **state)
{
    static const char *const patterns[] = {"/a/{x}", "/a/{x}/", "/b//c", NULL};
    struct cairn_service *service = routes(patterns);
    assert_status(*state, service, "/a/", 404);
    assert_status(*state, service, "/a//", 404);
    assert_told(*state, service, "/a/1/", "/a/{x}/ x=1");
    assert_told(*state, service, "/b//c", "/b//c");
    assert_status(*state, service, "/b/c", 404);
    cairn_service_drop(service);
}

static void static_goes_before_capture_and_capture_before_rest(void **state)
{
    static const char *const patterns[] = {"/f/{*at}", "/f/{name}", "/f/new", NULL};
    struct cairn_service *service = routes(patterns);
    assert_told(*state, service, "/f/new", "/f/new");
    assert_told(*state, service, "/f/old", "/f/{name} name=old");
    assert_told(*state, service, "/f/old/er", "/f/{*at} at=old/er");
    assert_told(*state, service, "/f/new/", "/f/{*at} at=new/");
    cairn_service_drop(service);
}

static void literals_may_stand_around_a_capture(void **state)
{
    static const char *const patterns[] = {"/v{major}/x", "/{file}.json", "/img-{id}.png", NULL};
    struct cairn_service *service = routes(patterns);
    assert_told(*state, service, "/v2/x", "/v{major}/x major=2");
    assert_told(*state, service, "/a.b.json", "/{file}.json file=a.b");
    assert_told(*state, service, "/img-%37.pn%67", "/img-{id}.png id=7");
    assert_told(*state, service, "/v%2F/x", "/v{major}/x major=/");
    assert_status(*state, service, "/v/x", 404);
    assert_status(*state, service, "/.json", 404);
    assert_status(*state, service, "/img-.png", 404);
    assert_status(*state, service, "/imgpng", 404);
    assert_status(*state, service, "/w2/x", 404);
    assert_status(*state, service, "/a.jsonx", 404);
    cairn_service_drop(service);
}

static void more_literals_go_first_and_then_the_longer_prefix(void **state)
{
    static const char *const patterns[] = {
        "/{any}", "/{x}.gz", "/{x}.tar.gz", "/a{x}", "/{x}a", "/a.tar.gz", NULL};
    struct cairn_service *service = routes(patterns);
    assert_told(*state, service, "/a.tar.gz", "/a.tar.gz");
    assert_told(*state, service, "/b.tar.gz", "/{x}.tar.gz x=b");
    assert_told(*state, service, "/a.gz", "/{x}.gz x=a");
    assert_told(*state, service, "/aba", "/a{x} x=ba");
    assert_told(*state, service, "/bba", "/{x}a x=bb");
    assert_told(*state, service, "/a", "/{any} any=a");
    cairn_service_drop(service);
}

/* What a path looks like is left to whoever gets it: nothing is folded or taken away. */
static void a_path_is_not_normalised(void **state)
{
    static const char *const patterns[] = {"/a", "/a/", "/b", "/{x}/{y}", NULL};
    struct cairn_service *service = routes(patterns);
    assert_told(*state, service, "/a/", "/a/");
    assert_told(*state, service, "/a/.", "/{x}/{y} x=a y=.");
    assert_told(*state, service, "/a/..", "/{x}/{y} x=a y=..");
    assert_told(*state, service, "/a/%2e%2E", "/{x}/{y} x=a y=..");
    assert_told(*state, service, "/a/%252e", "/{x}/{y} x=a y=%2e");
    assert_told(*state, service, "/a%2Fb/c%5Cd", "/{x}/{y} x=a/b y=c\\d");
    assert_status(*state, service, "//a", 404);
    assert_status(*state, service, "/./b", 200);
    assert_status(*state, service, "/b/", 404);
    assert_status(*state, service, "/x/../b", 404);
    assert_status(*state, service, "/A", 404);
    assert_status(*state, service, "/a%00", 400);
    cairn_service_drop(service);
}

static void a_way_that_leads_nowhere_is_taken_back(void **state)
{
    static const char *const patterns[] = {"/a/{x}/c", "/a/b/d", "/{*all}", "/a/b/{y}/e/{z}", NULL};
    struct cairn_service *service = routes(patterns);
    assert_told(*state, service, "/a/b/d", "/a/b/d");
    assert_told(*state, service, "/a/b/c", "/a/{x}/c x=b");
    assert_told(*state, service, "/a/b/1/e/2", "/a/b/{y}/e/{z} y=1 z=2");
    assert_told(*state, service, "/a/b/1/f/2", "/{*all} all=a/b/1/f/2");
    cairn_service_drop(service);
}

static void a_rest_is_never_empty_and_may_begin_with_a_slash(void **state)
{
    static const char *const patterns[] = {"/files/{*at}", NULL};
    struct cairn_service *service = routes(patterns);
    assert_status(*state, service, "/files", 404);
    assert_status(*state, service, "/files/", 404);
    assert_told(*state, service, "/files//", "/files/{*at} at=/");
    assert_told(*state, service, "/files//etc/", "/files/{*at} at=/etc/");
    assert_told(*state, service, "/files/a/../b", "/files/{*at} at=a/../b");
    cairn_service_drop(service);
}

static void segments_are_compared_and_captured_decoded(void **state)
{
    static const char *const patterns[] = {
        "/caf\xc3\xa9/{name}", "/100%/x", "/rest/{*at}", "/a b", NULL};
    struct cairn_service *service = routes(patterns);
    assert_told(
        *state, service, "/caf%C3%A9/J%c3%bcrgen+1", "/caf\xc3\xa9/{name} name=J\xc3\xbcrgen+1");
    assert_told(*state, service, "/%63af\xc3\xa9/plain", "/caf\xc3\xa9/{name} name=plain");
    assert_told(*state, service, "/100%25/x", "/100%/x");
    assert_told(*state, service, "/a%20b", "/a b");
    assert_told(*state, service, "/rest/a%20b/%2e%2E", "/rest/{*at} at=a b/..");
    assert_told(*state, service, "/%72est/plain/x", "/rest/{*at} at=plain/x");
    cairn_service_drop(service);
}

static void an_encoded_slash_is_data(void **state)
{
    static const char *const patterns[] = {"/a/b", "/{one}", NULL};
    struct cairn_service *service = routes(patterns);
    assert_told(*state, service, "/a%2Fb", "/{one} one=a/b");
    assert_status(*state, service, "/a/c", 404);
    cairn_service_drop(service);
}

static void broken_encoding_and_a_nul_are_answered_with_400(void **state)
{
    static const char *const patterns[] = {"/{*all}", NULL};
    static const char *const bad[] = {"/%", "/a%2", "/%zz", "/%0g/x", "/a/%00", "/%%20", "/x/%00y"};
    struct cairn_service *service = routes(patterns);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct cairn_http_response *res = ask(*state, service, CAIRN_HTTP_GET, bad[i]);
        assert_int_equal(res->status, 400);
        assert_str(field(res, "content-type"), "application/problem+json");
    }
    assert_status(*state, service, "/x?%zz", 200);
    cairn_service_drop(service);
}

static void a_path_that_is_none_is_not_found(void **state)
{
    static const char *const patterns[] = {"/{*all}", NULL};
    struct cairn_service *service = routes(patterns);
    assert_status(*state, service, "*", 404);
    assert_status(*state, service, "", 404);
    assert_status(*state, service, "example.com:80", 404);
    assert_told(*state, service, "http://example.com/x", "/{*all} all=x");
    cairn_service_drop(service);
}

static void what_the_router_sets_outlives_it(void **state)
{
    struct rig *rig = *state;
    static const char *const patterns[] = {"/users/{id}/{*rest}", NULL};
    struct cairn_service *service = routes(patterns);
    struct cairn_http_request *req =
        cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, "/users/4%32/a%20/b");
    struct cairn_future future = send(rig, &rig->hand, service, req);
    cairn_future_drop(&future);
    cairn_service_drop(service);
    assert_str(req->route, "/users/{id}/{*rest}");
    assert_int_equal(req->param_count, 2);
    assert_str(cairn_http_request_param(req, "id"), "42");
    assert_str(cairn_http_request_param(req, "rest"), "a /b");
}

static void sixteen_captures_and_sixty_four_segments_are_possible(void **state)
{
    struct rig *rig = *state;
    char pattern[600] = "";
    char path[600] = "";
    for (int i = 0; i < 64; i++) {
        char piece[16];
        snprintf(piece, sizeof(piece), i < 16 ? "/{c%d}" : "/s%d", i);
        strcat(pattern, piece);
        snprintf(piece, sizeof(piece), i < 16 ? "/v%d" : "/s%d", i);
        strcat(path, piece);
    }
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, pattern, told("all"));
    struct cairn_service *service = finish(r);
    struct cairn_http_request *req = cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, path);
    struct cairn_future future = send(rig, &rig->hand, service, req);
    cairn_future_drop(&future);
    assert_int_equal(req->param_count, 16);
    assert_str(cairn_http_request_param(req, "c15"), "v15");
    strcat(path, "/more");
    assert_status(rig, service, path, 404);
    cairn_service_drop(service);
}

static void each_method_has_its_own_route(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x", told("get"));
    cairn_http_post(r, "/x", told("post"));
    cairn_http_put(r, "/x", told("put"));
    cairn_http_delete(r, "/x", told("delete"));
    cairn_http_patch(r, "/x", told("patch"));
    cairn_http_route(r, CAIRN_HTTP_TRACE, "/x", told("trace"));
    struct cairn_service *service = finish(r);
    assert_body(*state, service, CAIRN_HTTP_GET, "/x", "get");
    assert_body(*state, service, CAIRN_HTTP_POST, "/x", "post");
    assert_body(*state, service, CAIRN_HTTP_PUT, "/x", "put");
    assert_body(*state, service, CAIRN_HTTP_DELETE, "/x", "delete");
    assert_body(*state, service, CAIRN_HTTP_PATCH, "/x", "patch");
    assert_body(*state, service, CAIRN_HTTP_TRACE, "/x", "trace");
    cairn_service_drop(service);
}

static void routes_of_a_path_may_name_its_captures_differently(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x/{id}", told("get"));
    cairn_http_post(r, "/x/{name}", told("post"));
    struct cairn_service *service = finish(r);
    assert_body(*state, service, CAIRN_HTTP_GET, "/x/7", "get id=7");
    assert_body(*state, service, CAIRN_HTTP_POST, "/x/7", "post name=7");
    cairn_service_drop(service);
}

static void head_is_answered_by_get_unless_it_has_a_route(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x", told("get"));
    cairn_http_get(r, "/y", told("get"));
    cairn_http_route(r, CAIRN_HTTP_HEAD, "/y", told("head"));
    struct cairn_service *service = finish(r);
    assert_body(*state, service, CAIRN_HTTP_HEAD, "/x", "get");
    assert_body(*state, service, CAIRN_HTTP_HEAD, "/y", "head");
    assert_body(*state, service, CAIRN_HTTP_GET, "/y", "get");
    cairn_service_drop(service);
}

static void any_takes_the_methods_that_have_no_route(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_any(r, "/x", told("any"));
    cairn_http_get(r, "/x", told("get"));
    struct cairn_service *service = finish(r);
    assert_body(*state, service, CAIRN_HTTP_GET, "/x", "get");
    assert_body(*state, service, CAIRN_HTTP_HEAD, "/x", "get");
    assert_body(*state, service, CAIRN_HTTP_OPTIONS, "/x", "any");
    assert_body(*state, service, CAIRN_HTTP_DELETE, "/x", "any");
    assert_body(*state, service, CAIRN_HTTP_OTHER, "/x", "any");
    cairn_service_drop(service);
}

static void another_method_is_answered_with_405_and_the_ones_there_are(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_delete(r, "/x/{id}", told("delete"));
    cairn_http_patch(r, "/x/{id}", told("patch"));
    cairn_http_get(r, "/x/{id}", told("get"));
    cairn_http_post(r, "/y", told("post"));
    struct cairn_service *service = finish(r);
    struct cairn_http_response *res = ask(*state, service, CAIRN_HTTP_POST, "/x/7");
    assert_int_equal(res->status, 405);
    assert_str(field(res, "Allow"), "GET, HEAD, DELETE, OPTIONS, PATCH");
    assert_str(field(res, "Content-Type"), "application/problem+json");
    res = ask(*state, service, CAIRN_HTTP_OTHER, "/y");
    assert_int_equal(res->status, 405);
    assert_str(field(res, "Allow"), "POST, OPTIONS");
    cairn_service_drop(service);
}

static void the_path_is_chosen_before_the_method(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x/new", told("new"));
    cairn_http_post(r, "/x/{id}", told("post"));
    struct cairn_service *service = finish(r);
    assert_int_equal(ask(*state, service, CAIRN_HTTP_POST, "/x/new")->status, 405);
    cairn_service_drop(service);
}

static void options_is_answered_unless_it_has_a_route(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x", told("get"));
    cairn_http_post(r, "/y", told("post"));
    cairn_http_route(r, CAIRN_HTTP_OPTIONS, "/y", told("options"));
    struct cairn_service *service = finish(r);
    struct cairn_http_response *res = ask(*state, service, CAIRN_HTTP_OPTIONS, "/x");
    assert_int_equal(res->status, 204);
    assert_str(field(res, "Allow"), "GET, HEAD, OPTIONS");
    assert_int_equal(res->body.length, 0);
    assert_body(*state, service, CAIRN_HTTP_OPTIONS, "/y", "options");
    assert_int_equal(ask(*state, service, CAIRN_HTTP_OPTIONS, "/z")->status, 404);
    res = ask(*state, service, CAIRN_HTTP_OPTIONS, "*");
    assert_int_equal(res->status, 204);
    assert_str(field(res, "Allow"), "GET, HEAD, POST, OPTIONS");
    cairn_service_drop(service);
}

static void what_no_route_has_is_answered_with_404(void **state)
{
    struct rig *rig = *state;
    struct cairn_service *service = finish(cairn_http_router_new());
    struct cairn_http_request *req = cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, "/x");
    union cairn_outcome out;
    struct cairn_future future = send(rig, &rig->hand, service, req);
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_READY);
    struct cairn_http_response *res = out.value;
    assert_int_equal(res->status, 404);
    assert_str(field(res, "Content-Type"), "application/problem+json");
    assert_null(req->route.data);
    cairn_service_drop(service);
}

static void or_goes_to_the_fallback_the_last_one_given(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_router_fallback(r, told("first"));
    cairn_http_get(r, "/x", told("x"));
    cairn_http_router_fallback(r, told("last"));
    struct cairn_service *service = finish(r);
    assert_told(*state, service, "/y", "last");
    assert_told(*state, service, "/x", "x");
    assert_int_equal(ask(*state, service, CAIRN_HTTP_POST, "/x")->status, 405);
    assert_status(*state, service, "/%zz", 400);
    cairn_service_drop(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_route_is_found_by_its_whole_path),
        rig_test(captures_are_named_in_order),
        rig_test(an_empty_segment_is_not_captured_and_may_be_static),
        rig_test(static_goes_before_capture_and_capture_before_rest),
        rig_test(literals_may_stand_around_a_capture),
        rig_test(more_literals_go_first_and_then_the_longer_prefix),
        rig_test(a_path_is_not_normalised),
        rig_test(a_way_that_leads_nowhere_is_taken_back),
        rig_test(a_rest_is_never_empty_and_may_begin_with_a_slash),
        rig_test(segments_are_compared_and_captured_decoded),
        rig_test(an_encoded_slash_is_data),
        rig_test(broken_encoding_and_a_nul_are_answered_with_400),
        rig_test(a_path_that_is_none_is_not_found),
        rig_test(what_the_router_sets_outlives_it),
        rig_test(sixteen_captures_and_sixty_four_segments_are_possible),
        rig_test(each_method_has_its_own_route),
        rig_test(routes_of_a_path_may_name_its_captures_differently),
        rig_test(head_is_answered_by_get_unless_it_has_a_route),
        rig_test(any_takes_the_methods_that_have_no_route),
        rig_test(another_method_is_answered_with_405_and_the_ones_there_are),
        rig_test(the_path_is_chosen_before_the_method),
        rig_test(options_is_answered_unless_it_has_a_route),
        rig_test(what_no_route_has_is_answered_with_404),
        rig_test(or_goes_to_the_fallback_the_last_one_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
