/* async_filter.c - whether a request may pass is asked of somebody who has to be waited for. */
#include <stdio.h>
#include <string.h>

#include <cairn/layers/async_filter.h>
#include <cairn/service/async.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};

/* [predicate] */
struct may_enter {
    struct cairn_async async;
    char *user;
};

static enum cairn_poll may_enter_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error unknown =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "door", "who is that?");
    struct may_enter *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(10)); /* the directory of users answers */
    if (strcmp(self->user, "Ada") != 0)
        CAIRN_ASYNC_FAIL(&unknown);
    CAIRN_ASYNC_RETURN(self->user);
    CAIRN_ASYNC_END();
}

static void may_enter_drop(void *state)
{
    cairn_async_drop(&((struct may_enter *)state)->async);
}

static struct cairn_future may_enter(void *cx, void *req)
{
    static const struct cairn_future_ops ops = {.name = "may_enter",
        .size = sizeof(struct may_enter),
        .poll = may_enter_poll,
        .drop = may_enter_drop};
    (void)cx;
    return cairn_future_start(&ops, &(struct may_enter){.user = req});
}
/* [/predicate] */

static void *greet(void *cx, void *req, struct cairn_error **error)
{
    static char greeting[64];
    (void)cx;
    (void)error;
    snprintf(greeting, sizeof(greeting), "Hello, %s", (const char *)req);
    return greeting;
}

int main(void)
{
    char ada[] = "Ada";
    char eve[] = "Eve";
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    /* [snippet] */
    struct cairn_service *hall = cairn_service_fn("hall", &text, &text, greet, NULL);
    struct cairn_service *app = cairn_stack(hall, cairn_async_filter(.predicate = may_enter));
    /* [/snippet] */
    struct cairn_service *copy = cairn_service_clone(app);
    if (!copy)
        return 1;
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, ada), &out);
    bool is_right = p == CAIRN_READY && strcmp(out.value, "Hello, Ada") == 0;
    p = cairn_block_on(runtime, cairn_service_oneshot(copy, eve), &out);
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error); /* "door: who is that?" */
    cairn_runtime_free(runtime);
    return is_right && p == CAIRN_FAILED ? 0 : 1;
}
