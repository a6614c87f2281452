#include "app.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cairn/http/body.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/router.h>
#include <cairn/http/upgrade.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/async.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

#include "kernel.h"

#define APP_SALTS 23
#define APP_PIECE 3000

const char *app_path(enum app_kind kind)
{
    static const char *const paths[] = {
#define X(name, path) path,
        APP_KINDS(X)
#undef X
    };
    return paths[kind];
}

const char *app_bytes(size_t n)
{
    static char bytes[APP_MOST_BYTES + 2 * APP_SALTS];
    if (!bytes[0]) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (char)('a' + (i * i + i / 7) % 26);
    }
    return bytes + n % APP_SALTS;
}

struct app_answer app_expected(enum app_kind kind, size_t n)
{
    switch (kind) {
    case APP_SLOW:
    case APP_HALF:
    case APP_DEAF:
    case APP_LAST:
        return (struct app_answer){200, 4, 0, app_path(kind), false};
    case APP_NONE:
        return (struct app_answer){.status = 204};
    case APP_FAIL:
        return (struct app_answer){.status = 502};
    case APP_NULL:
        return (struct app_answer){.status = 503};
    case APP_SPOILT:
        return (struct app_answer){.status = 500};
    case APP_GONE:
        return (struct app_answer){.status = 404};
    case APP_SHOUT:
        return (struct app_answer){.status = 101};
    case APP_SHORT:
    case APP_BREAK:
        return (struct app_answer){200, n, 0, NULL, true};
    case APP_FILE:
        return (struct app_answer){200, n, n % 5, NULL, false};
    default:
        return (struct app_answer){200, n, 0, NULL, false};
    }
}

bool app_may_close(enum app_kind kind)
{
    return kind == APP_HALF || kind == APP_DEAF || kind == APP_NULL || kind == APP_LAST ||
           kind == APP_SPOILT || kind == APP_SHORT || kind == APP_BREAK || kind == APP_SHOUT;
}

/* What all handlers do. */

static void app_on_end(void *value, const struct cairn_http_end *end)
{
    struct app *app = value;
    KERNEL_CHECK(end->reason > CAIRN_HTTP_RUNNING && end->reason < CAIRN_HTTP_DROPPED,
        "an exchange of a server ended without a reason");
    app->ended++;
    app->ends[end->reason]++;
}

static void app_begin(struct app *app, struct cairn_http_request *req)
{
    if (cairn_http_on_end(req, app_on_end, app) == 0)
        app->begun++;
}

static size_t app_n(const struct cairn_http_request *req)
{
    unsigned long long n = 0;
    cairn_str_to_u64(cairn_http_request_param(req, "n"), &n);
    return n < APP_MOST_BYTES ? (size_t)n : APP_MOST_BYTES;
}

static struct cairn_http_response *app_text(
    const struct cairn_http_request *req, enum app_kind kind)
{
    return cairn_http_text(req, 200, app_path(kind));
}

static struct cairn_http_response *app_all(const struct cairn_http_request *req)
{
    size_t n = app_n(req);
    return cairn_http_bytes(req, 200, "text/plain", cairn_str_of(app_bytes(n), n));
}

/* A stream of N bytes, in pieces, with rests; then its end, or a failure. */
struct gen {
    const char *data;
    size_t left;
    unsigned count;
    bool fails;
    struct cairn_http_response *res; /* that gets trailers; NULL: none */
    struct cairn_sleep_state sleep;
};

static enum cairn_poll gen_end(const struct gen *self, union cairn_outcome *out)
{
    static struct cairn_error broken = CAIRN_ERROR_STATIC(CAIRN_ERROR_INTERNAL, "app", "broken");
    out->value = NULL;
    if (self->fails) {
        out->error = &broken;
        return CAIRN_FAILED;
    }
    if (self->res) {
        struct cairn_http_fields *trailers = cairn_arena_alloc(self->res->arena, sizeof(*trailers));
        if (trailers) {
            *trailers = (struct cairn_http_fields){.arena = self->res->arena};
            cairn_http_fields_set(trailers, CAIRN_STR("X-Sum"), CAIRN_STR("7"));
            self->res->trailers = trailers;
        }
    }
    return CAIRN_READY;
}

