#include "http_fixture.h"

#include <cairn/http/layers/csrf.h>
#include <cairn/layers/concurrency_limit.h>

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

/* A POST to a.example with these two fields, where they are not NULL. */
static struct cairn_http_request *post(struct fixture *f, const char *site, const char *origin)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    req->method = CAIRN_HTTP_POST;
    fixture_add_field(req, "Host", "a.example");
    if (site)
        fixture_add_field(req, "Sec-Fetch-Site", site);
    if (origin)
        fixture_add_field(req, "Origin", origin);
    return req;
}

static int status(struct fixture *f, struct cairn_layer layer, struct cairn_http_request *req)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(answer, NULL));
    struct cairn_http_response *res = fixture_ask(f, service, req);
    cairn_service_drop(service);
    return res->status;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_csrf(), (struct cairn_contract_options){0});
}

static void what_must_change_nothing_passes(void **state)
{
    struct fixture *f = *state;
    static const enum cairn_http_method safe[] = {
        CAIRN_HTTP_GET, CAIRN_HTTP_HEAD, CAIRN_HTTP_OPTIONS};
    for (size_t i = 0; i < 3; i++) {
        struct cairn_http_request *req = post(f, "cross-site", "https://evil");
        req->method = safe[i];
        assert_int_equal(status(f, cairn_csrf(), req), 200);
    }
}

static void every_other_method_is_checked(void **state)
{
    struct fixture *f = *state;
    static const enum cairn_http_method unsafe[] = {CAIRN_HTTP_POST, CAIRN_HTTP_PUT,
        CAIRN_HTTP_DELETE, CAIRN_HTTP_CONNECT, CAIRN_HTTP_TRACE, CAIRN_HTTP_PATCH,
        CAIRN_HTTP_OTHER};
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(*unsafe); i++) {
        struct cairn_http_request *req = post(f, "cross-site", "https://evil");
        req->method = unsafe[i];
        assert_int_equal(status(f, cairn_csrf(), req), 403);
    }
}

static void the_browser_tells_what_comes_from_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_csrf();
    assert_int_equal(status(f, layer, post(f, "same-origin", "https://other")), 200);
    assert_int_equal(status(f, layer, post(f, "none", NULL)), 200);
    assert_int_equal(status(f, layer, post(f, "same-site", "https://a.example")), 403);
    assert_int_equal(status(f, layer, post(f, "cross-site", "https://a.example")), 403);
    assert_int_equal(status(f, layer, post(f, "cross-site", NULL)), 403);
    assert_int_equal(status(f, layer, post(f, "Same-Origin", NULL)), 403);
    assert_int_equal(status(f, layer, post(f, "", NULL)), 403);
}

static void an_old_browser_tells_the_origin_which_must_be_the_host(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_csrf();
    assert_int_equal(status(f, layer, post(f, NULL, "https://a.example")), 200);
    assert_int_equal(status(f, layer, post(f, NULL, "http://A.example")), 200);
    static const char *const foreign[] = {"https://b.example", "https://a.example:8443", "null", "",
        "https://", "https:a.example", "a.example", "://", "https://a.example.evil",
        "https://evil-a.example", "https://a.exampl", "https://a.example/"};
    for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
        if (status(f, layer, post(f, NULL, foreign[i])) != 403)
            fail_msg("%s", foreign[i]);
    }
}

static void the_port_belongs_to_the_host(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = post(f, NULL, "http://a.example:8080");
    cairn_http_fields_set(&req->fields, CAIRN_STR("Host"), CAIRN_STR("a.example:8080"));
    assert_int_equal(status(f, cairn_csrf(), req), 200);
    req = post(f, NULL, "http://a.example");
    cairn_http_fields_set(&req->fields, CAIRN_STR("Host"), CAIRN_STR("a.example:8080"));
    assert_int_equal(status(f, cairn_csrf(), req), 403);
}

static void without_a_host_no_origin_is_our_own(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = post(f, NULL, "http://a.example");
    cairn_http_fields_remove(&req->fields, CAIRN_STR("Host"));
    assert_int_equal(status(f, cairn_csrf(), req), 403);
    req = post(f, NULL, "http://");
    cairn_http_fields_remove(&req->fields, CAIRN_STR("Host"));
    assert_int_equal(status(f, cairn_csrf(), req), 403);
}

static void what_is_no_browser_passes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(status(f, cairn_csrf(), post(f, NULL, NULL)), 200);
}

static void a_trusted_origin_passes_whatever_the_browser_tells(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_csrf(.trusted = "https://b.example, https://c.example:8443");
    assert_int_equal(status(f, layer, post(f, "cross-site", "https://b.example")), 200);
    assert_int_equal(status(f, layer, post(f, "same-site", "https://c.example:8443")), 200);
    assert_int_equal(status(f, layer, post(f, NULL, "https://b.example")), 200);
    assert_int_equal(status(f, layer, post(f, "cross-site", "http://b.example")), 403);
    assert_int_equal(status(f, layer, post(f, NULL, "https://c.example")), 403);
    assert_int_equal(status(f, layer, post(f, "cross-site", NULL)), 403);
}

static bool is_hook(void *cx, const struct cairn_http_request *req)
{
    (*(int *)cx)++;
    return cairn_str_equal(req->path, CAIRN_STR("/hook"));
}

