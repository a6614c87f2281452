#include "router_rig.h"

/* A 405 of the program's own: a teapot that says its name; with Allow when STATE begins with '!'.
 */
static struct cairn_http_response *teapot(struct cairn_http_request *req, void *state)
{
    struct cairn_http_response *res = cairn_http_text(req, 418, state);
    if (res && *(const char *)state == '!')
        cairn_http_response_set(res, "Allow", "TEA");
    return res;
}

static struct cairn_service *not_allowed(const char *name)
{
    return cairn_http_handler(teapot, (void *)(size_t)name);
}

static void assert_not_allowed(struct rig *rig, struct cairn_service *service, const char *target,
    const char *body, const char *allow)
{
    struct cairn_http_response *res = ask(rig, service, CAIRN_HTTP_DELETE, target);
    assert_int_equal(res->status, 418);
    assert_str(res->body, body);
    assert_str(field(res, "Allow"), allow);
}

static void one_route_may_be_for_a_set_of_methods(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_on(
        r, CAIRN_HTTP_BIT(CAIRN_HTTP_GET) | CAIRN_HTTP_BIT(CAIRN_HTTP_PUT), "/x/{a}", told("both"));
    cairn_http_on(r, CAIRN_HTTP_BIT(CAIRN_HTTP_POST), "/x/{b}", told("post"));
    struct cairn_service *service = finish(r);
    assert_body(*state, service, CAIRN_HTTP_GET, "/x/1", "both a=1");
    assert_body(*state, service, CAIRN_HTTP_HEAD, "/x/1", "both a=1");
    assert_body(*state, service, CAIRN_HTTP_PUT, "/x/1", "both a=1");
    assert_body(*state, service, CAIRN_HTTP_POST, "/x/1", "post b=1");
    assert_str(field(ask(*state, service, CAIRN_HTTP_DELETE, "/x/1"), "Allow"),
        "GET, HEAD, POST, PUT, OPTIONS");
    cairn_service_drop(service);
}

static void a_set_without_a_method_or_with_other_breaks_the_router(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)state;
    cairn_http_on(r, 0, "/x", told("x"));
    assert_broken(r, CAIRN_ERROR_INVALID, "router: /x: the set of methods is empty");
    r = cairn_http_router_new();
    cairn_http_on(r, CAIRN_HTTP_BIT(CAIRN_HTTP_OTHER) | 1, "/x", told("x"));
    assert_broken(r, CAIRN_ERROR_INVALID,
        "router: /x: each method must be one that has a name; cairn_http_any takes them all");
    r = cairn_http_router_new();
    cairn_http_on(r, 1u << 31, "/x", told("x"));
    assert_broken(r, CAIRN_ERROR_INVALID,
        "router: /x: each method must be one that has a name; cairn_http_any takes them all");
}

static void sets_that_share_a_method_overlap(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)state;
    cairn_http_on(
        r, CAIRN_HTTP_BIT(CAIRN_HTTP_GET) | CAIRN_HTTP_BIT(CAIRN_HTTP_POST), "/{a}", told("x"));
    cairn_http_on(
        r, CAIRN_HTTP_BIT(CAIRN_HTTP_PATCH) | CAIRN_HTTP_BIT(CAIRN_HTTP_POST), "/{b}", told("x"));
    assert_broken(r, CAIRN_ERROR_INVALID, "router: POST,PATCH /{b} overlaps GET,POST /{a}");
}

static void a_router_may_have_its_own_405(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x", told("x"));
    cairn_http_router_not_allowed(r, not_allowed("first"));
    cairn_http_router_not_allowed(r, not_allowed("last"));
    cairn_http_post(r, "/y", told("y"));
    struct cairn_service *service = finish(r);
    assert_not_allowed(*state, service, "/x", "last", "GET, HEAD, OPTIONS");
    assert_not_allowed(*state, service, "/y", "last", "POST, OPTIONS");
    assert_told(*state, service, "/x", "x");
    assert_status(*state, service, "/z", 404);
    assert_int_equal(ask(*state, service, CAIRN_HTTP_OPTIONS, "/x")->status, 204);
    cairn_service_drop(service);
}

static void allow_is_added_unless_it_is_there(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x", told("x"));
    cairn_http_router_not_allowed(r, not_allowed("!"));
    struct cairn_service *service = finish(r);
    assert_not_allowed(*state, service, "/x", "!", "TEA");
    cairn_service_drop(service);
}

static void a_group_has_the_405_of_the_router_around_it_unless_it_has_one(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *with = cairn_http_router_new();
    struct cairn_http_router *without = cairn_http_router_new();
    struct cairn_http_router *within = cairn_http_router_new();
    cairn_http_get(within, "/x", told("x"));
    cairn_http_get(with, "/x", told("x"));
    cairn_http_router_not_allowed(with, not_allowed("group's"));
    cairn_http_nest(with, "/in", within);
    cairn_http_get(without, "/x", told("x"));
    cairn_http_nest(r, "/with", with);
    cairn_http_group(r, "/without", without, layer_a());
    cairn_http_get(r, "/x", told("x"));
    cairn_http_router_not_allowed(r, not_allowed("router's")); /* the order makes no difference */
    struct cairn_service *service = finish(r);
    assert_not_allowed(*state, service, "/with/x", "group's", "GET, HEAD, OPTIONS");
    assert_not_allowed(*state, service, "/with/in/x", "group's", "GET, HEAD, OPTIONS");
    assert_not_allowed(*state, service, "/without/x", "a(router's)", "GET, HEAD, OPTIONS");
    assert_not_allowed(*state, service, "/x", "router's", "GET, HEAD, OPTIONS");
    cairn_service_drop(service);
}

