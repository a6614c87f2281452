#include "router_rig.h"

/* Answers "NAME path prefix route", "-" for what is absent. */
static struct cairn_http_response *see(struct cairn_http_request *req, void *state)
{
    struct cairn_str prefix = req->route_prefix.data ? req->route_prefix : CAIRN_STR("-");
    struct cairn_str route = req->route.data ? req->route : CAIRN_STR("-");
    struct cairn_str text =
        cairn_arena_printf(req->arena, "%s %.*s %.*s %.*s", (char *)state, (int)req->path.length,
            req->path.data, (int)prefix.length, prefix.data, (int)route.length, route.data);
    return text.data ? cairn_http_text(req, 200, text.data) : NULL;
}

static struct cairn_service *seen(const char *name)
{
    return cairn_http_handler(see, (void *)(size_t)name);
}

/* A layer that puts the path it sees before the answer. */
static struct cairn_future path_call(struct cairn_service *base, void *request)
{
    struct cairn_http_request *req = request;
    struct cairn_str path = cairn_arena_copy(req->arena, req->path);
    return cairn_future_map(cairn_service_call(base->inner, req), mark, (void *)(size_t)path.data);
}

static struct cairn_layer layer_path(void)
{
    static const struct cairn_service_ops ops = {
        .name = "path", .size = sizeof(struct cairn_service), .call = path_call};
    return cairn_layer_fn("path", mark_apply, (void *)(size_t)&ops);
}

static void assert_seen(
    struct rig *rig, struct cairn_service *service, const char *target, const char *expected)
{
    assert_body(rig, service, CAIRN_HTTP_GET, target, expected);
}

static void a_group_sees_the_path_without_its_prefix(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *users = cairn_http_router_new();
    cairn_http_get(users, "/", seen("root"));
    cairn_http_get(users, "/{id}/x", seen("x"));
    cairn_http_get(r, "/users", seen("outside")); /* for another method it would overlap */
    cairn_http_nest(r, "/t/{tenant}/users", users);
    struct cairn_service *service = finish(r);
    assert_seen(*state, service, "/t/1/users", "root / /t/{tenant}/users /t/{tenant}/users");
    assert_seen(
        *state, service, "/t/1/users/7/x?q", "x /7/x /t/{tenant}/users /t/{tenant}/users/{id}/x");
    assert_seen(*state, service, "/t/a%2Fb/users/%37/x",
        "x /%37/x /t/{tenant}/users /t/{tenant}/users/{id}/x");
    assert_seen(*state, service, "/users", "outside /users - /users");
    cairn_service_drop(service);
}

static void the_original_path_stays_available(void **state)
{
    struct rig *rig = *state;
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    cairn_http_get(group, "/{id}", told("x"));
    cairn_http_nest(r, "/a/b", group);
    struct cairn_service *service = finish(r);
    struct cairn_http_request *req =
        cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, "/a/b/c%20d?e=f");
    struct cairn_future future = send(rig, &rig->hand, service, req);
    cairn_future_drop(&future);
    cairn_service_drop(service);
    assert_str(req->path, "/c%20d");
    assert_str(req->query, "e=f");
    assert_str(req->target, "/a/b/c%20d?e=f");
    assert_str(req->route_prefix, "/a/b");
    assert_str(cairn_http_request_original_path(req), "/a/b/c%20d");
    req = cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, "http://a:1/b?c");
    assert_str(cairn_http_request_original_path(req), "/b");
}

static void layers_see_what_their_group_sees(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *outer = cairn_http_router_new();
    struct cairn_http_router *inner = cairn_http_router_new();
    cairn_http_get(inner, "/{id}", seen("x"));
    cairn_http_group(outer, "/in", inner, layer_path());
    cairn_http_group(r, "/out", outer, layer_path());
    cairn_http_router_layer(r, layer_path());
    struct cairn_service *service = finish(r);
    assert_seen(*state, service, "/out/in/7", "/out/in/7(/in/7(/7(x /7 /out/in /out/in/{id})))");
    cairn_service_drop(service);
}

