#include "http_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cairn/http/layers/http_rate_limit.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_http_rate_limit(.num = 1000000, .by = CAIRN_RATE_BY_ROUTE, .keys = 1),
        (struct cairn_contract_options){0});
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    if (state)
        ++*(int *)state;
    return cairn_http_text(req, 200, "fine");
}

static struct cairn_service *around(struct cairn_layer layer)
{
    return fixture_apply(layer, cairn_http_handler(answer, NULL));
}

/* A request from ADDRESS, which lives as long as the test. */
static struct cairn_http_request *from(struct fixture *f, const char *address)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    struct sockaddr_in6 *v6 = cairn_arena_alloc(f->arena, sizeof(*v6));
    struct sockaddr_in *v4 = (void *)v6;
    memset(v6, 0, sizeof(*v6));
    v6->sin6_family = AF_INET6;
    v6->sin6_port = (in_port_t)f->clock.now_ns; /* any: it does not count */
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1) {
        v4->sin_family = AF_INET;
        assert_int_equal(inet_pton(AF_INET, address, &v4->sin_addr), 1);
    }
    req->peer = (const void *)v6;
    return req;
}

static int status_of(
    struct fixture *f, struct cairn_service *service, struct cairn_http_request *req)
{
    return fixture_ask(f, service, req)->status;
}

#define ONE .num = 1, .per_ms = 60000, .keys = 64

static void tells_what_is_left_on_answers_that_pass(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        around(cairn_http_rate_limit(.num = 100, .per_ms = 60000, .keys = 1));
    struct cairn_http_response *res = fixture_ask(f, service, from(f, "10.0.0.1"));
    assert_int_equal(res->status, 200);
    assert_str(fixture_field(res, "RateLimit-Policy"), "\"default\";q=100;w=60");
    assert_str(fixture_field(res, "RateLimit"), "\"default\";r=99;t=1");
    assert_null(fixture_field(res, "Retry-After").data);
    assert_str(fixture_field(fixture_ask(f, service, from(f, "10.0.0.1")), "RateLimit"),
        "\"default\";r=98;t=2");
    cairn_service_drop(service);
}

static void answers_429_over_the_rate_and_inner_does_not_see_it(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct cairn_service *service =
        fixture_apply(cairn_http_rate_limit(ONE), cairn_http_handler(answer, &calls));
    assert_int_equal(status_of(f, service, from(f, "10.0.0.1")), 200);
    struct cairn_http_response *res = fixture_ask(f, service, from(f, "10.0.0.1"));
    assert_int_equal(res->status, 429);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
    assert_str(fixture_field(res, "Retry-After"), "60");
    assert_str(fixture_field(res, "RateLimit-Policy"), "\"default\";q=1;w=60");
    assert_str(fixture_field(res, "RateLimit"), "\"default\";r=0;t=60");
    assert_int_equal(calls, 1);
    assert_int_equal(fixture_number(service, "refused"), 1);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 60000);
    assert_int_equal(status_of(f, service, from(f, "10.0.0.1")), 200);
    cairn_service_drop(service);
}

static void a_refusal_gives_the_reservation_of_inner_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_http_rate_limit(ONE));
    struct cairn_future future = fixture_send(f, service, from(f, "10.0.0.1"));
    fixture_respond(f, NULL);
    fixture_response(f, &future);
    assert_int_equal(status_of(f, service, from(f, "10.0.0.1")), 429);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).releases, 1);
    cairn_service_drop(service);
}

static void an_answer_that_comes_later_has_the_fields_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_http_rate_limit(ONE));
    struct cairn_future future = fixture_send(f, service, from(f, "10.0.0.1"));
    assert_pending(f, &future);
    cairn_service_drop(service);
    fixture_respond(f, NULL);
    assert_str(fixture_field(fixture_response(f, &future), "RateLimit"), "\"default\";r=0;t=60");
}

