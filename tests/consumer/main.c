/* A program outside the tree, with what an installation gives: one service in one stack. */
#include <stdio.h>

#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type number_type = {.name = "number"};

static void *doubled(void *cx, void *request, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    *(int *)request *= 2;
    return request;
}

int main(void)
{
    int number = 21;
    int rc = 1;
    union cairn_outcome out;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &out.error);
    if (!runtime)
        goto out;
    struct cairn_service *app = cairn_stack(
        cairn_service_fn("doubled", &number_type, &number_type, doubled, NULL), cairn_check());
    if (cairn_block_on(runtime, cairn_service_oneshot(app, &number), &out) == CAIRN_READY)
        rc = *(int *)out.value != 42;
out:
    cairn_runtime_free(runtime);
    printf("cairn %s: %s\n", CAIRN_VERSION, rc ? "failed" : "42");
    return rc;
}