static void a_group_without_a_fallback_has_that_of_the_router_around_it(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *a = cairn_http_router_new();
    struct cairn_http_router *b = cairn_http_router_new();
    cairn_http_get(b, "/x", seen("x"));
    cairn_http_nest(a, "/b", b);
    cairn_http_router_fallback(a, seen("a's"));
    cairn_http_nest(r, "/a", a);
    struct cairn_http_router *c = cairn_http_router_new();
    cairn_http_get(c, "/x", seen("x"));
    cairn_http_nest(r, "/c", c);
    cairn_http_router_fallback(r, seen("r's"));
    struct cairn_service *service = finish(r);
    assert_seen(*state, service, "/a/b/y", "a's /b/y /a -");
    assert_seen(*state, service, "/a/b", "a's /b /a -");
    assert_seen(*state, service, "/a", "a's / /a -");
    assert_seen(*state, service, "/a/", "a's / /a -");
    assert_seen(*state, service, "/a//", "a's // /a -");
    assert_seen(*state, service, "/c/y", "r's /c/y - -");
    assert_seen(*state, service, "/ab", "r's /ab - -");
    assert_status(*state, service, "/a/%zz", 400);
    cairn_service_drop(service);
}

static void the_fallback_with_the_longest_prefix_counts(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    static const char *const prefixes[] = {"/t/{tenant}", "/t/{tenant}/x", "/t"};
    for (int i = 0; i < 3; i++) {
        struct cairn_http_router *group = cairn_http_router_new();
        cairn_http_router_fallback(group, told(prefixes[i]));
        cairn_http_nest(r, prefixes[i], group);
    }
    struct cairn_service *service = finish(r);
    assert_told(*state, service, "/t/1/x/2", "/t/{tenant}/x tenant=1");
    assert_told(*state, service, "/t/%31/x", "/t/{tenant}/x tenant=1");
    assert_told(*state, service, "/t/1/y", "/t/{tenant} tenant=1");
    assert_told(*state, service, "/t/1", "/t/{tenant} tenant=1");
    assert_told(*state, service, "/t", "/t");
    assert_status(*state, service, "/u", 404);
    cairn_service_drop(service);
}

static void a_route_elsewhere_goes_before_the_fallback_of_a_group(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *a = cairn_http_router_new();
    cairn_http_get(a, "/x", told("x"));
    cairn_http_router_fallback(a, told("a's"));
    cairn_http_nest(r, "/a", a);
    cairn_http_get(r, "/{any}/y", told("y"));
    struct cairn_service *service = finish(r);
    assert_told(*state, service, "/a/y", "y any=a");
    assert_told(*state, service, "/a/z", "a's");
    assert_int_equal(ask(*state, service, CAIRN_HTTP_POST, "/a/x")->status, 405);
    cairn_service_drop(service);
}

static void a_fallback_can_be_taken_away_again(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_router_fallback(r, told("fallback"));
    cairn_http_router_reset_fallback(r);
    cairn_http_router_reset_fallback(r);
    cairn_http_router_reset_fallback(NULL);
    struct cairn_service *service = finish(r);
    assert_status(*state, service, "/x", 404);
    cairn_service_drop(service);
}

static void layers_of_a_group_stand_around_all_its_answers(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    cairn_http_get(group, "/x", told("x"));
    cairn_http_router_fallback(group, told("fallback"));
    cairn_http_group(r, "/g", group, layer_a());
    cairn_http_get(r, "/y", told("y"));
    struct cairn_service *service = finish(r);
    assert_told(*state, service, "/g/x", "a(x)");
    assert_told(*state, service, "/g/none", "a(fallback)");
    struct cairn_http_response *res = ask(*state, service, CAIRN_HTTP_OPTIONS, "/g/x");
    assert_int_equal(res->status, 204);
    assert_str(res->body, "a()");
    assert_str(field(res, "Allow"), "GET, HEAD, OPTIONS");
    res = ask(*state, service, CAIRN_HTTP_POST, "/g/x");
    assert_int_equal(res->status, 405);
    assert_memory_equal(res->body.data, "a({", 3);
    assert_str(field(res, "Allow"), "GET, HEAD, OPTIONS");
    assert_int_equal(ask(*state, service, CAIRN_HTTP_OPTIONS, "/y")->body.length, 0);
    cairn_service_drop(service);
}

