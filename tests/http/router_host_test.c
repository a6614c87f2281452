#include "router_rig.h"

#include <stdlib.h>

static struct cairn_http_request *request_to(
    struct rig *rig, const char *host, enum cairn_http_method method, const char *target)
{
    struct cairn_http_request *req = cairn_http_request_new(rig->arena, method, target);
    if (host)
        cairn_http_fields_add(&req->fields, CAIRN_STR("host"), cairn_str_from(host));
    return req;
}

static struct cairn_http_response *ask_host(
    struct rig *rig, struct cairn_service *service, struct cairn_http_request *req)
{
    union cairn_outcome out;
    struct cairn_future future = send(rig, &rig->hand, service, req);
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_READY);
    return out.value;
}

static void assert_host(
    struct rig *rig, struct cairn_service *service, const char *host, const char *expected)
{
    struct cairn_http_request *req = request_to(rig, host, CAIRN_HTTP_GET, "/");
    struct cairn_http_response *res = ask_host(rig, service, req);
    assert_int_equal(res->status, 200);
    assert_str(res->body, expected);
}

/* Routers for NAMES, each of which tells its names at "/"; the outer one tells "default". */
static struct cairn_http_router *hosts(const char *const *names)
{
    struct cairn_http_router *r = cairn_http_router_new();
    for (; *names; names++) {
        struct cairn_http_router *host = cairn_http_router_new();
        cairn_http_get(host, "/", told(*names));
        cairn_http_host(r, *names, host);
    }
    cairn_http_get(r, "/", told("default"));
    return r;
}

static void a_host_is_found_by_any_of_its_names(void **state)
{
    static const char *const names[] = {"example.com www.example.com", "  b  c.d ", NULL};
    struct cairn_service *service = finish(hosts(names));
    assert_host(*state, service, "example.com", names[0]);
    assert_host(*state, service, "www.example.com", names[0]);
    assert_host(*state, service, "b", names[1]);
    assert_host(*state, service, "c.d", names[1]);
    assert_host(*state, service, "d.c", "default");
    assert_host(*state, service, "c", "default");
    assert_host(*state, service, "ww.example.com", "default");
    assert_host(*state, service, "example.comm", "default");
    assert_host(*state, service, "com", "default");
    assert_host(*state, service, "", "default");
    assert_host(*state, service, NULL, "default");
    cairn_service_drop(service);
}

static void names_have_no_case_no_port_and_no_dot_at_the_end(void **state)
{
    static const char *const names[] = {
        "Example.COM", "10.0.0.1", "[::1]", "[2001:DB8::1.2.3.4]", "a_b-c.d.", NULL};
    struct cairn_service *service = finish(hosts(names));
    assert_host(*state, service, "eXample.com", names[0]);
    assert_host(*state, service, "example.com:8080", names[0]);
    assert_host(*state, service, "example.com.:", names[0]);
    assert_host(*state, service, "example.com..", "default");
    assert_host(*state, service, "10.0.0.1:1", names[1]);
    assert_host(*state, service, "[::1]:80", names[2]);
    assert_host(*state, service, "[2001:db8::1.2.3.4]", names[3]);
    assert_host(*state, service, "a_b-c.d", names[4]);
    assert_host(*state, service, "example%2Ecom", "default");
    assert_host(*state, service, "example.com:x", "default");
    assert_host(*state, service, "a/b", "default");
    cairn_service_drop(service);
}

static void an_exact_name_goes_before_the_longer_wildcard_before_the_shorter(void **state)
{
    static const char *const names[] = {"*.example.com", "*.eu.example.com", "a.example.com", NULL};
    struct cairn_service *service = finish(hosts(names));
    assert_host(*state, service, "a.example.com", "a.example.com");
    assert_host(*state, service, "A.Example.com:1", "a.example.com");
    assert_host(*state, service, "b.example.com", "*.example.com");
    assert_host(*state, service, "b.a.example.com", "*.example.com");
    assert_host(*state, service, "eu.example.com", "*.example.com");
    assert_host(*state, service, "b.eu.example.com", "*.eu.example.com");
    assert_host(*state, service, "c.b.eu.example.com", "*.eu.example.com");
    assert_host(*state, service, "example.com", "default");
    assert_host(*state, service, ".example.com", "default");
    cairn_service_drop(service);
}

