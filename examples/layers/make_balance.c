/* make_balance.c - a balancer for each service that a registry knows. */
#include <stdio.h>
#include <string.h>

#include <cairn/layers/make_balance.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};

static void *answer(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

/* [registry] */
static void *endpoints_of(void *cx, void *name, struct cairn_error **error)
{
    (void)cx;
    struct cairn_service *services[] = {
        cairn_service_fn("first", &text, &text, answer, NULL),
        cairn_service_fn("second", &text, &text, answer, NULL),
    };
    size_t count = strcmp(name, "users") == 0 ? 2 : 1;
    if (count == 1)
        cairn_service_drop(services[1]);
    struct cairn_stream *endpoints = cairn_discover_box(cairn_discover_list(services, count));
    if (!endpoints)
        *error = &cairn_error_no_memory;
    return endpoints;
}
/* [/registry] */

int main(void)
{
    char name[] = "users", hello[] = "hello";
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    /* [snippet] */
    struct cairn_service *registry =
        cairn_service_fn("registry", &text, &cairn_discover_type, endpoints_of, NULL);
    struct cairn_service *maker =
        cairn_stack(registry, cairn_make_balance(.request_type = &text, .response_type = &text));

    if (cairn_block_on(runtime, cairn_service_oneshot(maker, name), &out) == CAIRN_READY) {
        struct cairn_service *users = out.value; /* a balancer over the endpoints of "users" */
        /* [/snippet] */
        struct cairn_service *copy = cairn_service_clone(users);
        bool is_right = copy && cairn_block_on(runtime, cairn_service_oneshot(copy, hello), &out) ==
                                    CAIRN_READY;
        is_right = is_right && cairn_balance_len(users) == 2;
        cairn_stack_print(users, stdout);
        cairn_service_drop(users);
        cairn_runtime_free(runtime);
        return is_right ? 0 : 1;
        /* [snippet] */
    }
    /* [/snippet] */
    cairn_error_unref(out.error);
    cairn_runtime_free(runtime);
    return 1;
}
