#include "hunger.h"

#include <cairn/http/layers/redirect_origin.h>
#include <cairn/layers/concurrency_limit.h>

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

static struct cairn_http_request *request(
    struct fixture *f, const char *target, const char *host, const char *scheme)
{
    struct cairn_http_request *req = fixture_request(f, target);
    if (host)
        fixture_add_field(req, "Host", host);
    if (scheme)
        fixture_add_field(req, "X-Forwarded-Proto", scheme);
    return req;
}

/* Where LAYER sends REQ; "": nowhere. */
static const char *sent(struct fixture *f, struct cairn_layer layer, struct cairn_http_request *req)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(answer, NULL));
    struct cairn_http_response *res = fixture_ask(f, service, req);
    struct cairn_str location = fixture_field(res, "Location");
    cairn_service_drop(service);
    assert_int_equal(res->status, location.data ? 308 : 200);
    return location.data ? cairn_arena_copy(f->arena, location).data : "";
}

static bool is_any(void *cx, const struct cairn_http_request *req)
{
    (void)cx, (void)req;
    return true;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_redirect_origin(.origin = "http://a.example", .except = is_any),
        (struct cairn_contract_options){0});
}

static void another_host_is_sent_to_ours_with_path_and_query(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_redirect_origin(.origin = "https://www.example.org");
    assert_string_equal(sent(f, layer, request(f, "/", "www.example.org", NULL)), "");
    assert_string_equal(sent(f, layer, request(f, "/", "WWW.example.org", NULL)), "");
    assert_string_equal(sent(f, layer, request(f, "/a%20b?c=/d", "example.org", NULL)),
        "https://www.example.org/a%20b?c=/d");
    assert_string_equal(
        sent(f, layer, request(f, "/?", "example.org", NULL)), "https://www.example.org/?");
    assert_string_equal(
        sent(f, layer, request(f, "//evil", NULL, NULL)), "https://www.example.org//evil");
    assert_string_equal(
        sent(f, layer, request(f, "/", "www.example.org:8080", NULL)), "https://www.example.org/");
}

static void a_port_is_part_of_the_host(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_redirect_origin(.origin = "http://a:8080");
    assert_string_equal(sent(f, layer, request(f, "/", "a:8080", NULL)), "");
    assert_string_equal(sent(f, layer, request(f, "/", "a", NULL)), "http://a:8080/");
}

static void an_absolute_target_gives_its_path(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_redirect_origin(.origin = "https://a");
    assert_string_equal(sent(f, layer, request(f, "http://b/c?d", "b", NULL)), "https://a/c?d");
    assert_string_equal(sent(f, layer, request(f, "http://b", "b", NULL)), "https://a/");
}

static void the_path_is_the_one_that_came(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = request(f, "/group/x", "b", NULL);
    req->path = CAIRN_STR("/x");
    assert_string_equal(
        sent(f, cairn_redirect_origin(.origin = "https://a"), req), "https://a/group/x");
}

static void another_scheme_is_sent_to_ours_if_a_proxy_tells_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer =
        cairn_redirect_origin(.origin = "https://a", .scheme_header = "X-Forwarded-Proto");
    assert_string_equal(sent(f, layer, request(f, "/b", "a", "https")), "");
    assert_string_equal(sent(f, layer, request(f, "/b", "a", "HTTPS, http")), "");
    assert_string_equal(sent(f, layer, request(f, "/b", "a", "http")), "https://a/b");
    assert_string_equal(sent(f, layer, request(f, "/b", "a", "http, https")), "https://a/b");
    assert_string_equal(sent(f, layer, request(f, "/b", "a", NULL)), "https://a/b");
    assert_string_equal(sent(f, layer, request(f, "/b", "c", "https")), "https://a/b");
    assert_string_equal(
        sent(f, cairn_redirect_origin(.origin = "https://a"), request(f, "/b", "a", "http")), "");
}

static void what_has_no_path_passes(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = request(f, "*", "b", NULL);
    req->method = CAIRN_HTTP_OPTIONS;
    assert_string_equal(sent(f, cairn_redirect_origin(.origin = "https://a"), req), "");
}

static bool is_probe(void *cx, const struct cairn_http_request *req)
{
    (*(int *)cx)++;
    return cairn_str_equal(req->path, CAIRN_STR("/healthz"));
}