static void what_is_merged_keeps_its_own_405(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *other = cairn_http_router_new();
    cairn_http_get(r, "/x", told("x"));
    cairn_http_router_not_allowed(r, not_allowed("r's"));
    cairn_http_get(other, "/y", told("y"));
    cairn_http_router_not_allowed(other, not_allowed("other's"));
    cairn_http_merge(r, other);
    struct cairn_service *service = finish(r);
    assert_not_allowed(*state, service, "/x", "r's", "GET, HEAD, OPTIONS");
    assert_not_allowed(*state, service, "/y", "other's", "GET, HEAD, OPTIONS");
    cairn_service_drop(service);
}

static void a_path_may_have_its_own_405(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    cairn_http_not_allowed(group, "/x/{id}", not_allowed("path's"));
    cairn_http_get(group, "/x/{name}", told("x"));
    cairn_http_get(group, "/y", told("y"));
    cairn_http_router_not_allowed(group, not_allowed("group's"));
    cairn_http_group(r, "/g", group, layer_a());
    struct cairn_service *service = finish(r);
    assert_not_allowed(*state, service, "/g/x/1", "a(path's)", "GET, HEAD, OPTIONS");
    assert_not_allowed(*state, service, "/g/y", "a(group's)", "GET, HEAD, OPTIONS");
    assert_str(ask(*state, service, CAIRN_HTTP_OPTIONS, "/g/x/1")->body, "a()");
    cairn_service_drop(service);
}

static void a_405_for_a_path_that_no_route_has_breaks_the_router(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)state;
    cairn_http_get(r, "/y", told("y"));
    cairn_http_not_allowed(r, "/x", told("x"));
    assert_broken(r, CAIRN_ERROR_INVALID, "router: the 405 of /x: no route has this path");
    r = cairn_http_router_new();
    cairn_http_get(r, "/{a}", told("y"));
    cairn_http_not_allowed(r, "/{b}", told("x"));
    cairn_http_not_allowed(r, "/{c}", told("x"));
    assert_broken(r, CAIRN_ERROR_INVALID, "router: the 405 of /{c} overlaps the 405 of /{b}");
    r = cairn_http_router_new();
    cairn_http_not_allowed(r, "x", told("x"));
    assert_broken(r, CAIRN_ERROR_INVALID, "router: the 405 of x: a pattern begins with a slash");
}

static void a_405_of_another_type_breaks_the_router(void **state)
{
    struct cairn_mock *mock = new_mock(true);
    (void)state;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_router_not_allowed(r, cairn_mock_service(mock));
    assert_broken(r, CAIRN_ERROR_TYPE,
        "router: the 405: needs a service that can be cloned, and mock cannot");
    r = cairn_http_router_new();
    cairn_http_get(r, "/x", told("x"));
    cairn_http_not_allowed(r, "/x", cairn_mock_service(mock));
    assert_broken(r, CAIRN_ERROR_TYPE,
        "router: the 405 of /x: needs a service that can be cloned, and mock cannot");
    cairn_mock_free(mock);
    for (int i = 0; i < 2; i++) {
        r = cairn_http_router_new();
        if (i)
            cairn_http_router_not_allowed(r, NULL);
        else
            cairn_http_not_allowed(r, "/x", NULL);
        assert_broken(r, CAIRN_ERROR_MEMORY, "cairn: out of memory");
    }
    cairn_http_router_not_allowed(NULL, told("x"));
    cairn_http_not_allowed(NULL, "/x", told("x"));
}

static void a_405_that_is_not_ready_is_waited_for(void **state)
{
    struct rig *rig = *state;
    struct cairn_http_router *r = cairn_http_router_new();
    union cairn_outcome out;
    cairn_http_get(r, "/x", told("x"));
    cairn_http_router_not_allowed(r, cairn_mock_service(rig->mock));
    struct cairn_service *service = finish(r);
    cairn_mock_allow(rig->mock, 0);
    struct cairn_future future =
        send(rig, &rig->hand, service, cairn_http_request_new(rig->arena, CAIRN_HTTP_POST, "/x"));
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_PENDING);
    cairn_mock_allow(rig->mock, 1);
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_PENDING);
    struct cairn_mock_request *request = cairn_mock_next_request(rig->mock);
    cairn_mock_respond(request, cairn_http_text(cairn_mock_request_value(request), 405, "late"));
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_READY);
    assert_str(field(out.value, "Allow"), "GET, HEAD, OPTIONS");
    cairn_service_drop(service);
}

static void the_path_has_its_route_whatever_the_method(void **state)
{
    struct rig *rig = *state;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x/{id}", told("x"));
    struct cairn_service *service = finish(r);
    struct cairn_http_request *req = cairn_http_request_new(rig->arena, CAIRN_HTTP_POST, "/x/7");
    struct cairn_future future = send(rig, &rig->hand, service, req);
    cairn_future_drop(&future);
    assert_str(req->route, "/x/{id}");
    assert_str(cairn_http_request_param(req, "id"), "7");
    cairn_service_drop(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(one_route_may_be_for_a_set_of_methods),
        rig_test(a_set_without_a_method_or_with_other_breaks_the_router),
        rig_test(sets_that_share_a_method_overlap),
        rig_test(a_router_may_have_its_own_405),
        rig_test(allow_is_added_unless_it_is_there),
        rig_test(a_group_has_the_405_of_the_router_around_it_unless_it_has_one),
        rig_test(what_is_merged_keeps_its_own_405),
        rig_test(a_path_may_have_its_own_405),
        rig_test(a_405_for_a_path_that_no_route_has_breaks_the_router),
        rig_test(a_405_of_another_type_breaks_the_router),
        rig_test(a_405_that_is_not_ready_is_waited_for),
        rig_test(the_path_has_its_route_whatever_the_method),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
