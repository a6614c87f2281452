#include "session_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cairn/http/body.h>
#include <cairn/http/exchange.h>
#include <cairn/http/handler.h>
#include <cairn/http/upgrade.h>
#include <cairn/service/async.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stream.h>

static struct session_counts session_counted;
static int session_file = -1;

struct session_counts session_app_counts(void)
{
    return (struct session_counts){__atomic_load_n(&session_counted.begun, __ATOMIC_ACQUIRE),
        __atomic_load_n(&session_counted.ended, __ATOMIC_ACQUIRE)};
}

static void app_ended(void *value, const struct cairn_http_end *end)
{
    (void)value, (void)end;
    __atomic_fetch_add(&session_counted.ended, 1, __ATOMIC_RELEASE);
}

char session_pattern(size_t at)
{
    return (char)(at * 31 + (at >> 8) * 7 + (at >> 16) * 3);
}

unsigned session_hash(const char *data, size_t length)
{
    unsigned hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)data[i]) * 16777619u;
    return hash;
}

static bool is(const struct cairn_http_request *req, const char *name)
{
    size_t length = strlen(name);
    return req->path.length >= length && memcmp(req->path.data, name, length) == 0 &&
           (req->path.length == length || req->path.data[length] == '/');
}

struct numbers {
    size_t first;
    size_t second;
};

static struct numbers app_numbers(const struct cairn_http_request *req)
{
    char text[64];
    struct numbers numbers = {0, 0};
    snprintf(text, sizeof(text), "%.*s", (int)req->path.length, req->path.data);
    const char *first = strchr(text + 1, '/');
    const char *second = first ? strchr(first + 1, '/') : NULL;
    if (first)
        numbers.first = strtoul(first + 1, NULL, 10);
    if (second)
        numbers.second = strtoul(second + 1, NULL, 10);
    return numbers;
}

/* The pattern as a stream, which has to be asked again now and then. */
struct generated {
    size_t at;
    size_t length;
    size_t chunk;
    unsigned asked;
    bool breaks;
};

static enum cairn_poll generated_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error broke = CAIRN_ERROR_STATIC(CAIRN_ERROR_INTERNAL, "test", "broke");
    struct generated *self = state;
    if (++self->asked % 3 == 0) {
        cairn_task_wake(cx->task);
        return CAIRN_PENDING;
    }
    size_t length = self->length - self->at;
    if (length > self->chunk)
        length = self->chunk;
    out->error = self->breaks ? &broke : NULL;
    if (length == 0)
        return self->breaks ? CAIRN_FAILED : CAIRN_READY;
    char bytes[SESSION_CHUNK_BYTES];
    for (size_t i = 0; i < length; i++)
        bytes[i] = session_pattern(self->at + i);
    self->at += length;
    out->value = cairn_http_chunk_new(bytes, length);
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static const struct cairn_stream_ops generated_ops = {
    .name = "generated", .size = sizeof(struct generated), .poll_next = generated_poll_next};

static struct cairn_http_response *app_generate(
    struct cairn_http_request *req, bool breaks, int64_t length)
{
    struct numbers numbers = app_numbers(req);
    const struct generated state = {
        .length = numbers.first, .chunk = numbers.second, .breaks = breaks};
    return cairn_http_stream(req, 200, NULL, cairn_stream_box(&generated_ops, &state), length);
}

static struct cairn_http_response *app_trail(struct cairn_http_request *req)
{
    struct cairn_http_response *res = app_generate(req, false, -1);
    struct cairn_http_fields *trailers = cairn_arena_alloc(req->arena, sizeof(*trailers));
    if (!res || !trailers)
        return NULL;
    *trailers = (struct cairn_http_fields){.arena = req->arena};
    struct cairn_str value = cairn_arena_printf(req->arena, "%zu", app_numbers(req).first);
    if (!value.data || cairn_http_fields_add(trailers, CAIRN_STR("X-Sum"), value) != 0 ||
        cairn_http_response_set(res, "Trailer", "X-Sum") != 0)
        return NULL;
    res->trailers = trailers;
    return res;
}

