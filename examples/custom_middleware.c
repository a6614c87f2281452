/* custom_middleware.c - a layer of your own, three ways: a function of the request, a function
 * around the handler, and an async function that waits on both sides of it. */
#include <stdlib.h>

#include <cairn/http/all.h>

/* 1. Look at each request, and refuse some. `next` is the handler with the layers inside. */
static struct cairn_future only_json(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    struct cairn_str type = cairn_http_request_field(req, "content-type");
    (void)state;
    if (req->method == CAIRN_HTTP_POST && !cairn_str_equal(type, CAIRN_STR("application/json")))
        return cairn_future_ready(cairn_http_problem(req, 415, "JSON, please"));
    return cairn_http_next_run(next, req);
}

/* 2. Change each answer. */
static struct cairn_http_response *sign(struct cairn_http_response *res, void *state)
{
    return cairn_http_response_set(res, "X-Served-By", state) == 0 ? res : NULL;
}

/* 3. Wait before and after: the frame holds what must survive an await. */
struct timed {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_http_next *next;
    struct cairn_http_response *res;
    uint64_t began_ns;
};

static enum cairn_poll timed_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct timed *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    self->began_ns = cairn_runtime_now_ns(cx->runtime);
    CAIRN_AWAIT(cairn_http_next_run(self->next, self->req), self->res);
    struct cairn_str value = cairn_arena_printf(self->res->arena, "app;dur=%.1f",
        (double)(cairn_runtime_now_ns(cx->runtime) - self->began_ns) / 1e6);
    if (!value.data ||
        cairn_http_fields_add(&self->res->fields, CAIRN_STR("Server-Timing"), value) != 0)
        CAIRN_ASYNC_FAIL(&cairn_error_no_memory);
    CAIRN_ASYNC_RETURN(self->res);
    CAIRN_ASYNC_END();
}

static void timed_drop(void *state)
{
    cairn_async_drop(&((struct timed *)state)->async);
}

static struct cairn_future timed(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "timed", .size = sizeof(struct timed), .poll = timed_poll, .drop = timed_drop};
    (void)state;
    return cairn_future_start(&ops, &(struct timed){.req = req, .next = next});
}

static struct cairn_http_response *echo(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "application/json", req->body);
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_stack(cairn_http_handler(echo, NULL),
        cairn_from_fn(.f = timed, .name = "timed"), /* outermost: the time of all below */
        cairn_http_map_response(sign, "one"), cairn_from_fn(.f = only_json, .name = "only_json"));
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
