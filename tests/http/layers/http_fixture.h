/* http_fixture.h - what the tests of HTTP layers share: an arena, a mock of HTTP's types, a hand to
 * poll with. */
#ifndef CAIRN_TESTS_HTTP_LAYERS_HTTP_FIXTURE_H
#define CAIRN_TESTS_HTTP_LAYERS_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <cairn/http/handler.h>
#include <cairn/http/message.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/contract.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/mock.h>

struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_arena *arena;
    struct cairn_mock *mock;
    struct cairn_harness hand;
};

/* Every test is traced: one byte that it leaks fails it. */
static inline int fixture_setup(void **state)
{
    static struct fixture f;
    const struct cairn_mock_options types = {.size = sizeof(types),
        .request_type = &cairn_http_request_type,
        .response_type = &cairn_http_response_type};
    cairn_test_alloc_begin();
    f.runtime = cairn_test_runtime_new(&f.clock);
    f.arena = cairn_arena_new(NULL);
    f.mock = cairn_mock_new(&types);
    cairn_harness_init(&f.hand, f.runtime);
    *state = &f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    cairn_mock_free(f->mock);
    cairn_harness_fini(&f->hand);
    cairn_arena_free(f->arena);
    cairn_runtime_free(f->runtime);
    cairn_test_alloc_end();
    return 0;
}

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

/* LAYER around SERVICE, which must be whole. */
static inline struct cairn_service *fixture_apply(
    struct cairn_layer layer, struct cairn_service *service)
{
    struct cairn_service *outer = cairn_layer_apply(&layer, service);
    assert_null(cairn_service_error(outer));
    return outer;
}

static inline struct cairn_service *fixture_around_mock(struct fixture *f, struct cairn_layer layer)
{
    return fixture_apply(layer, cairn_mock_service(f->mock));
}

static inline struct cairn_http_request *fixture_request(struct fixture *f, const char *target)
{
    struct cairn_http_request *req = cairn_http_request_new(f->arena, CAIRN_HTTP_GET, target);
    assert_non_null(req);
    return req;
}

static inline void fixture_add_field(
    struct cairn_http_request *req, const char *name, const char *value)
{
    assert_int_equal(
        cairn_http_fields_add(&req->fields, cairn_str_from(name), cairn_str_from(value)), 0);
}

/* Polls SERVICE ready and calls it. */
static inline struct cairn_future fixture_send(
    struct fixture *f, struct cairn_service *service, struct cairn_http_request *req)
{
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_READY);
    return cairn_service_call(service, req);
}

static inline void assert_pending(struct fixture *f, struct cairn_future *future)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->hand, future, &out), CAIRN_PENDING);
}

static inline struct cairn_http_response *fixture_response(
    struct fixture *f, struct cairn_future *future)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->hand, future, &out), CAIRN_READY);
    return out.value;
}

static inline struct cairn_error *fixture_failure(struct fixture *f, struct cairn_future *future)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->hand, future, &out), CAIRN_FAILED);
    return out.error;
}

/* Sends REQ through SERVICE, which answers at once. */
static inline struct cairn_http_response *fixture_ask(
    struct fixture *f, struct cairn_service *service, struct cairn_http_request *req)
{
    struct cairn_future future = fixture_send(f, service, req);
    return fixture_response(f, &future);
}

/* The mock's next request, answered with RES, or with a plain 200. */
static inline void fixture_respond(struct fixture *f, struct cairn_http_response *res)
{
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    assert_non_null(request);
    if (!res)
        res = cairn_http_text(cairn_mock_request_value(request), 200, "fine");
    cairn_mock_respond(request, res);
}

static inline void fixture_fail(struct fixture *f, enum cairn_error_code code, const char *message)
{
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    assert_non_null(request);
    cairn_mock_fail(request, cairn_error_new(code, "mock", NULL, "%s", message));
}

static inline struct cairn_str fixture_field(
    const struct cairn_http_response *res, const char *name)
{
    return cairn_http_fields_get(&res->fields, cairn_str_from(name));
}

