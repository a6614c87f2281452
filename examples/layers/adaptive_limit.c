/* adaptive_limit.c - nobody said that the server has four places; the limit finds out. */
#include <stdio.h>

#include <cairn/layers/adaptive_limit.h>
#include <cairn/layers/limit_aimd.h>
#include <cairn/service/alloc.h>
#include <cairn/service/call.h>
#include <cairn/service/combine.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

enum { PLACES = 4, CALLS = 16, ROUNDS = 60 };

static const struct cairn_type job = {.name = "job"};

struct server {
    unsigned inside;
    unsigned refused;
};

static char done[] = "done";
static char busy[] = "busy";

static void *leave(void *cx, void *value)
{
    (void)value;
    ((struct server *)cx)->inside--;
    return done;
}

static void *refuse(void *cx, void *value)
{
    (void)value;
    ((struct server *)cx)->refused++;
    return busy;
}

static struct cairn_future enter(void *cx, void *req)
{
    struct server *server = cx;
    (void)req;
    if (server->inside == PLACES)
        return cairn_future_map(cairn_sleep(1), refuse, server);
    server->inside++;
    return cairn_future_map(cairn_sleep(2), leave, server);
}

static enum cairn_limit_verdict verdict(
    void *cx, const void *response, const struct cairn_error *error)
{
    (void)cx;
    if (error)
        return CAIRN_LIMIT_IGNORED;
    return response == busy ? CAIRN_LIMIT_OVERLOAD : CAIRN_LIMIT_MEASURED;
}

/* As many calls as there are places to wait; returns how many the server refused. */
static unsigned go(struct cairn_runtime *runtime, struct server *server, struct cairn_service *app)
{
    struct cairn_future calls[CALLS];
    union cairn_outcome out;
    server->refused = 0;
    for (size_t i = 0; i < CALLS; i++)
        calls[i] =
            cairn_spawn_join(runtime, cairn_service_oneshot(cairn_service_clone(app), NULL), &job);
    for (size_t i = 0; i < CALLS; i++)
        cairn_block_on(runtime, calls[i], &out);
    return server->refused;
}

int main(void)
{
    struct server server = {0, 0};
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    unsigned refused = 0;
    if (!runtime)
        return 1;
    struct cairn_service *client = cairn_service_async_fn("client", &job, &job, enter, &server);
    /* [snippet] */
    struct cairn_service *app =
        cairn_stack(client, cairn_adaptive_limit(.algorithm = &cairn_limit_aimd.base,
                                .classify = verdict, .initial = 16, .max = 100, .window_ms = 5));

    unsigned at_first = go(runtime, &server, app); /* 16 at a time: most find no place */
    for (int i = 0; i < ROUNDS; i++)
        refused = go(runtime, &server, app);
    printf("refused: %u of %d at first, then %u\n", at_first, CALLS, refused);
    cairn_stack_print(app, stdout); /* … limit=5 … */
    /* [/snippet] */
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return at_first == CALLS - PLACES && refused < at_first ? 0 : 1;
}
