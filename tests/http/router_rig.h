/* router_rig.h - what the tests of the router share: a handler that tells what it was given, a
 * mock, two hands to poll with. */
#ifndef CAIRN_TESTS_HTTP_ROUTER_RIG_H
#define CAIRN_TESTS_HTTP_ROUTER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <cairn/http/router.h>
#include <cairn/service/combine.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/mock.h>

struct rig {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_arena *arena;
    struct cairn_harness hand;
    struct cairn_harness other;
    struct cairn_mock *mock;
};

static inline struct cairn_mock *new_mock(bool not_cloneable)
{
    return cairn_mock_new(&(struct cairn_mock_options){.size = sizeof(struct cairn_mock_options),
        .request_type = &cairn_http_request_type,
        .response_type = &cairn_http_response_type,
        .not_cloneable = not_cloneable});
}

static inline int setup(void **state)
{
    static struct rig rig;
    cairn_test_alloc_begin();
    rig.runtime = cairn_test_runtime_new(&rig.clock);
    rig.arena = cairn_arena_new(NULL);
    rig.mock = new_mock(false);
    cairn_harness_init(&rig.hand, rig.runtime);
    cairn_harness_init(&rig.other, rig.runtime);
    *state = &rig;
    return 0;
}

static inline int teardown(void **state)
{
    struct rig *rig = *state;
    cairn_mock_free(rig->mock);
    cairn_harness_fini(&rig->hand);
    cairn_harness_fini(&rig->other);
    cairn_arena_free(rig->arena);
    cairn_runtime_free(rig->runtime);
    cairn_test_alloc_end();
    return 0;
}

#define rig_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static inline void assert_str(struct cairn_str s, const char *expected)
{
    assert_non_null(s.data);
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

static inline struct cairn_str field(const struct cairn_http_response *res, const char *name)
{
    return cairn_http_fields_get(&res->fields, cairn_str_from(name));
}

/* Answers "NAME name=value name=value" with what the router has set. */
static inline struct cairn_http_response *tell(struct cairn_http_request *req, void *state)
{
    struct cairn_str text = cairn_arena_copy(req->arena, cairn_str_from(state));
    for (size_t i = 0; i < req->param_count && text.data; i++) {
        const struct cairn_http_param *param = &req->params[i];
        text = cairn_arena_printf(req->arena, "%s %.*s=%.*s", text.data, (int)param->name.length,
            param->name.data, (int)param->value.length, param->value.data);
    }
    return text.data ? cairn_http_text(req, 200, text.data) : NULL;
}

/* A handler that tells NAME, a literal. */
static inline struct cairn_service *told(const char *name)
{
    return cairn_http_handler(tell, (void *)(size_t)name);
}

/* The router of ROUTER, which must be whole. */
static inline struct cairn_service *finish(struct cairn_http_router *router)
{
    struct cairn_service *service = cairn_http_router_service(router);
    const struct cairn_error *error = cairn_service_error(service);
    if (error)
        fail_msg("broken: %s", error->message);
    return service;
}

/* A router of GET routes, each of which tells its own pattern. */
static inline struct cairn_service *routes(const char *const *patterns)
{
    struct cairn_http_router *r = cairn_http_router_new();
    for (; *patterns; patterns++)
        cairn_http_get(r, *patterns, told(*patterns));
    return finish(r);
}

static inline struct cairn_future send(struct rig *rig, struct cairn_harness *hand,
    struct cairn_service *service, struct cairn_http_request *req)
{
    struct cairn_error *error = NULL;
    (void)rig;
    assert_int_equal(cairn_harness_poll_ready(hand, service, &error), CAIRN_READY);
    return cairn_service_call(service, req);
}

static inline struct cairn_http_response *ask(struct rig *rig, struct cairn_service *service,
    enum cairn_http_method method, const char *target)
{
    union cairn_outcome out;
    struct cairn_future future =
        send(rig, &rig->hand, service, cairn_http_request_new(rig->arena, method, target));
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_READY);
    return out.value;
}

static inline void assert_told(
    struct rig *rig, struct cairn_service *service, const char *target, const char *expected)
{
    struct cairn_http_response *res = ask(rig, service, CAIRN_HTTP_GET, target);
    assert_int_equal(res->status, 200);
    assert_str(res->body, expected);
}

static inline void assert_status(
    struct rig *rig, struct cairn_service *service, const char *target, int status)
{
    assert_int_equal(ask(rig, service, CAIRN_HTTP_GET, target)->status, status);
}

static inline void assert_body(struct rig *rig, struct cairn_service *service,
    enum cairn_http_method method, const char *target, const char *expected)
{
    assert_str(ask(rig, service, method, target)->body, expected);
}

static inline void *mark(void *cx, void *response)
{
    struct cairn_http_response *res = response;
    struct cairn_str text = cairn_arena_printf(
        res->arena, "%s(%.*s)", (char *)cx, (int)res->body.length, res->body.data);
    res->body = text;
    return res;
}

static inline struct cairn_future mark_call(struct cairn_service *base, void *req)
{
    void *cx = (void *)(size_t)base->ops->name;
    return cairn_future_map(cairn_service_call(base->inner, req), mark, cx);
}

static inline struct cairn_service *mark_apply(void *cx, struct cairn_service *inner)
{
    struct cairn_service *self = cairn_service_new(cx, inner);
    if (self)
        return self;
    cairn_service_drop(inner);
    return cairn_service_broken(&cairn_error_no_memory);
}

/* Layers that show in the answer where they stand. */
static inline struct cairn_layer layer_a(void)
{
    static const struct cairn_service_ops ops = {
        .name = "a", .size = sizeof(struct cairn_service), .call = mark_call};
    return cairn_layer_fn("a", mark_apply, (void *)(size_t)&ops);
}

static inline struct cairn_layer layer_b(void)
{
    static const struct cairn_service_ops ops = {
        .name = "b", .size = sizeof(struct cairn_service), .call = mark_call};
    return cairn_layer_fn("b", mark_apply, (void *)(size_t)&ops);
}

static inline void assert_broken(
    struct cairn_http_router *router, enum cairn_error_code code, const char *expected)
{
    char text[512];
    struct cairn_service *service = cairn_http_router_service(router);
    const struct cairn_error *error = cairn_service_error(service);
    assert_non_null(error);
    assert_string_equal(cairn_error_format(error, text, sizeof(text)), expected);
    assert_int_equal(error->code, code);
    cairn_service_drop(service);
}

#endif
