/* concurrency_limit.c - no more than two calls at a time reach the service; the rest wait. */
#include <stdio.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/alloc.h>
#include <cairn/service/call.h>
#include <cairn/service/combine.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

enum { CALLS = 6 };

static const struct cairn_type job = {.name = "job"};

struct room {
    unsigned inside;
    unsigned most;
};

static void *leave(void *cx, void *value)
{
    ((struct room *)cx)->inside--;
    return value;
}

static struct cairn_future enter(void *cx, void *req)
{
    struct room *room = cx;
    (void)req;
    if (++room->inside > room->most)
        room->most = room->inside;
    return cairn_future_map(cairn_sleep(5), leave, room);
}

int main(void)
{
    struct room room = {0, 0};
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_future calls[CALLS];
    struct cairn_service *service = cairn_service_async_fn("room", &job, &job, enter, &room);
    /* [snippet] */
    struct cairn_service *app = cairn_stack(service, cairn_concurrency_limit(.max = 2));

    for (size_t i = 0; i < CALLS; i++) /* copies share the limit */
        calls[i] = cairn_service_oneshot(cairn_service_clone(app), NULL);
    enum cairn_poll p = cairn_block_on(runtime, cairn_join_all(calls, CALLS, NULL), &out);
    printf("at most %u at a time\n", room.most);
    cairn_stack_print(app, stdout);
    /* [/snippet] */
    if (p == CAIRN_READY)
        cairn_free(out.value);
    else
        cairn_error_unref(out.error);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return p == CAIRN_READY && room.most == 2 ? 0 : 1;
}