void session_app_open(void)
{
    char path[] = "/tmp/cairn_session_XXXXXX";
    char bytes[SESSION_FILE_BYTES];
    int fd = mkstemp(path);
    if (fd < 0)
        abort();
    unlink(path);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = session_pattern(i);
    if (write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
        abort();
    session_file = fd;
}

void session_app_close(void)
{
    close(session_file);
    session_file = -1;
}

static struct cairn_http_response *app_file(struct cairn_http_request *req)
{
    int fd = dup(session_file);
    return fd < 0 ? NULL : cairn_http_file(req, 200, NULL, fd, 0, (int64_t)app_numbers(req).first);
}

/* Awaits COLLECTED, and tells what it was. */
struct telling {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_future collected;
};

static struct cairn_http_response *app_tell(struct cairn_http_request *req)
{
    struct cairn_str trailer = CAIRN_STR("-");
    struct cairn_str sum = {NULL, 0};
    if (req->trailers)
        sum = cairn_http_fields_get(req->trailers, CAIRN_STR("x-sum"));
    if (sum.data)
        trailer = sum;
    struct cairn_str text = cairn_arena_printf(req->arena, "%zu %08x %.*s", req->body.length,
        session_hash(req->body.data, req->body.length), (int)trailer.length, trailer.data);
    return text.data ? cairn_http_bytes(req, 200, "text/plain", text) : NULL;
}

static struct cairn_future app_answer(struct cairn_http_response *res)
{
    return res ? cairn_future_ready(res) : cairn_future_failed(&cairn_error_no_memory);
}

static enum cairn_poll telling_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct telling *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_future_take(&self->collected));
    CAIRN_AWAIT(app_answer(app_tell(self->req)), out->value);
    return CAIRN_READY;
    CAIRN_ASYNC_END();
}

static void telling_drop(void *state)
{
    struct telling *self = state;
    cairn_async_drop(&self->async);
    cairn_future_drop(&self->collected);
}

static const struct cairn_future_ops telling_ops = {
    .name = "telling", .size = sizeof(struct telling), .poll = telling_poll, .drop = telling_drop};

static struct cairn_future app_collect(
    struct cairn_http_request *req, struct cairn_future collected)
{
    return cairn_future_box(&telling_ops, &(struct telling){.req = req, .collected = collected});
}

static struct cairn_future app_collect_kept(struct cairn_http_request *req)
{
    if (cairn_http_body_replay(req, 0) != 0)
        return cairn_future_failed(&cairn_error_no_memory);
    return app_collect(req, cairn_http_collect(req, 0));
}

/* Reads some of the body, and answers or fails. */
struct reading {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_stream stream;
    struct cairn_http_chunk *chunk;
    size_t length;
    size_t wanted;
    bool fails;
};

static enum cairn_poll reading_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error failed = CAIRN_ERROR_STATIC(CAIRN_ERROR_USER, "test", "as asked for");
    struct reading *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    self->stream = cairn_http_request_take_body(self->req);
    while (self->length < self->wanted) {
        CAIRN_AWAIT(cairn_stream_next(&self->stream), self->chunk);
        if (!self->chunk)
            break;
        self->length += self->chunk->bytes.length;
        cairn_http_chunk_free(self->chunk);
        self->chunk = NULL;
    }
    cairn_stream_drop(&self->stream);
    if (self->fails)
        CAIRN_ASYNC_FAIL(&failed);
    CAIRN_AWAIT(app_answer(cairn_http_text(self->req, 200, "half")), out->value);
    return CAIRN_READY;
    CAIRN_ASYNC_END();
}

static void reading_drop(void *state)
{
    struct reading *self = state;
    cairn_async_drop(&self->async);
    cairn_http_chunk_free(self->chunk);
    cairn_stream_drop(&self->stream);
}