static void a_function_may_let_pass_what_would_be_refused(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct cairn_service *service = fixture_apply(
        cairn_csrf(.bypass = is_hook, .cx = &calls), cairn_http_handler(answer, NULL));
    struct cairn_http_request *req = post(f, "cross-site", "https://evil");
    req->path = CAIRN_STR("/hook");
    assert_int_equal(fixture_ask(f, service, req)->status, 200);
    assert_int_equal(fixture_ask(f, service, post(f, "cross-site", "https://evil"))->status, 403);
    assert_int_equal(calls, 2);
    fixture_ask(f, service, post(f, "same-origin", NULL));
    assert_int_equal(calls, 2);
    assert_int_equal(fixture_number(service, "bypassed"), 1);
    assert_int_equal(fixture_number(service, "refused"), 1);
    cairn_service_drop(service);
}

static struct cairn_http_response *tell(
    void *cx, const struct cairn_http_request *req, enum cairn_csrf_reason reason)
{
    if (cx)
        return NULL;
    return cairn_http_text(req, 400, reason == CAIRN_CSRF_SITE ? "site" : "origin");
}

static void a_function_may_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_apply(cairn_csrf(.reject = tell), cairn_http_handler(answer, NULL));
    struct cairn_http_response *res =
        fixture_ask(f, service, post(f, "cross-site", "https://evil"));
    assert_int_equal(res->status, 400);
    assert_str(res->body, "site");
    assert_str(fixture_ask(f, service, post(f, NULL, "https://evil"))->body, "origin");
    cairn_service_drop(service);
}

static void the_answer_is_a_problem_by_default(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_csrf());
    struct cairn_http_response *res = fixture_ask(f, service, post(f, "cross-site", NULL));
    assert_int_equal(res->status, 403);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
    assert_null(cairn_mock_next_request(f->mock));
    cairn_service_drop(service);
}

static void what_is_refused_gives_its_room_back(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layers[] = {cairn_csrf(), cairn_concurrency_limit(.max = 1)};
    struct cairn_service *service = cairn_stack_build(cairn_http_handler(answer, NULL), layers, 2);
    for (int i = 0; i < 3; i++)
        fixture_ask(f, service, post(f, "cross-site", NULL));
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_service_drop(service);
}

static int dropped;

static void stream_drop(void *state)
{
    (void)state;
    dropped++;
}

static void what_is_refused_is_dropped(void **state)
{
    struct fixture *f = *state;
    static const struct cairn_stream_ops ops = {.name = "test", .drop = stream_drop};
    struct cairn_service *service = fixture_around_mock(f, cairn_csrf());
    struct cairn_http_request *req = post(f, "cross-site", NULL);
    dropped = 0;
    req->stream = (struct cairn_stream){&ops, NULL};
    fixture_ask(f, service, req);
    assert_int_equal(dropped, 1);
    cairn_service_drop(service);
}

static void copies_count_together_and_outlive_the_options(void **state)
{
    struct fixture *f = *state;
    char trusted[] = "https://b.example";
    struct cairn_service *service =
        fixture_apply(cairn_csrf(.trusted = trusted), cairn_http_handler(answer, NULL));
    memset(trusted, '!', sizeof(trusted) - 1);
    struct cairn_service *copy = cairn_service_clone(service);
    cairn_service_drop(service);
    assert_int_equal(fixture_ask(f, copy, post(f, "cross-site", "https://b.example"))->status, 200);
    fixture_ask(f, copy, post(f, "cross-site", NULL));
    assert_int_equal(fixture_number(copy, "refused"), 1);
    cairn_service_drop(copy);
}

static void fails_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_csrf());
    struct cairn_http_request *req = post(f, "cross-site", NULL);
    fixture_exhaust(f);
    struct cairn_future future = fixture_send(f, service, req);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
    service = fixture_around_mock(f, cairn_csrf(.reject = tell, .cx = f));
    future = fixture_send(f, service, req);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char form[] = "trusted must be of the form scheme://host[:port], separated by "
                               "commas: lower case, no path, no wildcard, no default port";
    assert_invalid(f, cairn_csrf(.trusted = ""), form);
    assert_invalid(f, cairn_csrf(.trusted = "*"), form);
    assert_invalid(f, cairn_csrf(.trusted = "https://a/, https://b"), form);
    assert_needs_http(cairn_csrf_layer(NULL));
    assert_refused_without_memory(f, cairn_csrf(.trusted = "https://a"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(what_must_change_nothing_passes),
        fixture_test(every_other_method_is_checked),
        fixture_test(the_browser_tells_what_comes_from_elsewhere),
        fixture_test(an_old_browser_tells_the_origin_which_must_be_the_host),
        fixture_test(the_port_belongs_to_the_host),
        fixture_test(without_a_host_no_origin_is_our_own),
        fixture_test(what_is_no_browser_passes),
        fixture_test(a_trusted_origin_passes_whatever_the_browser_tells),
        fixture_test(a_function_may_let_pass_what_would_be_refused),
        fixture_test(a_function_may_answer),
        fixture_test(the_answer_is_a_problem_by_default),
        fixture_test(what_is_refused_gives_its_room_back),
        fixture_test(what_is_refused_is_dropped),
        fixture_test(copies_count_together_and_outlive_the_options),
        fixture_test(fails_without_memory),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
