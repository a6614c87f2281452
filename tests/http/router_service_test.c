#include "router_rig.h"

#include <stdlib.h>

#include <cairn/http/body.h>
#include <cairn/http/named.h>
#include <cairn/testkit/contract.h>

/* "/mock" goes to the mock, "/free" to a handler. */
static struct cairn_service *mock_router(struct rig *rig)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/mock", cairn_mock_service(rig->mock));
    cairn_http_get(r, "/free", told("free"));
    cairn_http_router_fallback(r, told("fallback"));
    return finish(r);
}

static struct cairn_future send_mock(
    struct rig *rig, struct cairn_harness *hand, struct cairn_service *service)
{
    return send(rig, hand, service, cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, "/mock"));
}

static void assert_pending(struct cairn_harness *hand, struct cairn_future *future)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(hand, future, &out), CAIRN_PENDING);
}

static void respond(struct rig *rig, const char *text)
{
    struct cairn_mock_request *request = cairn_mock_next_request(rig->mock);
    assert_non_null(request);
    cairn_mock_respond(request, cairn_http_text(cairn_mock_request_value(request), 200, text));
}

static void assert_response(
    struct cairn_harness *hand, struct cairn_future *future, const char *expected)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(hand, future, &out), CAIRN_READY);
    assert_str(((struct cairn_http_response *)out.value)->body, expected);
}

static void a_route_that_is_ready_is_called_without_a_copy(void **state)
{
    struct rig *rig = *state;
    struct cairn_service *service = mock_router(rig);
    struct cairn_future future = send_mock(rig, &rig->hand, service);
    assert_int_equal(cairn_mock_counts(rig->mock).clones, 0);
    respond(rig, "hello");
    assert_response(&rig->hand, &future, "hello");
    cairn_service_drop(service);
}

static void requests_wait_for_their_route_each_with_a_reservation_of_its_own(void **state)
{
    struct rig *rig = *state;
    struct cairn_service *service = mock_router(rig);
    cairn_mock_allow(rig->mock, 0);
    struct cairn_future first = send_mock(rig, &rig->hand, service);
    struct cairn_future second = send_mock(rig, &rig->other, service);
    assert_pending(&rig->hand, &first);
    assert_pending(&rig->other, &second);
    assert_null(cairn_mock_next_request(rig->mock));
    cairn_mock_allow(rig->mock, 1);
    assert_true(cairn_harness_is_woken(&rig->hand));
    assert_pending(&rig->hand, &first);
    assert_pending(&rig->other, &second);
    respond(rig, "one");
    assert_null(cairn_mock_next_request(rig->mock));
    assert_response(&rig->hand, &first, "one");
    cairn_mock_allow(rig->mock, 1);
    assert_pending(&rig->other, &second);
    respond(rig, "two");
    assert_response(&rig->other, &second, "two");
    cairn_service_drop(service);
}

static void a_route_that_waits_holds_up_no_other(void **state)
{
    struct rig *rig = *state;
    struct cairn_service *service = mock_router(rig);
    cairn_mock_allow(rig->mock, 0);
    struct cairn_future future = send_mock(rig, &rig->hand, service);
    assert_pending(&rig->hand, &future);
    assert_told(rig, service, "/free", "free");
    cairn_future_drop(&future);
    assert_int_equal(cairn_mock_counts(rig->mock).waiting, 0);
    cairn_service_drop(service);
}

static void a_request_that_waits_outlives_the_router(void **state)
{
    struct rig *rig = *state;
    struct cairn_service *service = mock_router(rig);
    cairn_mock_allow(rig->mock, 0);
    struct cairn_future future = send_mock(rig, &rig->hand, service);
    assert_pending(&rig->hand, &future);
    cairn_service_drop(service);
    cairn_mock_allow(rig->mock, 1);
    assert_pending(&rig->hand, &future);
    respond(rig, "late");
    assert_response(&rig->hand, &future, "late");
}