static enum cairn_poll gen_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct gen *self = state;
    if (self->left && self->count % 8 == 3) {
        if (!self->sleep.at_ms)
            self->sleep.at_ms = cairn_runtime_now_ms(cx->runtime) + 2;
        if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
            return CAIRN_PENDING;
        self->sleep.at_ms = 0;
    }
    self->count++;
    if (!self->left)
        return gen_end(self, out);
    size_t n = self->left < APP_PIECE ? self->left : self->count % 5 ? APP_PIECE : 1;
    out->value = cairn_http_chunk_new(self->data, n);
    if (!out->value) {
        out->error = &cairn_error_no_memory;
        return CAIRN_FAILED;
    }
    self->data += n;
    self->left -= n;
    return CAIRN_READY;
}

static void gen_drop(void *state)
{
    cairn_sleep_stop(&((struct gen *)state)->sleep);
}

static struct cairn_stream gen(size_t n, bool fails, struct cairn_http_response *res)
{
    static const struct cairn_stream_ops ops = {
        .name = "gen", .size = sizeof(struct gen), .poll_next = gen_poll, .drop = gen_drop};
    return cairn_stream_box(
        &ops, &(struct gen){.data = app_bytes(n), .left = n, .fails = fails, .res = res});
}

static struct cairn_http_response *app_stream(
    const struct cairn_http_request *req, bool fails, int64_t length)
{
    return cairn_http_stream(req, 200, "text/plain", gen(app_n(req), fails, NULL), length);
}

/* Handlers that answer at once. */

static struct cairn_http_response *app_hello(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    return app_all(req);
}

static struct cairn_http_response *app_file(struct cairn_http_request *req, void *state)
{
    static int fd = -1;
    size_t n = app_n(req);
    app_begin(state, req);
    if (fd < 0) {
        fd = memfd_create("app", MFD_CLOEXEC);
        for (size_t salt = 0; salt < APP_SALTS; salt++) {
            ssize_t written = pwrite(fd, app_bytes(salt), APP_MOST_BYTES + 5, (off_t)(salt << 20));
            KERNEL_CHECK(written == APP_MOST_BYTES + 5, "no file to serve");
        }
    }
    int copy = kernel_file(fd);
    if (copy < 0)
        return cairn_http_text(req, 503, "no descriptor");
    return cairn_http_file(
        req, 200, "text/plain", copy, (int64_t)((n % APP_SALTS << 20) + n % 5), (int64_t)n);
}

static struct cairn_http_response *app_gen(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    return app_stream(req, false, -1);
}

static struct cairn_http_response *app_sized(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    return app_stream(req, false, (int64_t)app_n(req));
}

static struct cairn_http_response *app_short(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    return app_stream(req, false, (int64_t)app_n(req) + 1);
}

static struct cairn_http_response *app_break(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    return app_stream(req, true, -1);
}

static struct cairn_http_response *app_big(struct cairn_http_request *req, void *state)
{
    size_t n = app_n(req);
    char *data = malloc(n + 1);
    app_begin(state, req);
    memcpy(data, app_bytes(n), n);
    return cairn_http_owned(req, 200, "text/plain", data, n, free);
}

static struct cairn_http_response *app_none(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    return cairn_http_response_new(req, 204);
}

static struct cairn_http_response *app_null(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    return NULL;
}

static struct cairn_http_response *app_last(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    struct cairn_http_response *res = app_text(req, APP_LAST);
    if (res)
        res->closes = true;
    return res;
}

/* Past the functions that would refuse it. */
static struct cairn_http_response *app_spoilt(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    struct cairn_http_response *res = app_text(req, APP_SPOILT);
    if (res)
        res->fields.items[0].value = CAIRN_STR("text/plain\r\nX-Injected: 1");
    return res;
}

static struct cairn_http_response *app_trail(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    struct cairn_http_response *res = cairn_http_text(req, 200, "");
    if (!res || cairn_http_response_set(res, "Trailer", "X-Sum") != 0)
        return NULL;
    return cairn_http_response_set_body(res, gen(app_n(req), false, res), -1) == 0 ? res : NULL;
}

static struct cairn_http_response *app_echo(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    return cairn_http_bytes(req, 200, "text/plain", req->body);
}

/* Handlers that wait. */

struct app_frame {
    struct cairn_async async;
    struct app *app;
    struct cairn_http_request *req;
    struct cairn_http_chunk *chunk;
};