static inline void assert_str(struct cairn_str s, const char *expected)
{
    assert_non_null(s.data);
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

/* Uses up the arena's chunk and has the next allocation fail: the arena's, or anybody's. */
static inline void fixture_exhaust(struct fixture *f)
{
    do
        cairn_test_alloc_fail_at(1);
    while (cairn_arena_alloc_text(f->arena, 1));
    cairn_test_alloc_fail_at(1);
}

/* LAYER refuses to be built around INNER with CODE and MESSAGE. */
static inline void assert_refused(struct cairn_layer layer, struct cairn_service *inner,
    enum cairn_error_code code, const char *message)
{
    struct cairn_service *broken = cairn_layer_apply(&layer, inner);
    const struct cairn_error *error = cairn_service_error(broken);
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(error->layer, layer.name);
    assert_string_equal(error->message, message);
    cairn_service_drop(broken);
}

/* LAYER, whose options are bad, refuses to be built with MESSAGE. */
static inline void assert_invalid(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

/* LAYER refuses to be built when any of its ALLOCATIONS fails. */
static inline void assert_refused_without_memory(
    struct fixture *f, struct cairn_layer layer, size_t allocations)
{
    for (size_t n = 1; n <= allocations; n++) {
        struct cairn_service *inner = cairn_mock_service(f->mock);
        cairn_test_alloc_fail_at(n);
        assert_refused(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
        cairn_test_alloc_fail_at(0);
    }
}

/* LAYER refuses what is not HTTP. */
static inline void assert_needs_http(struct cairn_layer layer)
{
    assert_refused(layer, cairn_test_echo(NULL), CAIRN_ERROR_TYPE,
        "needs a service from http.request to http.response, got one from test.value to "
        "test.value (echo)");
}

struct fixture_number {
    const char *key;
    uint64_t value;
    bool is_found;
};

static inline void fixture_number_see(
    void *cx, enum cairn_describe_kind kind, const char *key, uint64_t value, const char *unit)
{
    struct fixture_number *number = cx;
    (void)kind;
    (void)unit;
    if (number->is_found || strcmp(key, number->key) != 0)
        return;
    number->value = value;
    number->is_found = true;
}

/* What the outermost layer of SERVICE that knows KEY tells of it. */
static inline uint64_t fixture_number(const struct cairn_service *service, const char *key)
{
    static const struct cairn_describe_ops ops = {.number = fixture_number_see};
    struct fixture_number number = {.key = key};
    struct cairn_describe d = {&ops, &number};
    cairn_describe_service(&d, service);
    assert_true(number.is_found);
    return number.value;
}

/* The contract suite makes requests and responses as often as it likes. They live in an arena of
 * the test's, whose cache is full beforehand: what an arena allocates is no leak of a layer's. */
#define FIXTURE_CHUNKS 2048

static inline struct cairn_arena_cache *fixture_full_cache(void)
{
    struct cairn_arena_cache *cache = cairn_arena_cache_new(FIXTURE_CHUNKS);
    struct cairn_arena *arenas[FIXTURE_CHUNKS];
    for (size_t i = 0; i < FIXTURE_CHUNKS; i++)
        arenas[i] = cairn_arena_new(cache);
    for (size_t i = 0; i < FIXTURE_CHUNKS; i++)
        cairn_arena_free(arenas[i]);
    return cache;
}

static inline void *fixture_contract_request(void *cx)
{
    return cairn_http_request_new(cx, CAIRN_HTTP_GET, "/");
}

static inline void *fixture_contract_response(void *cx)
{
    struct cairn_http_request *req = cairn_http_request_new(cx, CAIRN_HTTP_GET, "/");
    return req ? cairn_http_text(req, 200, "fine") : NULL;
}

/* One that has an arena of its own, which goes when the response is dropped: for layers that hold
 * something until then. */
static inline void *fixture_contract_detached(void *cx)
{
    void *res = fixture_contract_response(cx);
    return res ? cairn_http_response_type.clone(res) : NULL;
}

/* The contract, with what OPTIONS (its types left out) allows. A new_request or new_response of its
 * own gets the arena. */
static inline void fixture_contract(struct cairn_layer layer, struct cairn_contract_options options)
{
    struct cairn_arena_cache *cache = fixture_full_cache();
    struct cairn_arena *arena = cairn_arena_new(cache);
    options.size = sizeof(options);
    options.request_type = &cairn_http_request_type;
    options.response_type = &cairn_http_response_type;
    if (!options.new_request)
        options.new_request = fixture_contract_request;
    if (!options.new_response)
        options.new_response = fixture_contract_response;
    options.cx = arena;
    cairn_contract_check_with(&layer, &options);
    cairn_arena_free(arena);
    cairn_arena_cache_free(cache);
}

#endif
