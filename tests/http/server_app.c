#include "server_app.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cairn/http/handler.h>
#include <cairn/service/alloc.h>
#include <cairn/service/async.h>

#define BIG_BYTES (1u << 20)
#define ENDLESS_BYTES 8192

struct hang {
    struct server_app *app;
};

static enum cairn_poll hang_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    (void)state;
    (void)cx;
    (void)out;
    return CAIRN_PENDING;
}

static void hang_drop(void *state)
{
    __atomic_fetch_add(&((struct hang *)state)->app->dropped, 1, __ATOMIC_RELEASE);
}

static const struct cairn_future_ops hang_ops = {
    .name = "hang", .size = sizeof(struct hang), .poll = hang_poll, .drop = hang_drop};

static struct cairn_future hang(struct server_app *app)
{
    __atomic_fetch_add(&app->begun, 1, __ATOMIC_RELEASE);
    return cairn_future_box(&hang_ops, &(struct hang){app});
}

/* A stream that fails after its first chunk. */
struct breaking {
    bool has_begun;
};

static enum cairn_poll breaking_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct breaking *self = state;
    static struct cairn_error broke =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_INTERNAL, "test", "broke in the middle");
    (void)cx;
    if (self->has_begun) {
        out->error = &broke;
        return CAIRN_FAILED;
    }
    self->has_begun = true;
    out->value = cairn_http_chunk_new("one", 3);
    return CAIRN_READY;
}

static const struct cairn_stream_ops breaking_ops = {
    .name = "breaking", .size = sizeof(struct breaking), .poll_next = breaking_poll};

/* A stream without an end, always ready: what it gives is counted as begun, its drop as dropped. */
static enum cairn_poll endless_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static char bytes[ENDLESS_BYTES];
    static struct cairn_http_chunk chunk = {{bytes, sizeof(bytes)}, NULL};
    (void)cx;
    __atomic_fetch_add(&((struct hang *)state)->app->begun, 1, __ATOMIC_RELEASE);
    out->value = &chunk;
    return CAIRN_READY;
}

static const struct cairn_stream_ops endless_ops = {
    .name = "endless", .size = sizeof(struct hang), .poll_next = endless_poll, .drop = hang_drop};

static struct cairn_http_response *chunks(struct cairn_http_request *req, int64_t length)
{
    void *const parts[] = {cairn_http_chunk_new("one", 3), cairn_http_chunk_new("two", 3),
        cairn_http_chunk_new("three", 5)};
    struct cairn_stream stream = cairn_stream_from_array(parts, 3, &cairn_http_chunk_type);
    return cairn_http_stream(req, 200, "text/plain", stream, length);
}

static struct cairn_http_response *big(struct cairn_http_request *req)
{
    char *data = malloc(BIG_BYTES);
    memset(data, 'x', BIG_BYTES);
    return cairn_http_owned(req, 200, "text/plain", data, BIG_BYTES, free);
}

static struct cairn_http_response *forbidden_field(struct cairn_http_request *req)
{
    struct cairn_http_response *res = cairn_http_text(req, 200, "never seen");
    /* Past the functions that would refuse it. */
    res->fields.items[0].value = CAIRN_STR("text/plain\r\nX-Injected: 1");
    return res;
}

static struct cairn_http_response *peer(struct cairn_http_request *req)
{
    return cairn_http_text(req, 200, req->peer->sa_family == AF_INET ? "v4" : "v6");
}

static bool is(const struct cairn_http_request *req, const char *path)
{
    return cairn_str_equal(req->path, cairn_str_from(path));
}

static struct cairn_http_response *answer(struct cairn_http_request *req, struct server_app *app)
{
    if (is(req, "/hello"))
        return cairn_http_text(req, 200, "hello");
    if (is(req, "/echo"))
        return cairn_http_bytes(req, 200, "application/octet-stream", req->body);
    if (is(req, "/field"))
        return forbidden_field(req);
    if (is(req, "/big"))
        return big(req);
    if (is(req, "/chunks"))
        return chunks(req, -1);
    if (is(req, "/sized"))
        return chunks(req, 11);
    if (is(req, "/short"))
        return chunks(req, 12);
    if (is(req, "/break"))
        return cairn_http_stream(
            req, 200, "text/plain", cairn_stream_box(&breaking_ops, &(struct breaking){false}), -1);
    if (is(req, "/endless"))
        return cairn_http_stream(
            req, 200, "text/plain", cairn_stream_box(&endless_ops, &(struct hang){app}), -1);
    if (is(req, "/empty"))
        return cairn_http_response_new(req, 204);
    if (is(req, "/peer"))
        return peer(req);
    return cairn_http_text(req, 404, "nothing here");
}

static struct cairn_future handle(struct cairn_http_request *req, void *state)
{
    unsigned long long code;
    if (is(req, "/hang"))
        return hang(state);
    if (is(req, "/null"))
        return cairn_future_ready(NULL);
    if (req->path.length > 6 && memcmp(req->path.data, "/fail/", 6) == 0 &&
        cairn_str_to_u64(cairn_str_of(req->path.data + 6, req->path.length - 6), &code))
        return cairn_future_failed(
            cairn_error_new((enum cairn_error_code)code, "test", NULL, "as asked for"));
    struct cairn_http_response *res = answer(req, state);
    return res ? cairn_future_ready(res) : cairn_future_failed(&cairn_error_no_memory);
}

struct cairn_service *server_app(void *cx, const struct cairn_http_worker *worker)
{
    struct server_app *self = cx;
    (void)worker;
    struct cairn_service *service = cairn_http_async_handler(handle, self);
    return self->wrap ? self->wrap(service) : service;
}