static void a_name_of_any_length_is_looked_up(void **state)
{
    static char longest[254];
    const char *const names[] = {longest, "*.a", NULL};
    char text[400];
    for (size_t i = 0; i < 253; i++)
        longest[i] = i % 64 == 63 ? '.' : 'x';
    struct cairn_service *service = finish(hosts(names));
    assert_host(*state, service, longest, longest);
    for (size_t length = 1; length < 300; length += 2) {
        memset(text, 'y', length);
        strcpy(text + length, ".a");
        assert_host(*state, service, text, length + 2 <= 254 ? "*.a" : "default");
        for (size_t i = 1; i < length; i += 2)
            text[i] = '.';
        assert_host(*state, service, text, length + 2 <= 254 ? "*.a" : "default");
    }
    cairn_service_drop(service);
}

static void the_host_is_told_to_the_request(void **state)
{
    struct rig *rig = *state;
    static const char *const names[] = {"a.com *.a.com", NULL};
    struct cairn_service *service = finish(hosts(names));
    struct cairn_http_request *req = request_to(rig, "X.a.com:1", CAIRN_HTTP_GET, "/");
    ask_host(rig, service, req);
    struct cairn_http_request *other = request_to(rig, "b.com", CAIRN_HTTP_GET, "/");
    ask_host(rig, service, other);
    cairn_service_drop(service);
    assert_str(req->route_host, "*.a.com");
    assert_str(req->route, "/");
    assert_null(other->route_host.data);
}

static struct cairn_http_response *teapot(struct cairn_http_request *req, void *state)
{
    return cairn_http_text(req, 418, state);
}

static void a_host_has_the_fallback_and_the_405_of_the_router_unless_it_has_its_own(void **state)
{
    struct rig *rig = *state;
    char own[] = "own 405";
    char common[] = "common 405";
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *with = cairn_http_router_new();
    struct cairn_http_router *without = cairn_http_router_new();
    cairn_http_get(with, "/", told("x"));
    cairn_http_router_fallback(with, told("own"));
    cairn_http_router_not_allowed(with, cairn_http_handler(teapot, own));
    cairn_http_get(without, "/", told("x"));
    cairn_http_host(r, "with", with);
    cairn_http_host(r, "without", without);
    cairn_http_get(r, "/only-here", told("x"));
    cairn_http_router_fallback(r, told("common"));
    cairn_http_router_not_allowed(r, cairn_http_handler(teapot, common));
    struct cairn_service *service = finish(r);
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "with" : "without";
        struct cairn_http_request *req = request_to(rig, name, CAIRN_HTTP_GET, "/only-here");
        assert_str(ask_host(rig, service, req)->body, i ? "own" : "common");
        req = request_to(rig, name, CAIRN_HTTP_PUT, "/");
        assert_str(ask_host(rig, service, req)->body, i ? own : common);
    }
    cairn_service_drop(service);
}

static void layers_of_the_router_cover_its_hosts(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *early = cairn_http_router_new();
    struct cairn_http_router *late = cairn_http_router_new();
    cairn_http_get(early, "/", told("early"));
    cairn_http_host(r, "early", early);
    cairn_http_route_layer(r, layer_b()); /* a host's routes are routes */
    cairn_http_router_layer(r, layer_a());
    cairn_http_get(late, "/", told("late"));
    cairn_http_host(r, "late", late);
    struct cairn_service *service = finish(r);
    assert_host(*state, service, "early", "a(b(early))");
    assert_host(*state, service, "late", "late");
    cairn_service_drop(service);
}

static void bad_names_break_the_router(void **state)
{
    static const char *const charset = "a name is of letters, digits, '-' and '_' (xn--… for any "
                                       "other), and begins with \"*.\" at "
                                       "most";
    const char *const table[][2] = {{"", "host \"\": it has no name"},
        {"  ", "host \"\": it has no name"},
        {"a:80", "host a:80: a name has no port: it is meant for any"},
        {"a b:", "host b:: a name has no port: it is meant for any"},
        {"a..b", "host a..b: each label of a name has a letter or a digit"},
        {".a", "host .a: each label of a name has a letter or a digit"},
        {"*.", "host *.: each label of a name has a letter or a digit"},
        {"[::1", "host [::1: an address in brackets is one of IPv6, without a port"},
        {"[::1]:80", "host [::1]:80: an address in brackets is one of IPv6, without a port"},
        {"*", "host *: %s"}, {"a.*.b", "host a.*.b: %s"}, {"*a.b", "host *a.b: %s"},
        {"caf\xc3\xa9", "host caf\xc3\xa9: %s"}, {"a/b", "host a/b: %s"},
        {"a a", "host a: it is there already"}, {"x.y X.Y.", "host X.Y.: it is there already"},
        {"*.y *.Y", "host *.Y: it is there already"}};
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        const char *names[] = {table[i][0], NULL};
        char expected[256] = "router: ";
        size_t length = strcspn(table[i][1], "%");
        strncat(expected, table[i][1], length);
        strcat(expected, table[i][1][length] ? charset : "");
        assert_broken(hosts(names), CAIRN_ERROR_INVALID, expected);
    }
}