static void assert_failed(
    struct cairn_harness *hand, struct cairn_future *future, const char *message)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(hand, future, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, message);
    cairn_error_unref(out.error);
}

static void a_route_that_is_dead_fails_its_calls_and_no_other(void **state)
{
    struct rig *rig = *state;
    struct cairn_service *service = mock_router(rig);
    cairn_mock_fail_ready(
        rig->mock, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "gone for good"));
    for (int i = 0; i < 3; i++) {
        struct cairn_future future = send_mock(rig, &rig->hand, service);
        assert_failed(&rig->hand, &future, "gone for good");
    }
    assert_told(rig, service, "/free", "free");
    cairn_service_drop(service);
}

static void a_failure_of_a_call_is_passed_on_and_kills_nothing(void **state)
{
    struct rig *rig = *state;
    struct cairn_service *service = mock_router(rig);
    struct cairn_future future = send_mock(rig, &rig->hand, service);
    cairn_mock_fail(cairn_mock_next_request(rig->mock),
        cairn_error_new(CAIRN_ERROR_ELAPSED, "mock", NULL, "too late"));
    assert_failed(&rig->hand, &future, "too late");
    future = send_mock(rig, &rig->hand, service);
    respond(rig, "again");
    assert_response(&rig->hand, &future, "again");
    cairn_service_drop(service);
}

static struct cairn_service *router_around(void *cx, struct cairn_service *inner)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)cx;
    cairn_http_any(r, "/{*all}", inner);
    return cairn_http_router_service(r);
}

static void *contract_request(void *cx)
{
    return cairn_http_request_new(cx, CAIRN_HTTP_GET, "/x");
}

static void *contract_response(void *cx)
{
    struct cairn_http_request *req = cairn_http_request_new(cx, CAIRN_HTTP_GET, "/x");
    return req ? cairn_http_text(req, 200, "fine") : NULL;
}

#define CHUNKS 2048

/* What an arena allocates is no leak of the router's: its cache is full beforehand. */
static struct cairn_arena_cache *full_cache(void)
{
    struct cairn_arena_cache *cache = cairn_arena_cache_new(CHUNKS);
    struct cairn_arena *arenas[CHUNKS];
    for (size_t i = 0; i < CHUNKS; i++)
        arenas[i] = cairn_arena_new(cache);
    for (size_t i = 0; i < CHUNKS; i++)
        cairn_arena_free(arenas[i]);
    return cache;
}

static void keeps_the_service_contract(void **state)
{
    struct cairn_layer layer = cairn_layer_fn("router", router_around, NULL);
    struct cairn_arena_cache *cache = full_cache();
    struct cairn_arena *arena = cairn_arena_new(cache);
    (void)state;
    cairn_contract_check_with(
        &layer, &(struct cairn_contract_options){.size = sizeof(struct cairn_contract_options),
                    .may_queue = true,
                    .may_hide_ready = true,
                    .request_type = &cairn_http_request_type,
                    .response_type = &cairn_http_response_type,
                    .new_request = contract_request,
                    .new_response = contract_response,
                    .cx = arena});
    cairn_arena_free(arena);
    cairn_arena_cache_free(cache);
}

static void copies_share_routes_and_counters(void **state)
{
    struct rig *rig = *state;
    char *text = NULL;
    size_t size = 0;
    struct cairn_service *service = mock_router(rig);
    struct cairn_service *copy = cairn_service_clone(service);
    assert_int_equal(cairn_mock_counts(rig->mock).services, 1);
    cairn_service_drop(service);
    assert_told(rig, copy, "/free", "free");
    assert_told(rig, copy, "/free", "free");
    assert_told(rig, copy, "/none", "fallback");
    assert_int_equal(ask(rig, copy, CAIRN_HTTP_PUT, "/free")->status, 405);
    assert_status(rig, copy, "/%", 400);
    FILE *out = open_memstream(&text, &size);
    cairn_stack_print(copy, out);
    fclose(out);
    assert_non_null(strstr(text, "router  not_found=1 not_allowed=1 bad_path=1\n"));
    assert_non_null(strstr(text, "  route(method=GET pattern=/mock)  hits=0\n    mock"));
    assert_non_null(strstr(text, "  route(method=GET pattern=/free)  hits=2\n    handler\n"));
    assert_non_null(strstr(text, "  fallback  hits=1\n    handler\n"));
    free(text);
    cairn_service_drop(copy);
}

