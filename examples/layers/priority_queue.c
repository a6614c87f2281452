/* priority_queue.c - there is one place, and what matters gets it first. */
#include <stdio.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/priority_queue.h>
#include <cairn/service/call.h>
#include <cairn/service/combine.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

enum { CALLS = 4 };

static const struct cairn_type job = {.name = "job"};

struct work {
    const char *name;
    enum cairn_priority priority;
};

static const struct work *done[CALLS];
static unsigned count;

static void *finish(void *cx, void *value)
{
    (void)value;
    done[count++] = cx;
    return cx;
}

static struct cairn_future begin(void *cx, void *req)
{
    (void)cx;
    return cairn_future_map(cairn_sleep(2), finish, req);
}

/* [classify] */
static enum cairn_priority priority_of(void *cx, const void *request)
{
    (void)cx;
    return ((const struct work *)request)->priority;
}
/* [/classify] */

int main(void)
{
    struct work works[CALLS] = {{"first come", CAIRN_PRIORITY_BULK},
        {"backup", CAIRN_PRIORITY_BULK}, {"page", CAIRN_PRIORITY_NORMAL},
        {"health check", CAIRN_PRIORITY_CRITICAL}};
    struct cairn_future calls[CALLS];
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    union cairn_outcome out;
    if (!runtime)
        return 1;
    struct cairn_service *worker = cairn_service_async_fn("worker", &job, &job, begin, NULL);
    /* [snippet] */
    struct cairn_service *app =
        cairn_stack(worker, cairn_priority_queue(.classify = priority_of, .max_wait_ms = 2000),
            cairn_concurrency_limit(.max = 1)); /* the queue orders the wait for its permits */
    /* [/snippet] */
    for (int i = 0; i < CALLS; i++)
        calls[i] = cairn_spawn_join(
            runtime, cairn_service_oneshot(cairn_service_clone(app), &works[i]), &job);
    for (int i = 0; i < CALLS; i++)
        if (cairn_block_on(runtime, calls[i], &out) == CAIRN_FAILED)
            cairn_error_unref(out.error);
    for (unsigned i = 0; i < count; i++)
        puts(done[i]->name);
    cairn_stack_print(app, stdout);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    bool is_in_order = count == CALLS && done[0] == &works[0] && done[1] == &works[3] &&
                       done[2] == &works[2] && done[3] == &works[1];
    return is_in_order ? 0 : 1;
}