static void a_function_may_let_pass_what_would_be_redirected(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct cairn_layer layer =
        cairn_redirect_origin(.origin = "https://a", .except = is_probe, .cx = &calls);
    assert_string_equal(sent(f, layer, request(f, "/healthz", "10.0.0.1", NULL)), "");
    assert_string_equal(sent(f, layer, request(f, "/", "10.0.0.1", NULL)), "https://a/");
    assert_int_equal(calls, 2);
    sent(f, layer, request(f, "/healthz", "a", NULL));
    assert_int_equal(calls, 2);
}

static void takes_another_status_outlives_its_options_and_counts_in_all_copies(void **state)
{
    struct fixture *f = *state;
    char origin[] = "https://a";
    char header[] = "X-Scheme";
    struct cairn_service *service = fixture_around_mock(
        f, cairn_redirect_origin(.origin = origin, .scheme_header = header, .status = 302));
    struct cairn_service *copy = cairn_service_clone(service);
    memset(origin, '!', sizeof(origin) - 1);
    memset(header, '!', sizeof(header) - 1);
    assert_int_equal(fixture_ask(f, service, request(f, "/", "b", NULL))->status, 302);
    cairn_service_drop(service);
    struct cairn_http_response *res = fixture_ask(f, copy, request(f, "/", "a", NULL));
    assert_str(fixture_field(res, "Location"), "https://a/");
    assert_int_equal(fixture_number(copy, "redirected"), 2);
    assert_null(cairn_mock_next_request(f->mock));
    cairn_service_drop(copy);
}

static int dropped;

static void stream_drop(void *state)
{
    (void)state;
    dropped++;
}

static void what_is_redirected_is_dropped_and_gives_its_room_back(void **state)
{
    struct fixture *f = *state;
    static const struct cairn_stream_ops ops = {.name = "test", .drop = stream_drop};
    const struct cairn_layer layers[] = {
        cairn_redirect_origin(.origin = "https://a"), cairn_concurrency_limit(.max = 1)};
    struct cairn_service *service = cairn_stack_build(cairn_http_handler(answer, NULL), layers, 2);
    dropped = 0;
    for (int i = 0; i < 3; i++) {
        struct cairn_http_request *req = request(f, "/", "b", NULL);
        req->stream = (struct cairn_stream){&ops, NULL};
        fixture_ask(f, service, req);
    }
    assert_int_equal(dropped, 3);
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_service_drop(service);
}

static struct cairn_http_request *ask_elsewhere(struct fixture *f)
{
    return request(f, "/", "b", NULL);
}

static void fails_whichever_memory_is_missing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_redirect_origin(.origin = "https://a"));
    assert_whole_or_failed(f, service, ask_elsewhere, 1);
    assert_int_equal(fixture_number(service, "redirected"), 1);
    cairn_service_drop(service);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char form[] = "origin must be of the form scheme://host[:port]: lower case, no "
                               "path, no default port";
    assert_invalid(f, cairn_redirect_origin_layer(NULL), form);
    assert_invalid(f, cairn_redirect_origin(.origin = "https://a/"), form);
    assert_invalid(f, cairn_redirect_origin(.origin = "https://a, https://b"), form);
    assert_invalid(f, cairn_redirect_origin(.origin = "https://a", .scheme_header = "X Scheme"),
        "scheme_header must be the name of a header field");
    assert_invalid(f, cairn_redirect_origin(.origin = "https://a", .status = 300),
        "status must be 301, 302, 303, 307 or 308");
    assert_needs_http(cairn_redirect_origin(.origin = "https://a"));
    assert_refused_without_memory(f, cairn_redirect_origin(.origin = "https://a"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(another_host_is_sent_to_ours_with_path_and_query),
        fixture_test(a_port_is_part_of_the_host),
        fixture_test(an_absolute_target_gives_its_path),
        fixture_test(the_path_is_the_one_that_came),
        fixture_test(another_scheme_is_sent_to_ours_if_a_proxy_tells_it),
        fixture_test(what_has_no_path_passes),
        fixture_test(a_function_may_let_pass_what_would_be_redirected),
        fixture_test(takes_another_status_outlives_its_options_and_counts_in_all_copies),
        fixture_test(what_is_redirected_is_dropped_and_gives_its_room_back),
        fixture_test(fails_whichever_memory_is_missing),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