static void matching_allocates_nothing(void **state)
{
    struct rig *rig = *state;
    static const char *const targets[] = {"/users/42", "/v1/x", "/group/7", "/nest/7", "/x/a/b"};
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    struct cairn_http_request *reqs[5];
    cairn_http_get(r, "/users/{id}", told("x"));
    cairn_http_get(r, "/v{n}/x", told("x"));
    cairn_http_get(r, "/x/{*rest}", told("x"));
    cairn_http_get(group, "/{id}", told("x"));
    cairn_http_merge(group, cairn_http_router_new());
    cairn_http_nest(r, "/group", group);
    cairn_http_nest_service(r, "/nest", told("x"));
    struct cairn_http_router *hosts = cairn_http_router_new();
    cairn_http_host(hosts, "*.example.com", r);
    struct cairn_service *service = finish(hosts);
    for (size_t i = 0; i < 5; i++) {
        reqs[i] = cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, targets[i]);
        cairn_http_fields_add(&reqs[i]->fields, CAIRN_STR("Host"), CAIRN_STR("a.example.com:80"));
    }
    size_t before = cairn_test_alloc_count();
    for (size_t i = 0; i < 5; i++) {
        struct cairn_future future = send(rig, &rig->hand, service, reqs[i]);
        assert_true(cairn_future_is_complete(&future));
        cairn_future_drop(&future);
        assert_non_null(reqs[i]->route.data);
    }
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(service);
}

static void stream_dropped(void *state)
{
    ++*(int *)state;
}

static const struct cairn_stream_ops counted_stream_ops = {
    .name = "counted", .drop = stream_dropped};

/* Sends a request whose body is a stream; returns how often that was dropped before the exchange
 * ended. */
static int drops_of_a_body(
    struct rig *rig, struct cairn_service *service, enum cairn_http_method method, const char *path)
{
    static int drops;
    union cairn_outcome out;
    struct cairn_http_request *req = cairn_http_request_new(rig->arena, method, path);
    drops = 0;
    assert_int_equal(
        cairn_http_request_set_body(req, (struct cairn_stream){&counted_stream_ops, &drops}, -1),
        0);
    struct cairn_future future = send(rig, &rig->hand, service, req);
    if (cairn_harness_poll(&rig->hand, &future, &out) == CAIRN_FAILED)
        cairn_error_unref(out.error);
    return drops;
}

static void what_the_router_answers_itself_is_dropped_with_its_body(void **state)
{
    struct rig *rig = *state;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/mock", cairn_mock_service(rig->mock));
    struct cairn_service *service = finish(r);
    assert_int_equal(drops_of_a_body(rig, service, CAIRN_HTTP_GET, "/none"), 1);
    assert_int_equal(drops_of_a_body(rig, service, CAIRN_HTTP_GET, "/%"), 1);
    assert_int_equal(drops_of_a_body(rig, service, CAIRN_HTTP_POST, "/mock"), 1);
    assert_int_equal(drops_of_a_body(rig, service, CAIRN_HTTP_OPTIONS, "/mock"), 1);
    assert_int_equal(drops_of_a_body(rig, service, CAIRN_HTTP_OPTIONS, "*"), 1);
    cairn_mock_fail_ready(
        rig->mock, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "gone for good"));
    assert_int_equal(drops_of_a_body(rig, service, CAIRN_HTTP_GET, "/mock"), 1);
    cairn_service_drop(service);
}

/* What the router takes off the path is off that request alone: retry has made a copy before. */
static struct cairn_http_response *fail_first(struct cairn_http_request *req, void *state)
{
    ++*(int *)state;
    return *(int *)state == 1 ? NULL : cairn_http_bytes(req, 200, NULL, req->path);
}