static void app_frame_drop(void *state)
{
    struct app_frame *self = state;
    cairn_async_drop(&self->async);
    cairn_http_chunk_free(self->chunk);
}

static struct cairn_future app_frame(
    const struct cairn_future_ops *ops, struct app *app, struct cairn_http_request *req)
{
    app_begin(app, req);
    return cairn_future_box(ops, &(struct app_frame){.app = app, .req = req});
}

#define APP_ASYNC(f)                                                            \
    static enum cairn_poll f##_poll(                                            \
        void *state, const struct cairn_context *cx, union cairn_outcome *out); \
    static struct cairn_future f(struct cairn_http_request *req, void *state)   \
    {                                                                           \
        static const struct cairn_future_ops ops = {.name = #f,                 \
            .size = sizeof(struct app_frame),                                   \
            .poll = f##_poll,                                                   \
            .drop = app_frame_drop};                                            \
        return app_frame(&ops, state, req);                                     \
    }                                                                           \
    static enum cairn_poll f##_poll(                                            \
        void *state, const struct cairn_context *cx, union cairn_outcome *out)

APP_ASYNC(app_sleep)
{
    struct app_frame *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(app_n(self->req) % APP_LONGEST_MS));
    CAIRN_ASYNC_RETURN(app_all(self->req));
    CAIRN_ASYNC_END();
}

APP_ASYNC(app_fail)
{
    static struct cairn_error down = CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "app", "down");
    struct app_frame *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(app_n(self->req) % 3));
    CAIRN_ASYNC_FAIL(&down);
    CAIRN_ASYNC_END();
}

APP_ASYNC(app_hint)
{
    struct app_frame *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    cairn_http_inform(self->req, 103, NULL);
    CAIRN_AWAIT_DONE(cairn_sleep(app_n(self->req) % 3));
    cairn_http_inform(self->req, 102, NULL);
    CAIRN_ASYNC_RETURN(app_all(self->req));
    CAIRN_ASYNC_END();
}

APP_ASYNC(app_half)
{
    struct app_frame *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    if (!cairn_http_is_collected(self->req))
        CAIRN_AWAIT(cairn_stream_next(&self->req->stream), self->chunk);
    CAIRN_ASYNC_RETURN(app_text(self->req, APP_HALF));
    CAIRN_ASYNC_END();
}

APP_ASYNC(app_deaf)
{
    struct app_frame *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(app_n(self->req) % 3));
    CAIRN_ASYNC_RETURN(app_text(self->req, APP_DEAF));
    CAIRN_ASYNC_END();
}

APP_ASYNC(app_slow)
{
    struct app_frame *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    while (!cairn_stream_is_empty(&self->req->stream)) {
        CAIRN_AWAIT(cairn_stream_next(&self->req->stream), self->chunk);
        cairn_http_chunk_free(self->chunk);
        self->chunk = NULL;
        CAIRN_AWAIT_DONE(cairn_sleep(1));
    }
    CAIRN_ASYNC_RETURN(app_text(self->req, APP_SLOW));
    CAIRN_ASYNC_END();
}

APP_ASYNC(app_wait)
{
    struct app_frame *self = state;
    struct cairn_http_request *req;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(app_n(self->req) % APP_LONGEST_MS));
    CAIRN_AWAIT(cairn_http_collect(self->req, 0), req);
    CAIRN_ASYNC_RETURN(cairn_http_bytes(req, 200, "text/plain", req->body));
    CAIRN_ASYNC_END();
}

/* The answer streams the request. */
static struct cairn_future app_copy(struct cairn_http_request *req, void *state)
{
    int64_t length = cairn_http_request_length(req);
    app_begin(state, req);
    return cairn_future_ready(
        cairn_http_stream(req, 200, "text/plain", cairn_http_request_take_body(req), length));
}

/* Sends back what comes; says bye at the peer's end, or when the server drains. */
struct shout {
    struct cairn_async async;
    struct app *app;
    struct cairn_byte_stream stream;
    size_t count;
    char buffer[256];
};

