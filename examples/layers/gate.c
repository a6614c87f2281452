/* gate.c - calls wait while a gate is shut, and go on when it opens. */
#include <stdio.h>

#include <cairn/layers/gate.h>
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

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *store = cairn_service_fn("store", &text, &text, answer, NULL);
    /* [snippet] */
    struct cairn_gate *maintenance = cairn_gate_new();
    struct cairn_service *app = cairn_stack(store, cairn_gate(.gate = maintenance));

    cairn_gate_shut(maintenance); /* who is inside ends its call, nobody else comes in */
    struct cairn_future call =
        cairn_spawn_join(runtime, cairn_service_oneshot(app, question), &text);
    cairn_runtime_turn(runtime);
    printf("%zu waits\n", cairn_gate_waiting(maintenance));
    cairn_gate_open(maintenance);
    enum cairn_poll p = cairn_block_on(runtime, call, &out);
    cairn_gate_unref(maintenance);
    /* [/snippet] */
    cairn_runtime_free(runtime);
    return p == CAIRN_READY && out.value == question ? 0 : 1;
}
