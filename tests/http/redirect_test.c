#include "layers/hunger.h"

#include <cairn/http/redirect.h>

static void sends_every_client_to_one_place(void **state)
{
    struct fixture *f = *state;
    static const int statuses[] = {301, 302, 303, 307, 308};
    for (size_t i = 0; i < 5; i++) {
        char location[] = "/new?a=b";
        struct cairn_service *service = cairn_http_redirect_service(statuses[i], location);
        memset(location, '!', sizeof(location) - 1);
        struct cairn_http_response *res = fixture_ask(f, service, fixture_request(f, "/old?c=d"));
        cairn_service_drop(service);
        assert_int_equal(res->status, statuses[i]);
        assert_int_equal(res->fields.count, 1);
        assert_str(fixture_field(res, "Location"), "/new?a=b");
        assert_int_equal(res->body.length, 0);
    }
}

static void copies_count_together(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = cairn_http_redirect_service(307, "https://a.example/");
    struct cairn_service *copy = cairn_service_clone(service);
    fixture_ask(f, service, fixture_request(f, "/"));
    cairn_service_drop(service);
    fixture_ask(f, copy, fixture_request(f, "/"));
    assert_int_equal(fixture_number(copy, "redirected"), 2);
    cairn_service_drop(copy);
}

static int dropped;

static void stream_drop(void *state)
{
    (void)state;
    dropped++;
}

static void drops_the_body_of_the_request(void **state)
{
    struct fixture *f = *state;
    static const struct cairn_stream_ops ops = {.name = "test", .drop = stream_drop};
    struct cairn_service *service = cairn_http_redirect_service(308, "/new");
    struct cairn_http_request *req = fixture_request(f, "/");
    dropped = 0;
    req->stream = (struct cairn_stream){&ops, NULL};
    fixture_ask(f, service, req);
    assert_int_equal(dropped, 1);
    cairn_service_drop(service);
}

static struct cairn_http_request *get(struct fixture *f)
{
    return fixture_request(f, "/");
}

static void fails_whichever_memory_is_missing(void **state)
{
    struct cairn_service *service = cairn_http_redirect_service(308, "/new");
    assert_whole_or_failed(*state, service, get, 1);
    cairn_service_drop(service);
}

static void assert_broken(
    struct cairn_service *service, enum cairn_error_code code, const char *message)
{
    const struct cairn_error *error = cairn_service_error(service);
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(error->message, message);
    cairn_service_drop(service);
}

static void is_broken_where_it_would_lead_nowhere(void **state)
{
    (void)state;
    static const int statuses[] = {0, 200, 300, 304, 305, 306, 309, 400};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
        assert_broken(cairn_http_redirect_service(statuses[i], "/"), CAIRN_ERROR_INVALID,
            "status must be 301, 302, 303, 307 or 308");
    static const char *const locations[] = {NULL, "", " /", "/a\r\nb: c"};
    for (size_t i = 0; i < sizeof(locations) / sizeof(*locations); i++)
        assert_broken(cairn_http_redirect_service(308, locations[i]), CAIRN_ERROR_INVALID,
            "location must be a URI or a path");
}

static void is_broken_without_memory(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 2; n++) {
        cairn_test_alloc_fail_at(n);
        struct cairn_service *service = cairn_http_redirect_service(308, "/");
        cairn_test_alloc_fail_at(0);
        assert_broken(service, CAIRN_ERROR_MEMORY, "out of memory");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(sends_every_client_to_one_place),
        fixture_test(copies_count_together),
        fixture_test(drops_the_body_of_the_request),
        fixture_test(fails_whichever_memory_is_missing),
        fixture_test(is_broken_where_it_would_lead_nowhere),
        fixture_test(is_broken_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