static void errors_pass_as_they_are(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_http_rate_limit(ONE));
    struct cairn_future future = fixture_send(f, service, from(f, "10.0.0.1"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

/*
 * Keys
 */

static void counts_by_address_and_not_by_port(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = around(cairn_http_rate_limit(ONE));
    assert_int_equal(status_of(f, service, from(f, "10.0.0.1")), 200);
    f->clock.now_ns++;
    assert_int_equal(status_of(f, service, from(f, "10.0.0.1")), 429);
    assert_int_equal(status_of(f, service, from(f, "10.0.0.2")), 200);
    cairn_service_drop(service);
}

static void counts_64_bits_of_an_ipv6_address(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = around(cairn_http_rate_limit(ONE));
    assert_int_equal(status_of(f, service, from(f, "2001:db8:0:1::1")), 200);
    assert_int_equal(status_of(f, service, from(f, "2001:db8:0:1:ffff::2")), 429);
    assert_int_equal(status_of(f, service, from(f, "2001:db8:0:2::1")), 200);
    cairn_service_drop(service);
}

static void counts_as_many_bits_as_the_option_says(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = around(cairn_http_rate_limit(ONE, .ipv6_prefix = 62));
    assert_int_equal(status_of(f, service, from(f, "2001:db8:0:4::1")), 200);
    assert_int_equal(status_of(f, service, from(f, "2001:db8:0:7::1")), 429);
    assert_int_equal(status_of(f, service, from(f, "2001:db8:0:8::1")), 200);
    cairn_service_drop(service);
    service = around(cairn_http_rate_limit(ONE, .ipv6_prefix = 128));
    assert_int_equal(status_of(f, service, from(f, "2001:db8::1")), 200);
    assert_int_equal(status_of(f, service, from(f, "2001:db8::2")), 200);
    assert_int_equal(status_of(f, service, from(f, "2001:db8::2")), 429);
    cairn_service_drop(service);
}

static void an_ipv4_address_over_ipv6_is_the_same_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = around(cairn_http_rate_limit(ONE));
    assert_int_equal(status_of(f, service, from(f, "10.0.0.1")), 200);
    assert_int_equal(status_of(f, service, from(f, "::ffff:10.0.0.1")), 429);
    assert_int_equal(status_of(f, service, from(f, "::ffff:10.0.0.2")), 200);
    cairn_service_drop(service);
}

static void who_has_no_address_passes_and_is_counted(void **state)
{
    struct fixture *f = *state;
    const struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct cairn_service *service = around(cairn_http_rate_limit(ONE));
    struct cairn_http_request *req = fixture_request(f, "/");
    assert_int_equal(status_of(f, service, req), 200);
    req->peer = (const void *)&local;
    assert_int_equal(status_of(f, service, req), 200);
    assert_int_equal(status_of(f, service, req), 200);
    assert_int_equal(fixture_number(service, "unkeyed"), 3);
    cairn_service_drop(service);
}

static struct cairn_http_request *keyed(struct fixture *f, const char *address, const char *key)
{
    struct cairn_http_request *req = from(f, address);
    fixture_add_field(req, "X-Api-Key", key);
    return req;
}

static void counts_by_a_header_field(void **state)
{
    struct fixture *f = *state;
    char header[] = "x-api-key";
    struct cairn_service *service =
        around(cairn_http_rate_limit(ONE, .by = CAIRN_RATE_BY_HEADER, .header = header));
    memset(header, '!', sizeof(header) - 1);
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.1", "a")), 200);
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.2", "a")), 429);
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.1", "b")), 200);
    cairn_service_drop(service);
}

static void who_leaves_the_header_field_out_is_counted_by_address(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        around(cairn_http_rate_limit(ONE, .by = CAIRN_RATE_BY_HEADER, .header = "X-Api-Key"));
    assert_int_equal(status_of(f, service, from(f, "10.0.0.1")), 200);
    assert_int_equal(status_of(f, service, from(f, "10.0.0.1")), 429);
    assert_int_equal(status_of(f, service, from(f, "10.0.0.2")), 200);
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.1", "a")), 200);
    assert_int_equal(fixture_number(service, "unkeyed"), 0);
    cairn_service_drop(service);
}

/* 1 KiB that differ in the last byte: longer than what a key has room for in place. */
static void tells_long_keys_apart(void **state)
{
    struct fixture *f = *state;
    char key[1025];
    memset(key, 'k', sizeof(key));
    key[1024] = '\0';
    struct cairn_service *service =
        around(cairn_http_rate_limit(ONE, .by = CAIRN_RATE_BY_HEADER, .header = "X-Api-Key"));
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.1", key)), 200);
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.1", key)), 429);
    char other[1025];
    memcpy(other, key, sizeof(key));
    other[1023] = 'j';
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.1", other)), 200);
    cairn_service_drop(service);
}

static struct cairn_str user_of(void *cx, const struct cairn_http_request *req)
{
    assert_string_equal(cx, "the application");
    return req->query;
}

static struct cairn_http_request *as_user(
    struct fixture *f, const char *address, const char *target)
{
    struct cairn_http_request *req = from(f, address);
    req->query = cairn_http_request_new(f->arena, CAIRN_HTTP_GET, target)->query;
    return req;
}

static void counts_by_user_and_strangers_by_address(void **state)
{
    struct fixture *f = *state;
    char cx[] = "the application";
    struct cairn_service *service =
        around(cairn_http_rate_limit(ONE, .by = CAIRN_RATE_BY_USER, .user = user_of, .cx = cx));
    assert_int_equal(status_of(f, service, as_user(f, "10.0.0.1", "/?ann")), 200);
    assert_int_equal(status_of(f, service, as_user(f, "10.0.0.2", "/?ann")), 429);
    assert_int_equal(status_of(f, service, as_user(f, "10.0.0.2", "/?bob")), 200);
    assert_int_equal(status_of(f, service, as_user(f, "10.0.0.2", "/")), 200);
    assert_int_equal(status_of(f, service, as_user(f, "10.0.0.2", "/")), 429);
    cairn_service_drop(service);
}

static void counts_by_route(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = around(cairn_http_rate_limit(ONE, .by = CAIRN_RATE_BY_ROUTE));
    struct cairn_http_request *req = from(f, "10.0.0.1");
    req->route = CAIRN_STR("/users/{id}");
    assert_int_equal(status_of(f, service, req), 200);
    assert_int_equal(status_of(f, service, req), 429);
    req->route = CAIRN_STR("/users");
    assert_int_equal(status_of(f, service, req), 200);
    req->route = cairn_str_of(NULL, 0);
    assert_int_equal(status_of(f, service, req), 200);
    assert_int_equal(status_of(f, service, req), 429);
    cairn_service_drop(service);
}

static void counts_by_several_together(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = around(cairn_http_rate_limit(ONE,
        .by = CAIRN_RATE_BY_PEER | CAIRN_RATE_BY_HEADER | CAIRN_RATE_BY_ROUTE,
        .header = "X-Api-Key"));
    struct cairn_http_request *req = keyed(f, "10.0.0.1", "a");
    assert_int_equal(status_of(f, service, req), 200);
    assert_int_equal(status_of(f, service, req), 429);
    req->route = CAIRN_STR("/");
    assert_int_equal(status_of(f, service, req), 200);
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.2", "a")), 200);
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.1", "b")), 200);
    cairn_service_drop(service);
}

static void a_key_cannot_be_made_to_look_like_another(void **state)
{
    struct fixture *f = *state;
    char cx[] = "the application";
    struct cairn_service *service = around(cairn_http_rate_limit(ONE,
        .by = CAIRN_RATE_BY_USER | CAIRN_RATE_BY_HEADER | CAIRN_RATE_BY_ROUTE, .user = user_of,
        .cx = cx, .header = "X-Api-Key"));
    /* the same bytes, cut elsewhere */
    struct cairn_http_request *req = keyed(f, "10.0.0.1", "a");
    req->query = CAIRN_STR("cr\0\0\0\0x");
    req->route = CAIRN_STR("y");
    assert_int_equal(status_of(f, service, req), 200);
    req->query = CAIRN_STR("c");
    req->route = CAIRN_STR("xr\0\0\0\0y");
    assert_int_equal(status_of(f, service, req), 200);
    /* the same value, of something else */
    assert_int_equal(status_of(f, service, keyed(f, "10.0.0.1", "same")), 200);
    assert_int_equal(status_of(f, service, as_user(f, "10.0.0.1", "/?same")), 200);
    cairn_service_drop(service);
}

/*
 * Rates
 */

static void rate_of(void *cx, const struct cairn_http_request *req, struct cairn_keyed_rate *rate)
{
    (void)cx;
    if (cairn_str_equal(req->path, CAIRN_STR("/free")))
        rate->num = CAIRN_KEYED_UNLIMITED;
    else if (cairn_str_equal(req->path, CAIRN_STR("/never")))
        rate->num = 0;
    else
        *rate = (struct cairn_keyed_rate){.num = 2, .per_ms = 10000, .burst = 2};
}

static void asks_for_the_rate_of_a_request(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = around(cairn_http_rate_limit(ONE, .rate = rate_of));
    struct cairn_http_response *res = fixture_ask(f, service, from(f, "10.0.0.1"));
    assert_str(fixture_field(res, "RateLimit-Policy"), "\"default\";q=2;w=10");
    assert_str(fixture_field(res, "RateLimit"), "\"default\";r=1;t=5");
    struct cairn_http_request *req = from(f, "10.0.0.1");
    req->path = CAIRN_STR("/free");
    res = fixture_ask(f, service, req);
    assert_int_equal(res->status, 200);
    assert_null(fixture_field(res, "RateLimit").data);
    req->path = CAIRN_STR("/never");
    res = fixture_ask(f, service, req);
    assert_int_equal(res->status, 429);
    assert_null(fixture_field(res, "Retry-After").data);
    cairn_service_drop(service);
}

static void writes_the_fields_that_were_asked_for(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = around(cairn_http_rate_limit(ONE, .policy = "per address",
        .fields = CAIRN_HTTP_RATE_LIMIT_DRAFT | CAIRN_HTTP_RATE_LIMIT_LEGACY));
    struct cairn_http_response *res = fixture_ask(f, service, from(f, "10.0.0.1"));
    assert_str(fixture_field(res, "RateLimit"), "\"per address\";r=0;t=60");
    assert_str(fixture_field(res, "X-RateLimit-Remaining"), "0");
    cairn_service_drop(service);
    service = around(cairn_http_rate_limit(ONE, .fields = CAIRN_HTTP_RATE_LIMIT_NONE));
    res = fixture_ask(f, service, from(f, "10.0.0.1"));
    assert_null(fixture_field(res, "RateLimit").data);
    res = fixture_ask(f, service, from(f, "10.0.0.1"));
    assert_int_equal(res->status, 429);
    assert_null(fixture_field(res, "RateLimit").data);
    assert_str(fixture_field(res, "Retry-After"), "60");
    cairn_service_drop(service);
}

static void two_limits_tell_both(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer outer = cairn_http_rate_limit(.policy = "site", .num = 10, .keys = 1);
    struct cairn_service *service =
        fixture_apply(outer, around(cairn_http_rate_limit(.policy = "user", .num = 5, .keys = 1)));
    struct cairn_http_response *res = fixture_ask(f, service, from(f, "10.0.0.1"));
    struct cairn_str value;
    size_t cursor = 0;
    cairn_http_fields_next(&res->fields, CAIRN_STR("RateLimit"), &cursor, &value);
    assert_str(value, "\"user\";r=4;t=1");
    cairn_http_fields_next(&res->fields, CAIRN_STR("RateLimit"), &cursor, &value);
    assert_str(value, "\"site\";r=9;t=1");
    cairn_service_drop(service);
}

static void stacks_and_copies_share_a_limiter(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_keyed_limiter *limiter = cairn_keyed_limiter_new(
        &(struct cairn_keyed_limiter_options){
            .size = sizeof(struct cairn_keyed_limiter_options), .num = 3, .keys = 1},
        &error);
    struct cairn_layer layer = cairn_http_rate_limit(.limiter = limiter);
    struct cairn_service *a = around(layer);
    struct cairn_service *b = around(layer);
    struct cairn_service *copy = cairn_service_clone(a);
    cairn_keyed_limiter_unref(limiter);
    assert_int_equal(status_of(f, a, from(f, "10.0.0.1")), 200);
    assert_int_equal(status_of(f, b, from(f, "10.0.0.1")), 200);
    assert_int_equal(status_of(f, copy, from(f, "10.0.0.1")), 200);
    assert_int_equal(status_of(f, b, from(f, "10.0.0.1")), 429);
    cairn_service_drop(a);
    cairn_service_drop(copy);
    cairn_service_drop(b);
}

/*
 * Memory
 */

static void an_answer_without_memory_for_the_fields_passes_without(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_http_rate_limit(ONE));
    struct cairn_future future = fixture_send(f, service, from(f, "10.0.0.1"));
    fixture_respond(f, NULL);
    fixture_exhaust(f);
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_int_equal(res->status, 200);
    assert_null(fixture_field(res, "RateLimit").data);
    cairn_service_drop(service);
}