static void a_request_can_be_sent_again_as_a_copy(void **state)
{
    int calls = 0;
    struct rig *rig = *state;
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    cairn_http_get(group, "/x", cairn_http_handler(fail_first, &calls));
    cairn_http_nest(r, "/group", group);
    struct cairn_service *service = finish(r);
    struct cairn_http_request *req = cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, "/group/x");
    struct cairn_http_request *copy = cairn_http_request_type.clone(req);
    union cairn_outcome out;
    struct cairn_future future = send(rig, &rig->hand, service, req);
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_FAILED);
    future = send(rig, &rig->hand, service, copy);
    assert_response(&rig->hand, &future, "/x");
    cairn_service_drop(service);
}

/* One of everything. */
static struct cairn_http_router *router_with_all(void)
{
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    struct cairn_http_router *host = cairn_http_router_new();
    struct cairn_http_router *other = cairn_http_router_new();
    cairn_http_get(group, "/v{id}", cairn_http_named("x", told("x")));
    cairn_http_get(group, "/", told("x"));
    cairn_http_not_allowed(group, "/", told("no"));
    cairn_http_router_fallback(group, told("fallback"));
    for (int i = 0; i < 20; i++) {
        char pattern[16];
        snprintf(pattern, sizeof(pattern), "/s%d", i);
        cairn_http_post(other, pattern, told("x"));
    }
    cairn_http_router_fallback(other, told("x"));
    cairn_http_get(host, "/{all}", told("host"));
    cairn_http_route_layer(host, cairn_check());
    cairn_http_host(r, "a.example.com *.example.com", host);
    cairn_http_group(r, "/users", group, cairn_check());
    cairn_http_nest_service(r, "/n", told("x"));
    cairn_http_merge(r, other);
    cairn_http_router_not_allowed(r, told("no"));
    cairn_http_router_layer(r, cairn_check());
    return r;
}

static void use_router_with_all(
    struct cairn_harness *hand, struct cairn_service *service, struct cairn_arena *arena)
{
    static const char *const targets[] = {"/users/v7", "/users", "/users/x", "/n/x", "/none"};
    for (size_t i = 0; i < 3 * sizeof(targets) / sizeof(*targets); i++) {
        union cairn_outcome out;
        struct cairn_http_request *req = cairn_http_request_new(
            arena, i % 3 == 1 ? CAIRN_HTTP_PUT : CAIRN_HTTP_GET, targets[i / 3]);
        if (i % 3 == 2)
            cairn_http_fields_add(&req->fields, CAIRN_STR("Host"), CAIRN_STR("b.example.com"));
        struct cairn_future future = cairn_service_call(service, req);
        if (cairn_harness_poll(hand, &future, &out) == CAIRN_FAILED)
            cairn_error_unref(out.error);
    }
}

static void use_all_of_it(void *cx)
{
    struct cairn_test_clock clock;
    cairn_test_alloc_exempt(true);
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    struct cairn_harness hand;
    cairn_harness_init(&hand, runtime);
    cairn_test_alloc_exempt(false);
    struct cairn_service *service = cairn_http_router_service(router_with_all());
    const struct cairn_error *error = cairn_service_error(service);
    if (error) {
        assert_true(cairn_test_alloc_has_failed());
        assert_non_null(cairn_error_find(error, CAIRN_ERROR_MEMORY));
    } else {
        assert_false(cairn_test_alloc_has_failed());
        use_router_with_all(&hand, service, cx);
    }
    cairn_service_drop(service);
    cairn_harness_fini(&hand);
    cairn_runtime_free(runtime);
}

static void is_broken_and_nothing_worse_without_memory(void **state)
{
    struct cairn_arena_cache *cache = full_cache();
    struct cairn_arena *arena = cairn_arena_new(cache);
    (void)state;
    assert_true(cairn_test_each_allocation(use_all_of_it, arena) > 200);
    cairn_arena_free(arena);
    cairn_arena_cache_free(cache);
}

