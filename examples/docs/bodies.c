/* bodies.c - bodies whole and as streams: a handler that reads as it likes, one that saves to a
 * file, one that answers with a stream, and one that is told how its exchange ended. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cairn/http/all.h>

/* [whole] */
static struct cairn_http_response *shout(struct cairn_http_request *req, void *state)
{
    (void)state;
    char *text = cairn_arena_alloc_text(req->arena, req->body.length + 1);
    if (!text)
        return NULL; /* 503 */
    for (size_t i = 0; i < req->body.length; i++)
        text[i] = (char)(req->body.data[i] & ~0x20);
    return cairn_http_bytes(req, 200, "text/plain", cairn_str_of(text, req->body.length));
}
/* [/whole] */

/* [count] */
struct count {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_stream body;
    struct cairn_http_chunk *chunk;
    size_t bytes;
};

static enum cairn_poll count_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct count *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    self->body = cairn_http_request_take_body(self->req);
    do {
        CAIRN_AWAIT(cairn_stream_next(&self->body), self->chunk); /* NULL at the end */
        if (self->chunk)
            self->bytes += self->chunk->bytes.length;
        cairn_http_chunk_free(self->chunk);
    } while (self->chunk);
    CAIRN_ASYNC_RETURN(cairn_http_text(
        self->req, 200, cairn_arena_printf(self->req->arena, "%zu\n", self->bytes).data));
    CAIRN_ASYNC_END();
}

static void count_drop(void *state)
{
    struct count *self = state;
    cairn_async_drop(&self->async);
    cairn_stream_drop(&self->body);
}

static struct cairn_future count(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "count", .size = sizeof(struct count), .poll = count_poll, .drop = count_drop};
    (void)state;
    /* In a box from the beginning: what is awaited borrows a field of the frame. */
    return cairn_future_box(&ops, &(struct count){.req = req});
}
/* [/count] */

/* [save] */
struct save {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_blocking_pool *pool;
    int64_t *written;
    int fd;
};

static enum cairn_poll save_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct save *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    /* On the pool's threads, at most a gigabyte; a failure ends this function with it. */
    CAIRN_AWAIT(cairn_http_save(self->req, self->pool, self->fd, 1 << 30), self->written);
    CAIRN_ASYNC_RETURN(cairn_http_text(self->req, 201,
        cairn_arena_printf(self->req->arena, "%lld bytes\n", (long long)*self->written).data));
    CAIRN_ASYNC_END();
}
/* [/save] */

static void save_drop(void *state)
{
    struct save *self = state;
    cairn_async_drop(&self->async);
    close(self->fd);
}

static struct cairn_future save(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "save", .size = sizeof(struct save), .poll = save_poll, .drop = save_drop};
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return cairn_future_ready(cairn_http_problem(req, 507, "no room"));
    return cairn_future_box(&ops, &(struct save){.req = req, .pool = state, .fd = fd});
}

/* [end] */
static void ended(void *value, const struct cairn_http_end *end)
{
    unsigned long *complete = value;
    if (end->reason == CAIRN_HTTP_COMPLETE)
        ++*complete;
}

static struct cairn_http_response *told(struct cairn_http_request *req, void *state)
{
    if (cairn_http_on_end(req, ended, state) != 0)
        return NULL;
    return cairn_http_text(req, 200, "counted when it has gone out\n");
}
/* [/end] */

/* [early] */
static struct cairn_http_response *page(struct cairn_http_request *req, void *state)
{
    struct cairn_http_fields hints = {.arena = req->arena};
    (void)state;
    cairn_http_fields_add(&hints, CAIRN_STR("Link"), CAIRN_STR("</a.css>; rel=preload; as=style"));
    cairn_http_inform(req, 103, &hints); /* at once; the page takes longer */
    return cairn_http_bytes(req, 200, "text/html", CAIRN_STR("<link rel=stylesheet href=/a.css>"));
}
/* [/early] */

struct shared {
    struct cairn_blocking_pool *pool;
    unsigned long complete;
};

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct shared *shared = cx;
    (void)worker;
    /* [routes] */
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_post(r, "/shout", cairn_http_handler(shout, NULL));
    cairn_http_post(r, "/count", cairn_http_stream_handler(count, NULL));
    cairn_http_put(r, "/file", cairn_http_stream_handler(save, shared->pool));
    /* [/routes] */
    cairn_http_get(r, "/told", cairn_http_handler(told, &shared->complete));
    cairn_http_get(r, "/page", cairn_http_handler(page, NULL));
    return cairn_http_router_service(r);
}

int main(int argc, char **argv)
{
    struct cairn_error *error = NULL;
    struct shared shared = {cairn_blocking_pool_new(NULL, &error), 0};
    if (!shared.pool)
        return 1;
    int status = cairn_http_serve(
        app, &shared, .workers = 1, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
    fprintf(stderr, "told of %lu\n", shared.complete);
    cairn_blocking_pool_free(shared.pool);
    return status;
}