static const struct cairn_future_ops reading_ops = {
    .name = "reading", .size = sizeof(struct reading), .poll = reading_poll, .drop = reading_drop};

/* Has itself woken a few times. */
struct late {
    struct cairn_http_request *req;
    int turns;
};

static enum cairn_poll late_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct late *self = state;
    if (self->turns-- > 0) {
        cairn_task_wake(cx->task);
        return CAIRN_PENDING;
    }
    struct cairn_future answer = app_answer(cairn_http_text(self->req, 200, "late"));
    return cairn_future_poll(&answer, cx, out);
}

static const struct cairn_future_ops late_ops = {
    .name = "late", .size = sizeof(struct late), .poll = late_poll};

struct shout {
    struct cairn_async async;
    struct cairn_byte_stream stream;
    size_t count;
    char buffer[1000];
};

static enum cairn_poll shout_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct shout *self = state;
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
}

static const struct cairn_future_ops shout_ops = {
    .name = "shout", .size = sizeof(struct shout), .poll = shout_poll, .drop = shout_drop};

static struct cairn_future begin_shout(void *cx, struct cairn_byte_stream stream)
{
    (void)cx;
    return cairn_future_box(&shout_ops, &(struct shout){.stream = stream});
}

static struct cairn_http_response *app_inform(struct cairn_http_request *req)
{
    struct cairn_http_fields fields = {.arena = req->arena};
    if (cairn_http_fields_add(&fields, CAIRN_STR("Link"), CAIRN_STR("</a>")) == 0)
        cairn_http_inform(req, 103, &fields);
    return cairn_http_text(req, 200, "informed");
}

static struct cairn_http_response *app_echo(struct cairn_http_request *req)
{
    int64_t length = cairn_http_request_length(req);
    return cairn_http_stream(req, 200, NULL, cairn_http_request_take_body(req), length);
}

static struct cairn_http_response *app_respond(struct cairn_http_request *req)
{
    int64_t length = (int64_t)app_numbers(req).first;
    if (is(req, "/echo"))
        return app_echo(req);
    if (is(req, "/file"))
        return app_file(req);
    if (is(req, "/gen"))
        return app_generate(req, false, -1);
    if (is(req, "/known"))
        return app_generate(req, false, length);
    if (is(req, "/trail"))
        return app_trail(req);
    if (is(req, "/break"))
        return app_generate(req, true, -1);
    if (is(req, "/short"))
        return app_generate(req, true, length + 1);
    if (is(req, "/inform"))
        return app_inform(req);
    if (is(req, "/upgrade"))
        return cairn_http_upgrade(req, "shout", begin_shout, NULL);
    return cairn_http_text(req, 200, "ignored");
}

static struct cairn_future app_handle(struct cairn_http_request *req, void *state)
{
    (void)state;
    if (cairn_http_on_end(req, app_ended, NULL) != 0)
        return cairn_future_failed(&cairn_error_no_memory);
    __atomic_fetch_add(&session_counted.begun, 1, __ATOMIC_RELEASE);
    if (is(req, "/collect"))
        return app_collect(req, cairn_http_collect(req, 0));
    if (is(req, "/spawned"))
        return app_collect(
            req, cairn_spawn_join(cairn_runtime_current(), cairn_http_collect(req, 0), NULL));
    if (is(req, "/kept"))
        return app_collect_kept(req);
    if (is(req, "/half") || is(req, "/fail"))
        return cairn_future_box(&reading_ops,
            &(struct reading){
                .req = req, .wanted = app_numbers(req).first, .fails = is(req, "/fail")});
    if (is(req, "/late"))
        return cairn_future_box(&late_ops, &(struct late){req, 5});
    return app_answer(app_respond(req));
}

struct cairn_service *session_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_http_stream_handler(app_handle, NULL);
}