/* A request whose arena has ROOM bytes left and gets no more. */
static struct cairn_http_request *request_with_room(const char *target, size_t room)
{
    size_t all = 0;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    cairn_http_request_new(arena, CAIRN_HTTP_GET, target);
    cairn_test_alloc_fail_at(1);
    while (cairn_arena_alloc_text(arena, 1))
        all++;
    cairn_arena_free(arena);
    arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, target);
    assert_non_null(cairn_arena_alloc_text(arena, all - room));
    cairn_test_alloc_fail_at(1);
    return req;
}

static void fails_where_the_arena_has_no_room_for_what_was_captured(void **state)
{
    struct rig *rig = *state;
    static const char *const patterns[] = {"/users/{id}", "/x/{*rest}", NULL};
    static const char *const targets[] = {
        "/users/7", "/users/%37", "/x/%37", "/none", "/%", "/nest/users/7", "/post", "/group/none"};
    struct cairn_http_router *r = cairn_http_router_new();
    struct cairn_http_router *group = cairn_http_router_new();
    cairn_http_get(r, "/users/{id}", told("x"));
    cairn_http_get(r, "/x/{*rest}", told("x"));
    cairn_http_nest_service(r, "/nest", routes(patterns));
    cairn_http_post(r, "/post", told("x"));
    cairn_http_router_fallback(group, told("x"));
    cairn_http_nest(r, "/group", group);
    struct cairn_service *service = finish(r);
    for (size_t i = 0; i < sizeof(targets) / sizeof(*targets) * 64; i++) {
        union cairn_outcome out = {NULL};
        struct cairn_http_request *req = request_with_room(targets[i / 64], i % 64);
        struct cairn_future future = send(rig, &rig->hand, service, req);
        enum cairn_poll p = cairn_harness_poll(&rig->hand, &future, &out);
        assert_int_equal(p == CAIRN_FAILED, cairn_test_alloc_has_failed());
        if (p == CAIRN_FAILED)
            assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        assert_true(p == CAIRN_FAILED || i % 64 > 0);
        cairn_arena_free(req->arena);
        cairn_test_alloc_fail_at(0);
    }
    cairn_service_drop(service);
}

static void a_thousand_routes_are_each_found(void **state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    static char patterns[1000][32];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(patterns[i], sizeof(patterns[i]), i % 2 ? "/users/{id}/thing%d" : "/s%d/x", i);
        cairn_http_get(r, patterns[i], told(patterns[i]));
    }
    struct cairn_service *service = finish(r);
    for (int i = 0; i < 1000; i++) {
        char path[32];
        char expected[48];
        snprintf(path, sizeof(path), i % 2 ? "/users/7/thing%d" : "/s%d/x", i);
        snprintf(expected, sizeof(expected), i % 2 ? "%s id=7" : "%s", patterns[i]);
        assert_told(*state, service, path, expected);
    }
    cairn_service_drop(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_route_that_is_ready_is_called_without_a_copy),
        rig_test(requests_wait_for_their_route_each_with_a_reservation_of_its_own),
        rig_test(a_route_that_waits_holds_up_no_other),
        rig_test(a_request_that_waits_outlives_the_router),
        rig_test(a_route_that_is_dead_fails_its_calls_and_no_other),
        rig_test(a_failure_of_a_call_is_passed_on_and_kills_nothing),
        cmocka_unit_test(keeps_the_service_contract),
        rig_test(copies_share_routes_and_counters),
        rig_test(matching_allocates_nothing),
        rig_test(what_the_router_answers_itself_is_dropped_with_its_body),
        rig_test(a_request_can_be_sent_again_as_a_copy),
        cmocka_unit_test(is_broken_and_nothing_worse_without_memory),
        rig_test(fails_where_the_arena_has_no_room_for_what_was_captured),
        rig_test(a_thousand_routes_are_each_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
