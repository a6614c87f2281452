/* ready_cache.c - services by key, those that are ready apart: what a balancer of one's own has. */
#include <stdio.h>
#include <string.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/ready_cache.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};

static void *answer(void *cx, void *req, struct cairn_error **error)
{
    (void)req;
    (void)error;
    return cx;
}

static struct cairn_service *connect_to(char *address)
{
    return cairn_stack(cairn_service_fn("client", &text, &text, answer, address),
        cairn_concurrency_limit(.max = 1));
}

static void lost(void *cx, const char *key, struct cairn_error *error)
{
    (void)cx;
    printf("%s is gone\n", key);
    cairn_error_unref(error);
}

int main(void)
{
    char a[] = "a", b[] = "b", request[] = "hello";
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    const struct cairn_context nobody_waits = {.runtime = runtime};
    const struct cairn_context *cx = &nobody_waits;
    union cairn_outcome out = {.value = NULL};
    if (!runtime)
        return 1;
    /* [snippet] */
    struct cairn_ready_cache *servers = cairn_ready_cache_new(lost, NULL);
    bool has_memory = servers && cairn_ready_cache_push(servers, "a", connect_to(a), 1) &&
                      cairn_ready_cache_push(servers, "b", connect_to(b), 1);

    if (has_memory && cairn_ready_cache_poll_pending(servers, cx) == CAIRN_READY) {
        struct cairn_ready_entry *server = cairn_ready_cache_find_ready(servers, "b");
        struct cairn_future future = cairn_ready_cache_call(servers, server, request);
        if (cairn_future_poll(&future, cx, &out) == CAIRN_READY)
            puts(out.value); /* "b", which is pending again */
    }
    /* [/snippet] */
    bool is_right = out.value == b && cairn_ready_cache_ready_len(servers) == 1;
    is_right = is_right && cairn_ready_cache_is_pending(servers, "b");
    cairn_ready_cache_free(servers);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