static void a_layer_covers_what_the_router_has_so_far(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x", told("x"));
    cairn_http_router_fallback(r, told("early"));
    cairn_http_router_layer(r, layer_a());
    cairn_http_get(r, "/y", told("y"));
    cairn_http_nest_service(r, "/n", told("n"));
    cairn_http_router_layer(r, layer_b());
    cairn_http_get(r, "/z", told("z"));
    struct cairn_service *service = finish(r);
    assert_told(*state, service, "/x", "b(a(x))");
    assert_told(*state, service, "/y", "b(y)");
    assert_told(*state, service, "/n/1", "b(n)");
    assert_told(*state, service, "/z", "z");
    assert_told(*state, service, "/none", "b(a(early))");
    assert_str(ask(*state, service, CAIRN_HTTP_OPTIONS, "/x")->body, "b(a())");
    assert_str(ask(*state, service, CAIRN_HTTP_OPTIONS, "/y")->body, "b()");
    assert_int_equal(ask(*state, service, CAIRN_HTTP_OPTIONS, "/z")->body.length, 0);
    cairn_service_drop(service);
}

static void a_route_layer_covers_the_routes_alone(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x", told("x"));
    cairn_http_nest_service(r, "/n", told("n"));
    cairn_http_router_fallback(r, told("fallback"));
    cairn_http_route_layer(r, layer_a());
    cairn_http_get(r, "/y", told("y"));
    struct cairn_service *service = finish(r);
    assert_told(*state, service, "/x", "a(x)");
    assert_told(*state, service, "/n", "a(n)");
    assert_told(*state, service, "/y", "y");
    assert_told(*state, service, "/none", "fallback");
    assert_int_equal(ask(*state, service, CAIRN_HTTP_OPTIONS, "/x")->body.length, 0);
    cairn_service_drop(service);
    r = cairn_http_router_new();
    cairn_http_router_fallback(r, told("fallback"));
    cairn_http_route_layer(r, layer_a());
    assert_broken(r, CAIRN_ERROR_INVALID, "router: route_layer: there is no route yet");
    cairn_http_route_layer((struct cairn_http_router *)NULL, layer_a());
    cairn_http_router_layer((struct cairn_http_router *)NULL, layer_a());
}

static void merge_is_the_union(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *other = cairn_http_router_new();
    cairn_http_get(r, "/x", seen("get"));
    cairn_http_post(other, "/x", seen("post"));
    cairn_http_get(other, "/y", seen("y"));
    cairn_http_router_fallback(other, seen("other's"));
    cairn_http_merge(r, other);
    cairn_http_merge(r, cairn_http_router_new());
    struct cairn_service *service = finish(r);
    assert_seen(*state, service, "/x", "get /x - /x");
    assert_body(*state, service, CAIRN_HTTP_POST, "/x", "post /x - /x");
    assert_seen(*state, service, "/y", "y /y - /y");
    assert_seen(*state, service, "/z", "other's /z - -");
    assert_str(
        field(ask(*state, service, CAIRN_HTTP_PUT, "/x"), "Allow"), "GET, HEAD, POST, OPTIONS");
    cairn_service_drop(service);
}

