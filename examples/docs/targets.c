/* targets.c - one definition, and a stack for each target: a quick backend and a slow one. */
#include <stdio.h>
#include <string.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/router_cache.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/new_service.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};

/* [layers] */
/* A parameter has a name and a type. The layers know nothing of a target but its parameters. */
CAIRN_PARAM(response_timeout_ms, uint64_t)
const struct cairn_param response_timeout_ms_param = {"response_timeout_ms"};

static struct cairn_layer timeout_of(const struct cairn_target *target)
{
    const uint64_t *after_ms = response_timeout_ms_of(target);
    return after_ms ? cairn_timeout(.after_ms = *after_ms) : cairn_layer_none();
}

static struct cairn_layer limit_of(const struct cairn_target *target)
{
    (void)target; /* the same for all of them */
    return cairn_concurrency_limit(.max = 64);
}
/* [/layers] */

/* Answers after 20 ms, at the address. */
static struct cairn_future answer(void *address, void *req)
{
    (void)address;
    (void)req;
    return cairn_sleep(20);
}

static struct cairn_service *client_of(const char *address)
{
    return cairn_service_async_fn("client", &text, &text, answer, (void *)(size_t)address);
}

/* [target] */
struct backend {
    const char *name;
    const char *address;
    uint64_t timeout_ms;
};

static const void *backend_param(const struct cairn_target *target, const struct cairn_param *param)
{
    const struct backend *self = target->value;
    return param == &response_timeout_ms_param && self->timeout_ms ? &self->timeout_ms : NULL;
}

static struct cairn_service *backend_client(const struct cairn_target *target)
{
    return client_of(((const struct backend *)target->value)->address);
}

static const struct cairn_new_layer backend_layers[] = {{limit_of}, {timeout_of}};
static const struct cairn_new_service backend_stack = {.name = "backend",
    .leaf = backend_client,
    .param = backend_param,
    .layers = backend_layers, /* outermost first */
    .layer_count = 2};
/* [/target] */

/* [use] */
static const struct backend backends[] = {
    {"search", "10.0.0.1:80", .timeout_ms = 2000}, {"counter", "10.0.0.2:80", .timeout_ms = 5}};

static struct cairn_service *make_backend(void *cx, struct cairn_str name)
{
    (void)cx;
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        if (cairn_str_equal(name, cairn_str_from(backends[i].name)))
            return cairn_new_service_make(&backend_stack, &backends[i]);
    return cairn_service_broken(
        cairn_error_new(CAIRN_ERROR_NOT_FOUND, "backends", NULL, "there is no such backend"));
}
/* [/use] */

static struct cairn_str name_of(void *cx, const void *request)
{
    (void)cx;
    return cairn_str_from(request);
}

static bool ask(struct cairn_runtime *runtime, struct cairn_service *router, char *name)
{
    union cairn_outcome out;
    char message[128] = "an answer";
    struct cairn_future call = cairn_service_oneshot(cairn_service_clone(router), name);
    enum cairn_poll p = cairn_block_on(runtime, call, &out);
    if (p == CAIRN_FAILED) {
        cairn_error_format(out.error, message, sizeof(message));
        cairn_error_unref(out.error);
    }
    printf("%s: %s\n", name, message);
    return p == CAIRN_READY;
}

int main(void)
{
    char search[] = "search";
    char counter[] = "counter";
    char other[] = "other";
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    struct cairn_service *router = cairn_router_cache_new(
        &(struct cairn_router_cache_options){.size = sizeof(struct cairn_router_cache_options),
            .request_type = &text,
            .response_type = &text,
            .key = name_of,
            .make = make_backend});
    bool is_right = ask(runtime, router, search) && !ask(runtime, router, counter) &&
                    !ask(runtime, router, other);
    cairn_service_drop(router);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
