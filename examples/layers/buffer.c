/* buffer.c - one connection, which can do one thing at a time, and two who use it. */
#include <stdio.h>

#include <cairn/layers/buffer.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/alloc.h>
#include <cairn/service/call.h>
#include <cairn/service/combine.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static const struct cairn_type job = {.name = "job"};

static void *count(void *cx, void *value)
{
    ++*(unsigned *)cx;
    return value;
}

static struct cairn_future work(void *cx, void *req)
{
    (void)req;
    return cairn_future_map(cairn_sleep(2), count, cx);
}

int main(void)
{
    unsigned done = 0;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *connection =
        cairn_service_async_fn("connection", &job, &job, work, &done);
    /* [snippet] */
    struct cairn_service *first =
        cairn_stack(connection, cairn_buffer(.bound = 64), cairn_concurrency_limit(.max = 1));
    struct cairn_service *second = cairn_service_clone(first); /* a handle of the same queue */

    struct cairn_future calls[] = {
        cairn_service_oneshot(first, NULL), cairn_service_oneshot(second, NULL)};
    enum cairn_poll p = cairn_block_on(runtime, cairn_join_all(calls, 2, NULL), &out);
    printf("%u done, one after the other\n", done);
    /* [/snippet] */
    if (p == CAIRN_READY)
        cairn_free(out.value);
    else
        cairn_error_unref(out.error);
    cairn_runtime_free(runtime);
    return p == CAIRN_READY && done == 2 ? 0 : 1;
}