static void merges_that_overlap_break_the_router(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *other = cairn_http_router_new();
    (void)state;
    cairn_http_on(
        r, CAIRN_HTTP_BIT(CAIRN_HTTP_GET) | CAIRN_HTTP_BIT(CAIRN_HTTP_PUT), "/{x}", told("x"));
    cairn_http_put(other, "/{y}", told("y"));
    cairn_http_merge(r, other);
    assert_broken(r, CAIRN_ERROR_INVALID, "router: PUT /{y} overlaps GET,PUT /{x}");
    r = cairn_http_router_new();
    other = cairn_http_router_new();
    cairn_http_router_fallback(r, told("x"));
    cairn_http_router_fallback(other, told("x"));
    cairn_http_merge(r, other);
    assert_broken(r, CAIRN_ERROR_INVALID, "router: merge: both routers have a fallback");
    r = cairn_http_router_new();
    other = cairn_http_router_new();
    cairn_http_router_fallback(r, told("x"));
    cairn_http_router_fallback(other, told("x"));
    cairn_http_nest(r, "", other);
    assert_broken(r, CAIRN_ERROR_INVALID, "router: group \"\": both routers have a fallback");
    for (int i = 0; i < 2; i++) {
        r = cairn_http_router_new();
        cairn_http_merge(i ? r : NULL, i ? NULL : r);
        assert_broken(i ? r : NULL, CAIRN_ERROR_MEMORY, "cairn: out of memory");
    }
}

static void two_fallbacks_of_one_prefix_overlap(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct cairn_http_router *group = cairn_http_router_new();
        cairn_http_router_fallback(group, told("x"));
        cairn_http_nest(r, i ? "/t/{a}" : "/t/{b}", group);
    }
    assert_broken(r, CAIRN_ERROR_INVALID,
        "router: the fallback of /t/{a}/{*rest} overlaps the fallback of /t/{b}/{*rest}");
}

static void a_service_can_be_nested(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_nest_service(r, "/s/{v}", seen("s"));
    cairn_http_get(r, "/s/{v}/health", seen("health"));
    cairn_http_post(r, "/s/{v}", seen("post"));
    struct cairn_service *service = finish(r);
    assert_seen(*state, service, "/s/1", "s / /s/{v} /s/{v}/{*rest}");
    assert_seen(*state, service, "/s/1/", "s / /s/{v} /s/{v}/{*rest}");
    assert_seen(*state, service, "/s/1/a/%20?b", "s /a/%20 /s/{v} /s/{v}/{*rest}");
    assert_seen(*state, service, "/s/1/health", "health /s/1/health - /s/{v}/health");
    assert_body(*state, service, CAIRN_HTTP_POST, "/s/1", "post /s/1 - /s/{v}");
    assert_body(*state, service, CAIRN_HTTP_OTHER, "/s/1/x", "s /x /s/{v} /s/{v}/{*rest}");
    assert_status(*state, service, "/s", 404);
    assert_status(*state, service, "/s/", 404);
    cairn_service_drop(service);
}

static void a_router_that_is_nested_goes_on_where_the_other_ended(void **state)
{
    struct rig *rig = *state;
    struct cairn_http_router *inner = cairn_http_router_new();
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    cairn_http_get(inner, "/{id}", told("x"));
    cairn_http_get(inner, "/", told("root"));
    cairn_http_nest_service(group, "/t/{tenant}", finish(inner));
    cairn_http_nest(r, "/g/{g}", group);
    struct cairn_service *service = finish(r);
    assert_told(rig, service, "/g/1/t/2/3", "x g=1 tenant=2 id=3");
    assert_told(rig, service, "/g/1/t/2/", "root g=1 tenant=2");
    assert_told(rig, service, "/g/1/t/2", "root g=1 tenant=2");
    assert_status(rig, service, "/g/1/t/2/3/4", 404);
    struct cairn_http_request *req =
        cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, "/g/1/t/2/3");
    struct cairn_future future = send(rig, &rig->hand, service, req);
    cairn_future_drop(&future);
    assert_str(req->route, "/g/{g}/t/{tenant}/{id}");
    assert_str(req->route_prefix, "/g/{g}/t/{tenant}");
    req = cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, "/g/1/t/2");
    future = send(rig, &rig->hand, service, req);
    cairn_future_drop(&future);
    assert_str(req->route, "/g/{g}/t/{tenant}");
    cairn_service_drop(service);
}

