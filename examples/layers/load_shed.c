/* load_shed.c - while the one place is taken, the next call is refused instead of kept waiting. */
#include <stdio.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static const struct cairn_type job = {.name = "job"};

static struct cairn_future work(void *cx, void *req)
{
    (void)cx;
    (void)req;
    return cairn_sleep(20);
}

int main(void)
{
    char message[128];
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *worker = cairn_service_async_fn("worker", &job, &job, work, NULL);
    /* [snippet] */
    struct cairn_service *app =
        cairn_stack(worker, cairn_load_shed(), cairn_concurrency_limit(.max = 1));

    struct cairn_future first =
        cairn_spawn_join(runtime, cairn_service_oneshot(cairn_service_clone(app), NULL), &job);
    struct cairn_future second =
        cairn_spawn_join(runtime, cairn_service_oneshot(cairn_service_clone(app), NULL), &job);
    enum cairn_poll p = cairn_block_on(runtime, second, &out);
    if (p == CAIRN_FAILED) /* "load_shed: the service is overloaded" */
        puts(cairn_error_format(out.error, message, sizeof(message)));
    /* [/snippet] */
    bool is_shed = p == CAIRN_FAILED && out.error->code == CAIRN_ERROR_OVERLOADED;
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    bool is_done = cairn_block_on(runtime, first, &out) == CAIRN_READY;
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return is_shed && is_done ? 0 : 1;
}
