#include "router_rig.h"

#include <stdlib.h>

#include <cairn/http/named.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/timeout.h>

static void assert_printed(struct cairn_service *service, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cairn_http_router_print(service, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    cairn_service_drop(service);
}

static void a_line_for_each_route(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *admin = cairn_http_router_new();
    (void)state;
    cairn_http_get(r, "/users/{id}",
        cairn_stack(cairn_http_named("get_user", told("x")), cairn_timeout(.after_ms = 5)));
    cairn_http_on(
        r, CAIRN_HTTP_BIT(CAIRN_HTTP_PUT) | CAIRN_HTTP_BIT(CAIRN_HTTP_POST), "/users", told("x"));
    cairn_http_any(admin, "/", cairn_http_named("admin", told("x")));
    cairn_http_get(admin, "/stats", told("x"));
    cairn_http_router_fallback(admin, told("x"));
    cairn_http_group(r, "/admin", admin, cairn_load_shed(), cairn_timeout(.after_ms = 7));
    cairn_http_router_fallback(r, told("x"));
    cairn_http_router_not_allowed(r, cairn_http_named("no", told("x")));
    assert_printed(finish(r),
        "METHOD         PATTERN         SERVICE\n"
        "GET            /users/{id}     timeout > handler(get_user)\n"
        "POST,PUT       /users          handler\n"
        "ANY            /admin          load_shed > timeout > handler(admin)\n"
        "GET            /admin/stats    load_shed > timeout > handler\n"
        "other_methods  /admin          load_shed > timeout > not_allowed\n"
        "fallback       /admin/{*rest}  load_shed > timeout > handler\n"
        "other_methods  *               handler(no)\n"
        "fallback       *               handler\n");
}

static void hosts_have_a_column(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *host = cairn_http_router_new();
    (void)state;
    cairn_http_get(host, "/a", told("x"));
    cairn_http_host(r, "a.com b.com", host);
    cairn_http_get(r, "/", told("x"));
    assert_printed(finish(r), "METHOD  HOST         PATTERN  SERVICE\n"
                              "GET     a.com b.com  /a       handler\n"
                              "GET     *            /        handler\n");
}

static void routers_inside_come_with_their_prefix(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *inner = cairn_http_router_new();
    struct cairn_http_router *innermost = cairn_http_router_new();
    (void)state;
    cairn_http_get(innermost, "/{id}", told("x"));
    cairn_http_nest_service(inner, "/v{n}", finish(innermost));
    cairn_http_get(inner, "/x", told("x"));
    cairn_http_nest_service(r, "/api", cairn_stack(finish(inner), cairn_load_shed()));
    cairn_http_get(r, "/", told("x"));
    struct cairn_service *app = cairn_stack(finish(r), cairn_timeout(.after_ms = 5));
    assert_printed(app, "METHOD  PATTERN            SERVICE\n"
                        "ANY     /api/{*rest}       load_shed > router\n"
                        "ANY     /api/v{n}/{*rest}  router\n"
                        "GET     /api/v{n}/{id}     handler\n"
                        "GET     /api/x             handler\n"
                        "GET     /                  handler\n");
}

/* A router around a router, and so on, for SERVICE. */
static struct cairn_service *buried(struct cairn_service *service, int depth)
{
    while (depth--) {
        struct cairn_http_router *r = cairn_http_router_new();
        cairn_http_nest_service(r, "/x", service);
        service = finish(r);
    }
    return service;
}

static void what_is_nested_too_deeply_or_named_too_long_is_cut(void **state)
{
    static const char *const pattern[] = {"/y", NULL};
    char name[3000];
    (void)state;
    FILE *out = fopen("/dev/null", "w");
    struct cairn_service *service = buried(routes(pattern), 60);
    cairn_http_router_print(service, out);
    cairn_service_drop(service);
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/x", cairn_http_named(name, told("x")));
    for (int i = 0; i < 4; i++) {
        char prefix[1000];
        memset(prefix, 'p', sizeof(prefix) - 1);
        prefix[0] = '/';
        prefix[sizeof(prefix) - 1] = '\0';
        service = finish(r);
        r = cairn_http_router_new();
        cairn_http_nest_service(r, prefix, service);
    }
    service = finish(r);
    cairn_http_router_print(service, out);
    cairn_service_drop(service);
    fclose(out);
}

static void without_a_router_there_is_the_head_alone(void **state)
{
    (void)state;
    assert_printed(told("x"), "METHOD  PATTERN  SERVICE\n");
}

static void a_name_does_nothing_but_show(void **state)
{
    char *text = NULL;
    size_t size = 0;
    struct cairn_service *service = cairn_http_named("it", told("x"));
    FILE *out = open_memstream(&text, &size);
    cairn_stack_print(service, out);
    fclose(out);
    assert_string_equal(text, "named(name=it)\nhandler\n");
    free(text);
    assert_told(*state, service, "/", "x");
    cairn_service_drop(service);
    service = cairn_http_named("it", NULL);
    assert_int_equal(cairn_service_error(service)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
    service = cairn_http_named(
        "it", cairn_service_broken(cairn_error_new(CAIRN_ERROR_INVALID, "test", NULL, "broken")));
    assert_int_equal(cairn_service_error(service)->code, CAIRN_ERROR_INVALID);
    cairn_service_drop(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_line_for_each_route),
        rig_test(hosts_have_a_column),
        rig_test(routers_inside_come_with_their_prefix),
        rig_test(what_is_nested_too_deeply_or_named_too_long_is_cut),
        rig_test(without_a_router_there_is_the_head_alone),
        rig_test(a_name_does_nothing_but_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