static void a_refusal_without_memory_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *service = around(cairn_http_rate_limit(ONE));
    status_of(f, service, from(f, "10.0.0.1"));
    struct cairn_http_request *req = from(f, "10.0.0.1");
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(service, req);
    error = fixture_failure(f, &future);
    assert_int_equal(error->code, CAIRN_ERROR_LIMITED);
    assert_string_equal(error->layer, "http_rate_limit");
    cairn_service_drop(service);
}

static void a_long_key_without_memory_fails_the_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    char key[1025];
    memset(key, 'k', sizeof(key));
    key[1024] = '\0';
    struct cairn_service *service = fixture_around_mock(
        f, cairn_http_rate_limit(ONE, .by = CAIRN_RATE_BY_HEADER, .header = "X-Api-Key"));
    struct cairn_http_request *req = keyed(f, "10.0.0.1", key);
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(service, req);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(service);
}

static void a_ready_answer_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = around(cairn_http_rate_limit(.num = 1000, .keys = 1));
    struct cairn_http_request *req = from(f, "10.0.0.1");
    status_of(f, service, req);
    size_t before = cairn_test_alloc_count();
    assert_int_equal(status_of(f, service, req), 200);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(service);
}

static void refuse(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void refuses_options_that_make_no_sense(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_keyed_limiter *limiter = cairn_keyed_limiter_new(NULL, &error);
    refuse(f, cairn_http_rate_limit(.by = 16), "by must be made of enum cairn_http_rate_limit_by");
    refuse(f, cairn_http_rate_limit(.by = CAIRN_RATE_BY_HEADER),
        "header and CAIRN_RATE_BY_HEADER must be set together");
    refuse(f, cairn_http_rate_limit(.header = "X-Api-Key"),
        "header and CAIRN_RATE_BY_HEADER must be set together");
    refuse(f, cairn_http_rate_limit(.by = CAIRN_RATE_BY_HEADER, .header = "X Api"),
        "header must be the name of a header field");
    refuse(f, cairn_http_rate_limit(.by = CAIRN_RATE_BY_USER),
        "user and CAIRN_RATE_BY_USER must be set together");
    refuse(f, cairn_http_rate_limit(.fields = 5),
        "fields must be made of enum cairn_http_rate_limit_fields");
    refuse(f, cairn_http_rate_limit(.policy = "a\"b"),
        "policy must be 1 to 64 printable characters, no quote and no backslash");
    refuse(f, cairn_http_rate_limit(.ipv6_prefix = 129), "ipv6_prefix must be 1 to 128");
    refuse(f, cairn_http_rate_limit(.limiter = limiter, .num = 1),
        "num, per_ms, burst and keys must be 0 with a limiter, which has its own");
    refuse(
        f, cairn_http_rate_limit(.num = 1000000001), "num must be 1 to 1000000000, got 1000000001");
    cairn_keyed_limiter_unref(limiter);
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_http_rate_limit_layer(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(tells_what_is_left_on_answers_that_pass),
        fixture_test(answers_429_over_the_rate_and_inner_does_not_see_it),
        fixture_test(a_refusal_gives_the_reservation_of_inner_back),
        fixture_test(an_answer_that_comes_later_has_the_fields_too),
        fixture_test(errors_pass_as_they_are),
        fixture_test(counts_by_address_and_not_by_port),
        fixture_test(counts_64_bits_of_an_ipv6_address),
        fixture_test(counts_as_many_bits_as_the_option_says),
        fixture_test(an_ipv4_address_over_ipv6_is_the_same_one),
        fixture_test(who_has_no_address_passes_and_is_counted),
        fixture_test(counts_by_a_header_field),
        fixture_test(who_leaves_the_header_field_out_is_counted_by_address),
        fixture_test(tells_long_keys_apart),
        fixture_test(counts_by_user_and_strangers_by_address),
        fixture_test(counts_by_route),
        fixture_test(counts_by_several_together),
        fixture_test(a_key_cannot_be_made_to_look_like_another),
        fixture_test(asks_for_the_rate_of_a_request),
        fixture_test(writes_the_fields_that_were_asked_for),
        fixture_test(two_limits_tell_both),
        fixture_test(stacks_and_copies_share_a_limiter),
        fixture_test(an_answer_without_memory_for_the_fields_passes_without),
        fixture_test(a_refusal_without_memory_is_an_error),
        fixture_test(a_long_key_without_memory_fails_the_call),
        fixture_test(a_ready_answer_allocates_nothing),
        fixture_test(refuses_options_that_make_no_sense),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
