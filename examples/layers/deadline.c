/* deadline.c - a handler knows how long it has, and the client inside of it knows too. */
#include <inttypes.h>
#include <stdio.h>

#include <cairn/layers/deadline.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>
#include <cairn/service/str.h>

struct question {
    const char *timeout_ms; /* what a header field says; NULL: nothing */
};

static const struct cairn_type question_type = {.name = "question"};

/* [functions] */
static uint64_t timeout_field(void *cx, const void *request)
{
    unsigned long long ms;
    const struct question *question = request;
    (void)cx;
    bool is_there = cairn_str_to_u64(cairn_str_from(question->timeout_ms), &ms);
    return is_there ? (uint64_t)ms : CAIRN_DEADLINE_NONE;
}

static void *ask_the_next(void *cx, void *request, struct cairn_error **error)
{
    (void)error;
    *(uint64_t *)cx = cairn_deadline_left_ms(cairn_runtime_current()); /* sent on in a field */
    return request;
}
/* [/functions] */

int main(void)
{
    uint64_t sent[2] = {0, 0};
    uint64_t left_ms = 0;
    struct question questions[] = {{NULL}, {"50"}, {"0"}};
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    union cairn_outcome out;
    if (!runtime)
        return 1;
    struct cairn_service *client =
        cairn_service_fn("client", &question_type, &question_type, ask_the_next, &left_ms);
    /* [snippet] */
    struct cairn_service *app = cairn_stack(client,
        cairn_deadline(.after_ms = 2000, .read = timeout_field), /* at the way in */
        cairn_deadline(.after_ms = 1000));                       /* for this part of the work */
    /* [/snippet] */
    for (int i = 0; i < 2; i++) {
        struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), &questions[i]);
        cairn_block_on(runtime, call, &out);
        sent[i] = left_ms;
        printf("%" PRIu64 " ms left\n", sent[i]);
    }
    enum cairn_poll p = cairn_block_on(
        runtime, cairn_service_oneshot(cairn_service_clone(app), &questions[2]), &out);
    bool is_late = p == CAIRN_FAILED && out.error->code == CAIRN_ERROR_ELAPSED;
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return sent[0] > 900 && sent[0] <= 1001 && sent[1] <= 51 && is_late ? 0 : 1;
}
