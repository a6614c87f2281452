#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <cairn/http/handler.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "hello");
}

static struct cairn_service *good_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    return cairn_http_handler(hello, NULL);
}

static struct cairn_service *bad_option_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    return cairn_stack(cairn_http_handler(hello, NULL), cairn_timeout(.after_ms = 1ull << 40));
}

static void *same(void *cx, void *request, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return request;
}

static struct cairn_service *bad_type_app(void *cx, const struct cairn_http_worker *worker)
{
    static const struct cairn_type number = {.name = "number"};
    (void)cx;
    (void)worker;
    return cairn_service_fn("same", &number, &number, same, NULL);
}

static struct cairn_error *run(cairn_http_app *app, unsigned workers)
{
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = workers, .keep_signals = true};
    struct cairn_error *error = NULL;
    struct cairn_http_server *server = cairn_http_server_new(app, NULL, &options, &error);
    assert_non_null(server);
    error = cairn_http_server_run(server);
    cairn_http_server_free(server);
    return error;
}

static void a_broken_app_ends_the_run_with_its_reason(void **state)
{
    char message[256];
    (void)state;
    for (unsigned workers = 1; workers <= 3; workers++) {
        struct cairn_error *error = run(bad_option_app, workers);
        assert_non_null(error);
        assert_int_equal(error->code, CAIRN_ERROR_INVALID);
        cairn_error_format(error, message, sizeof(message));
        assert_non_null(strstr(message, "timeout: after_ms"));
        cairn_error_unref(error);
    }
}

static void an_app_of_other_types_is_refused_by_name(void **state)
{
    char message[256];
    (void)state;
    struct cairn_error *error = run(bad_type_app, 1);
    assert_non_null(error);
    assert_int_equal(error->code, CAIRN_ERROR_TYPE);
    cairn_error_format(error, message, sizeof(message));
    assert_non_null(strstr(message, "from number to number"));
    cairn_error_unref(error);
}

static void a_thread_with_a_runtime_cannot_run_a_server(void **state)
{
    struct cairn_error *error = NULL;
    (void)state;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    assert_non_null(runtime);
    error = run(good_app, 1);
    assert_non_null(error);
    assert_int_equal(error->code, CAIRN_ERROR_RUNTIME);
    cairn_runtime_free(runtime);
}

static void refuse(struct cairn_http_server_options options, const char *expected)
{
    char message[256];
    struct cairn_error *error = NULL;
    options.size = sizeof(options);
    assert_null(cairn_http_server_new(good_app, NULL, &options, &error));
    assert_non_null(error);
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    cairn_error_format(error, message, sizeof(message));
    assert_string_equal(message, expected);
    cairn_error_unref(error);
}

static void a_bad_option_is_refused_with_its_name_and_range(void **state)
{
    (void)state;
    refuse((struct cairn_http_server_options){.workers = 257},
        "http_server: workers must be 1 to 256, got 257");
    refuse((struct cairn_http_server_options){.backlog = 65536},
        "http_server: backlog must be 1 to 65535, got 65536");
    refuse((struct cairn_http_server_options){.drain_ms = 3600001},
        "http_server: drain_ms must be 1 to 3600000, got 3600001");
    refuse((struct cairn_http_server_options){.host = "localhost"},
        "http_server: host must be a numeric IPv4 or IPv6 address, unix: and a path of 1 to 107 "
        "bytes, systemd:, systemd: and a name, or fd: and a number, got \"localhost\"");
}

static void an_address_that_cannot_be_bound_is_an_error(void **state)
{
    struct cairn_http_server_options options = {.size = sizeof(options), .host = "192.0.2.1"};
    struct cairn_error *error = NULL;
    (void)state;
    /* An address that is nobody's here (RFC 5737). */
    assert_null(cairn_http_server_new(good_app, NULL, &options, &error));
    assert_int_equal(error->code, CAIRN_ERROR_SYSTEM);
    assert_non_null(strstr(error->message, "192.0.2.1"));
    cairn_error_unref(error);
}

static void a_port_that_is_taken_is_an_error_unless_it_is_to_be_shared(void **state)
{
    struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = 2};
    struct cairn_error *error = NULL;
    (void)state;
    struct cairn_http_server *first = cairn_http_server_new(good_app, NULL, &options, &error);
    assert_non_null(first);
    options.port = cairn_http_server_port(first);
    assert_null(cairn_http_server_new(good_app, NULL, &options, &error));
    assert_int_equal(error->code, CAIRN_ERROR_SYSTEM);
    assert_non_null(strstr(error->message, "Address already in use"));
    cairn_error_unref(error);
    options.share_port = true;
    struct cairn_http_server *second = cairn_http_server_new(good_app, NULL, &options, &error);
    assert_non_null(second);
    cairn_http_server_free(second);
    cairn_http_server_free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_app_ends_the_run_with_its_reason),
        cmocka_unit_test(an_app_of_other_types_is_refused_by_name),
        cmocka_unit_test(a_thread_with_a_runtime_cannot_run_a_server),
        cmocka_unit_test(a_bad_option_is_refused_with_its_name_and_range),
        cmocka_unit_test(an_address_that_cannot_be_bound_is_an_error),
        cmocka_unit_test(a_port_that_is_taken_is_an_error_unless_it_is_to_be_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
