/* idle_cache.c - each tenant has a limit of its own, for as long as it is there. */
#include <stdio.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/idle_cache.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};
static char question[] = "are you there?";

static void *answer(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

/* [snippet] */
static struct cairn_service *service_of(void *cx, struct cairn_str tenant)
{
    (void)tenant; /* could choose the limit, or the address */
    return cairn_stack(
        cairn_service_fn("store", &text, &text, answer, cx), cairn_concurrency_limit(.max = 10));
}

static struct cairn_idle_cache *tenants_new(struct cairn_error **error)
{
    return cairn_idle_cache_new(
        &(struct cairn_idle_cache_options){.size = sizeof(struct cairn_idle_cache_options),
            .make = service_of,
            .idle_ms = 60000,
            .max_keys = 1000},
        error);
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_idle_cache *tenants = runtime ? tenants_new(&error) : NULL;
    if (!tenants)
        return 1;
    union cairn_outcome out;
    /* [use] */
    struct cairn_service *store = cairn_idle_cache_get(tenants, CAIRN_STR("blue"));
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(store, question), &out);
    /* [/use] */
    bool is_answered = p == CAIRN_READY && out.value == question;
    puts(is_answered ? "answered" : "failed");
    cairn_idle_cache_unref(tenants);
    cairn_runtime_free(runtime);
    return is_answered ? 0 : 1;
}
