/* rate_limit.c - a service that may be called twice in 50 ms: the third call waits. */
#include <stdio.h>

#include <cairn/layers/rate_limit.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type mail = {.name = "mail"};

static void *post(void *cx, void *req, struct cairn_error **error)
{
    (void)error;
    ++*(unsigned *)cx;
    return req;
}

int main(void)
{
    unsigned posted = 0;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    uint64_t begin_ms = cairn_runtime_now_ms(runtime);
    struct cairn_service *mailer = cairn_service_fn("mailer", &mail, &mail, post, &posted);
    /* [snippet] */
    struct cairn_service *app = cairn_stack(mailer, cairn_rate_limit(.num = 2, .per_ms = 50));

    for (int i = 0; i < 3; i++) /* copies share the limit; the third call waits for the window */
        cairn_block_on(runtime, cairn_service_oneshot(cairn_service_clone(app), NULL), &out);
    cairn_stack_print(app, stdout);
    /* [/snippet] */
    uint64_t passed_ms = cairn_runtime_now_ms(runtime) - begin_ms;
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return posted == 3 && passed_ms >= 50 ? 0 : 1;
}