static enum cairn_poll shout_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct shout *self = state;
    out->value = NULL;
    if (cairn_byte_stream_is_closing(&self->stream))
        return CAIRN_READY;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    do {
        CAIRN_AWAIT_DONE(cairn_byte_stream_read(
            &self->stream, self->buffer, sizeof(self->buffer), &self->count));
        if (self->count)
            CAIRN_AWAIT_DONE(cairn_byte_stream_write(&self->stream, self->buffer, self->count));
    } while (self->count);
    CAIRN_AWAIT_DONE(cairn_byte_stream_write(&self->stream, "bye", 3));
    CAIRN_AWAIT_DONE(cairn_byte_stream_shutdown(&self->stream));
    CAIRN_ASYNC_END();
}

static void shout_drop(void *state)
{
    struct shout *self = state;
    cairn_async_drop(&self->async);
    cairn_byte_stream_drop(&self->stream);
    self->app->upgraded--;
}

static struct cairn_future shout_begin(void *cx, struct cairn_byte_stream stream)
{
    static const struct cairn_future_ops ops = {
        .name = "shout", .size = sizeof(struct shout), .poll = shout_poll, .drop = shout_drop};
    struct app *app = cx;
    app->upgraded++;
    return cairn_future_box(&ops, &(struct shout){.app = app, .stream = stream});
}

static struct cairn_http_response *app_shout(struct cairn_http_request *req, void *state)
{
    app_begin(state, req);
    return cairn_http_upgrade(req, "shout", shout_begin, state);
}

/* The app. */

static void app_get(struct cairn_http_router *r, enum app_kind kind, struct cairn_service *service)
{
    char pattern[32] = "/";
    strcat(strcat(pattern, app_path(kind)), "/{n}");
    if (kind < APP_FIRST_POST || kind == APP_SHOUT)
        cairn_http_get(r, pattern, service);
    else
        cairn_http_post(r, pattern, service);
}

static struct cairn_service *app_routes(struct app *app)
{
    struct cairn_http_router *r = cairn_http_router_new();
    app_get(r, APP_HELLO, cairn_http_handler(app_hello, app));
    app_get(r, APP_SLEEP, cairn_http_async_handler(app_sleep, app));
    app_get(r, APP_FILE, cairn_http_handler(app_file, app));
    app_get(r, APP_GEN, cairn_http_handler(app_gen, app));
    app_get(r, APP_SIZED, cairn_http_handler(app_sized, app));
    app_get(r, APP_BIG, cairn_http_handler(app_big, app));
    app_get(r, APP_NONE, cairn_http_handler(app_none, app));
    app_get(r, APP_FAIL, cairn_http_async_handler(app_fail, app));
    app_get(r, APP_NULL, cairn_http_handler(app_null, app));
    app_get(r, APP_HINT, cairn_http_async_handler(app_hint, app));
    app_get(r, APP_TRAIL, cairn_http_handler(app_trail, app));
    app_get(r, APP_LAST, cairn_http_handler(app_last, app));
    app_get(r, APP_SPOILT, cairn_http_handler(app_spoilt, app));
    app_get(r, APP_SHORT, cairn_http_handler(app_short, app));
    app_get(r, APP_BREAK, cairn_http_handler(app_break, app));
    app_get(r, APP_ECHO, cairn_http_handler(app_echo, app));
    app_get(r, APP_COPY, cairn_http_stream_handler(app_copy, app));
    app_get(r, APP_HALF, cairn_http_stream_handler(app_half, app));
    app_get(r, APP_DEAF, cairn_http_stream_handler(app_deaf, app));
    app_get(r, APP_SLOW, cairn_http_stream_handler(app_slow, app));
    app_get(r, APP_WAIT, cairn_http_stream_handler(app_wait, app));
    app_get(r, APP_SHOUT, cairn_http_handler(app_shout, app));
    return cairn_http_router_service(r);
}

struct cairn_service *app_make(void *cx, const struct cairn_http_worker *worker)
{
    struct app *app = cx;
    const struct app_options *o = &app->options;
    (void)worker;
    return cairn_stack(app_routes(app),
        cairn_layer_if(o->makes_responses, cairn_error_to_response()),
        cairn_layer_if(o->timeout_ms, cairn_timeout(.after_ms = o->timeout_ms)),
        cairn_layer_if(o->sheds, cairn_load_shed()),
        cairn_layer_if(o->concurrency, cairn_concurrency_limit(.max = o->concurrency)));
}
