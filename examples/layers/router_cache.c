/* router_cache.c - a client for each host, made when the first request for it comes. */
#include <stdio.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/router_cache.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

struct request {
    const char *host;
    const char *path;
};

static const struct cairn_type request_type = {.name = "request"};
static const struct cairn_type text = {.name = "text"};
static char ok[] = "ok";

static void *answer(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)req;
    (void)error;
    return ok;
}

static struct cairn_service *client_new(struct cairn_str host)
{
    printf("a client for %.*s\n", (int)host.length, host.data);
    return cairn_service_fn("client", &request_type, &text, answer, NULL);
}

/* [snippet] */
static struct cairn_str host_of(void *cx, const void *request)
{
    (void)cx;
    return cairn_str_from(((const struct request *)request)->host);
}

static struct cairn_service *make_client(void *cx, struct cairn_str host)
{
    (void)cx;
    return cairn_stack(client_new(host), cairn_concurrency_limit(.max = 64));
}

static struct cairn_service *clients(void)
{
    struct cairn_service *router = cairn_router_cache_new(
        &(struct cairn_router_cache_options){.size = sizeof(struct cairn_router_cache_options),
            .request_type = &request_type,
            .response_type = &text,
            .key = host_of,
            .make = make_client,
            .idle_ms = 90000});
    return cairn_stack(router, cairn_timeout(.after_ms = 2000));
}
/* [/snippet] */

int main(void)
{
    struct request requests[] = {{"a.example", "/"}, {"b.example", "/"}, {"a.example", "/x"}};
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *app = clients();
    unsigned answers = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), &requests[i]);
        if (cairn_block_on(runtime, call, &out) == CAIRN_READY && out.value == ok)
            answers++;
    }
    cairn_stack_print(app, stdout);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return answers == 3 ? 0 : 1;
}
