/* in_flight.c - how many requests all workers are busy with, told each second. */
#include <inttypes.h>
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/in_flight.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello!");
}

/* [snippet] */
static void tell(void *cx, uint64_t count)
{
    fprintf(cx, "%" PRIu64 " in flight\n", count);
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    union cairn_outcome out;
    if (!runtime || !arena)
        return 1;
    /* [snippet] */

    struct cairn_in_flight *counter = cairn_in_flight_new(); /* one for all workers */
    struct cairn_service *app =
        cairn_stack(cairn_http_handler(hello, NULL), cairn_in_flight(.counter = counter));

    error = cairn_spawn(runtime, cairn_in_flight_emitter(counter, 1000, tell, stdout), NULL);
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    uint64_t during = cairn_in_flight_count(counter);
    cairn_arena_free(arena); /* as the server does behind the last byte of the answer */
    uint64_t after = cairn_in_flight_count(counter);
    printf("%" PRIu64 ", then %" PRIu64 "\n", during, after);
    cairn_in_flight_unref(counter);
    cairn_runtime_free(runtime);
    return !error && p == CAIRN_READY && during == 1 && after == 0 ? 0 : 1;
}