static void routers_inside_of_each_other_capture_sixteen_values_at_most(void **state)
{
    struct rig *rig = *state;
    for (int extra = 0; extra < 2; extra++) {
        struct cairn_http_router *inner = cairn_http_router_new();
        struct cairn_http_router *r = cairn_http_router_new();
        cairn_http_get(inner, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}", told("x"));
        cairn_http_nest_service(r,
            extra ? "/{A}/{B}/{C}/{D}/{E}/{F}/{G}/{H}/{I}" : "/{A}/{B}/{C}/{D}/{E}/{F}/{G}/{H}",
            finish(inner));
        struct cairn_service *service = finish(r);
        union cairn_outcome out;
        struct cairn_future future = send(rig, &rig->hand, service,
            cairn_http_request_new(rig->arena, CAIRN_HTTP_GET,
                extra ? "/1/2/3/4/5/6/7/8/9/1/2/3/4/5/6/7/8" : "/1/2/3/4/5/6/7/8/1/2/3/4/5/6/7/8"));
        enum cairn_poll p = cairn_harness_poll(&rig->hand, &future, &out);
        assert_int_equal(p, extra ? CAIRN_FAILED : CAIRN_READY);
        if (extra)
            assert_int_equal(out.error->code, CAIRN_ERROR_TOO_LARGE);
        cairn_service_drop(service);
    }
}

static void bad_nests_break_the_router(void **state)
{
    static const char *const table[][2] = {
        {"", "router: nest \"\": what is below every path is the fallback"},
        {"a", "router: nest \"a\": a prefix begins with a slash, and does not end with one"},
        {"/", "router: nest \"/\": a prefix begins with a slash, and does not end with one"},
        {"/{*a}", "router: nest \"/{*a}\": a prefix has no {*rest}"},
        {"/{a", "router: ANY /{a/{*rest}: braces stand around the name of a capture, one in a "
                "segment, as in /users/{id}"}};
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct cairn_http_router *r = cairn_http_router_new();
        cairn_http_nest_service(r, table[i][0], told("x"));
        assert_broken(r, CAIRN_ERROR_INVALID, table[i][1]);
    }
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_any(r, "/a", told("x"));
    cairn_http_nest_service(r, "/a", told("x"));
    assert_broken(r, CAIRN_ERROR_INVALID, "router: ANY /a/{*rest} overlaps ANY /a");
    r = cairn_http_router_new();
    cairn_http_nest_service(r, "/a", NULL);
    assert_broken(r, CAIRN_ERROR_MEMORY, "cairn: out of memory");
    cairn_http_nest_service(NULL, "/a", told("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_group_sees_the_path_without_its_prefix),
        rig_test(the_original_path_stays_available),
        rig_test(layers_see_what_their_group_sees),
        rig_test(a_group_without_a_fallback_has_that_of_the_router_around_it),
        rig_test(the_fallback_with_the_longest_prefix_counts),
        rig_test(a_route_elsewhere_goes_before_the_fallback_of_a_group),
        rig_test(a_fallback_can_be_taken_away_again),
        rig_test(layers_of_a_group_stand_around_all_its_answers),
        rig_test(a_layer_covers_what_the_router_has_so_far),
        rig_test(a_route_layer_covers_the_routes_alone),
        rig_test(merge_is_the_union),
        rig_test(merges_that_overlap_break_the_router),
        rig_test(two_fallbacks_of_one_prefix_overlap),
        rig_test(a_service_can_be_nested),
        rig_test(a_router_that_is_nested_goes_on_where_the_other_ended),
        rig_test(routers_inside_of_each_other_capture_sixteen_values_at_most),
        rig_test(bad_nests_break_the_router),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
