/* first_service.c - two routes, state, and layers around one route. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/all.h>

/* [state] */
/* Shared by all workers: what changes is atomic. */
struct guestbook {
    const char *greeting;
    atomic_ulong guests;
};
/* [/state] */

/* [greet] */
static struct cairn_http_response *greet(struct cairn_http_request *req, void *state)
{
    struct guestbook *book = state;
    struct cairn_str name = cairn_http_request_param(req, "name");
    unsigned long guest = atomic_fetch_add(&book->guests, 1) + 1;
    struct cairn_str text = cairn_arena_printf(req->arena, "%s, %.*s! You are guest %lu.\n",
        book->greeting, (int)name.length, name.data, guest);
    return text.data ? cairn_http_bytes(req, 200, "text/plain; charset=utf-8", text) : NULL;
}
/* [/greet] */

/* [sign] */
struct sign {
    struct cairn_async async;
    struct cairn_http_request *req;
};

static enum cairn_poll sign_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct sign *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(100)); /* a slow pen */
    CAIRN_ASYNC_RETURN(cairn_http_text(self->req, 201, "signed\n"));
    CAIRN_ASYNC_END();
}

static void sign_drop(void *state)
{
    struct sign *self = state;
    cairn_async_drop(&self->async);
}

static struct cairn_future sign(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "sign", .size = sizeof(struct sign), .poll = sign_poll, .drop = sign_drop};
    (void)state;
    if (req->body.length == 0)
        return cairn_future_ready(cairn_http_problem(req, 400, "sign with your name"));
    return cairn_future_start(&ops, &(struct sign){.req = req});
}
/* [/sign] */

/* [app] */
static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)worker;
    cairn_http_get(r, "/greet/{name}", cairn_http_handler(greet, cx));
    cairn_http_post(r, "/sign",
        cairn_stack(cairn_http_async_handler(sign, cx), cairn_error_to_response(),
            cairn_load_shed(), cairn_concurrency_limit(.max = 4)));
    return cairn_stack(
        cairn_http_router_service(r), cairn_request_id(), cairn_timeout(.after_ms = 2000));
}
/* [/app] */

/* [main] */
int main(int argc, char **argv)
{
    static struct guestbook book = {.greeting = "Welcome"};
    return cairn_http_serve(app, &book, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
/* [/main] */