static void a_name_that_is_too_long_breaks_the_router(void **state)
{
    char text[300];
    const char *const names[] = {text, NULL};
    (void)state;
    memset(text, 'a', sizeof(text));
    text[254] = '\0';
    struct cairn_service *service = cairn_http_router_service(hosts(names));
    assert_non_null(strstr(cairn_service_error(service)->message, "at most 253 bytes"));
    cairn_service_drop(service);
    for (size_t i = 1; i < 254; i += 2)
        text[i] = '.';
    text[253] = '\0';
    service = cairn_http_router_service(hosts(names));
    assert_non_null(strstr(cairn_service_error(service)->message, "at most 63 labels"));
    cairn_service_drop(service);
}

static void errors_of_a_host_name_it(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *host = cairn_http_router_new();
    (void)state;
    cairn_http_get(host, "/{a}", told("x"));
    cairn_http_get(host, "/{b}", told("x"));
    cairn_http_host(r, "a.com www.a.com", host);
    assert_broken(r, CAIRN_ERROR_INVALID, "router: GET a.com/{b} overlaps GET a.com/{a}");
}

static void hosts_are_for_the_outermost_router_only(void **state)
{
    static const char *const names[] = {"a", NULL};
    (void)state;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_nest(r, "/x", hosts(names));
    assert_broken(
        r, CAIRN_ERROR_INVALID, "router: group \"/x\": hosts belong to the outermost router");
    r = cairn_http_router_new();
    cairn_http_host(r, "b", hosts(names));
    assert_broken(
        r, CAIRN_ERROR_INVALID, "router: host \"b\": hosts belong to the outermost router");
    for (int i = 0; i < 2; i++) {
        r = cairn_http_router_new();
        cairn_http_host(i ? r : NULL, "a", i ? NULL : r);
        assert_broken(i ? r : NULL, CAIRN_ERROR_MEMORY, "cairn: out of memory");
    }
}

static void merge_takes_hosts_along(void **state)
{
    static const char *const a[] = {"a", NULL};
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_merge(r, hosts(a));
    struct cairn_service *service = finish(r);
    assert_host(*state, service, "a", "a");
    assert_host(*state, service, "b", "default");
    cairn_service_drop(service);
    r = hosts(a);
    struct cairn_http_router *other = cairn_http_router_new();
    struct cairn_http_router *host = cairn_http_router_new();
    cairn_http_get(host, "/", told("x"));
    cairn_http_host(other, "A", host);
    cairn_http_merge(r, other);
    assert_broken(r, CAIRN_ERROR_INVALID, "router: host A: it is there already");
}

static void the_description_lists_the_routes_of_each_host(void **state)
{
    struct rig *rig = *state;
    char *text = NULL;
    size_t size = 0;
    static const char *const names[] = {"a b", NULL};
    struct cairn_service *service = finish(hosts(names));
    assert_host(rig, service, "b", "a b");
    FILE *out = open_memstream(&text, &size);
    cairn_stack_print(service, out);
    fclose(out);
    assert_string_equal(text, "router  not_found=0 not_allowed=0 bad_path=0\n"
                              "  host(names=a b)  hits=1\n"
                              "    route(method=GET pattern=/)  hits=1\n"
                              "      handler\n"
                              "  route(method=GET pattern=/)  hits=0\n"
                              "    handler\n");
    free(text);
    cairn_service_drop(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_host_is_found_by_any_of_its_names),
        rig_test(names_have_no_case_no_port_and_no_dot_at_the_end),
        rig_test(an_exact_name_goes_before_the_longer_wildcard_before_the_shorter),
        rig_test(a_name_of_any_length_is_looked_up),
        rig_test(the_host_is_told_to_the_request),
        rig_test(a_host_has_the_fallback_and_the_405_of_the_router_unless_it_has_its_own),
        rig_test(layers_of_the_router_cover_its_hosts),
        rig_test(bad_names_break_the_router),
        rig_test(a_name_that_is_too_long_breaks_the_router),
        rig_test(errors_of_a_host_name_it),
        rig_test(hosts_are_for_the_outermost_router_only),
        rig_test(merge_takes_hosts_along),
        rig_test(the_description_lists_the_routes_of_each_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
