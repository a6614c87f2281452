/* steer.c - one service of several: short questions go here, long ones there. */
#include <stdio.h>
#include <string.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/steer.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};

static void *say(void *cx, void *req, struct cairn_error **error)
{
    (void)req;
    (void)error;
    return cx;
}

/* [pick] */
static size_t by_length(void *cx, const void *req, size_t count)
{
    (void)cx;
    (void)count;
    return strlen(req) < 16 ? 0 : 1;
}
/* [/pick] */

static bool ask(struct cairn_runtime *runtime, const struct cairn_service *app, char *question,
    const char *expected)
{
    union cairn_outcome out;
    struct cairn_service *copy = cairn_service_clone(app);
    if (!copy || cairn_block_on(runtime, cairn_service_oneshot(copy, question), &out))
        return false;
    return strcmp(out.value, expected) == 0;
}

int main(void)
{
    char yes[] = "yes", essay[] = "it depends", brief[] = "why?",
         winding[] = "if one were to ask, would it be fair to say";
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    /* [snippet] */
    struct cairn_service *quick = cairn_service_fn("quick", &text, &text, say, yes);
    struct cairn_service *slow = cairn_service_fn("slow", &text, &text, say, essay);
    struct cairn_service *services[] = {
        quick, cairn_stack(slow, cairn_concurrency_limit(.max = 8))};
    struct cairn_service *app = cairn_steer(services, 2, by_length, NULL);
    /* [/snippet] */
    bool is_right = ask(runtime, app, brief, "yes") && ask(runtime, app, winding, "it depends");
    cairn_stack_print(app, stdout);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
