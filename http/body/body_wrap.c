#include <cairn/http/body.h>

#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

/* Every wrapper begins with the stream it wraps. */
static void wrap_drop_inner(void *state)
{
    cairn_stream_drop(state);
}

static enum cairn_poll wrap_fail(union cairn_outcome *out, struct cairn_error *error)
{
    cairn_http_chunk_free(out->value);
    out->error = error;
    return CAIRN_FAILED;
}

struct map_body {
    struct cairn_stream inner;
    struct cairn_http_chunk *(*f)(void *cx, struct cairn_http_chunk *chunk);
    void *cx;
};

static enum cairn_poll map_body_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct map_body *self = state;
    enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
    if (p || !out->value)
        return p;
    out->value = self->f(self->cx, out->value);
    return out->value ? CAIRN_READY : wrap_fail(out, &cairn_error_no_memory);
}

static const struct cairn_stream_ops map_body_ops = {.name = "body_map",
    .size = sizeof(struct map_body),
    .poll_next = map_body_poll_next,
    .drop = wrap_drop_inner};

struct cairn_stream cairn_http_body_map(struct cairn_stream inner,
    struct cairn_http_chunk *(*f)(void *cx, struct cairn_http_chunk *chunk), void *cx)
{
    return cairn_stream_box(&map_body_ops, &(struct map_body){inner, f, cx});
}

struct limit_body {
    struct cairn_stream inner;
    uint64_t left;
};

static struct cairn_error limit_body_over =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_TOO_LARGE, "http.body", "the body is over its limit");

static enum cairn_poll limit_body_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct limit_body *self = state;
    enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
    if (p || !out->value)
        return p;
    const struct cairn_http_chunk *chunk = out->value;
    if (chunk->bytes.length > self->left)
        return wrap_fail(out, &limit_body_over);
    self->left -= chunk->bytes.length;
    return CAIRN_READY;
}

static const struct cairn_stream_ops limit_body_ops = {.name = "body_limit",
    .size = sizeof(struct limit_body),
    .poll_next = limit_body_poll_next,
    .drop = wrap_drop_inner};

struct cairn_stream cairn_http_body_limit(struct cairn_stream inner, uint64_t max_bytes)
{
    return cairn_stream_box(&limit_body_ops, &(struct limit_body){inner, max_bytes});
}

/* A deadline has its time set from the beginning; an idle timeout each time a chunk is waited for.
 */
struct timed_body {
    struct cairn_stream inner;
    struct cairn_sleep_state sleep;
    uint64_t idle_ms; /* 0: a deadline */
    struct cairn_error *elapsed;
};

/* What INNER had at once. A deadline holds for a body that never has to be waited for, too. */
static enum cairn_poll timed_body_pass(struct timed_body *self, const struct cairn_context *cx,
    enum cairn_poll p, union cairn_outcome *out)
{
    if (self->idle_ms) {
        cairn_sleep_stop(&self->sleep);
        self->sleep.at_ms = 0;
    } else if (p == CAIRN_READY && out->value &&
               cairn_runtime_now_ms(cx->runtime) >= self->sleep.at_ms) {
        return wrap_fail(out, self->elapsed);
    }
    return p;
}

static enum cairn_poll timed_body_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct timed_body *self = state;
    enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
    if (p != CAIRN_PENDING)
        return timed_body_pass(self, cx, p, out);
    if (self->sleep.at_ms == 0)
        self->sleep.at_ms = cairn_runtime_deadline_ms(cx->runtime, self->idle_ms);
    if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
        return CAIRN_PENDING;
    out->error = self->elapsed;
    return CAIRN_FAILED;
}

static void timed_body_drop(void *state)
{
    struct timed_body *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn_stream_drop(&self->inner);
}

static const struct cairn_stream_ops timed_body_ops = {.name = "body_timeout",
    .size = sizeof(struct timed_body),
    .poll_next = timed_body_poll_next,
    .drop = timed_body_drop};

static struct cairn_error *timed_body_error(enum cairn_error_code code)
{
    static struct cairn_error slow =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_SLOW, "http.body", "the body came too slowly");
    static struct cairn_error elapsed =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_ELAPSED, "http.body", "the body took too long");
    return code == CAIRN_ERROR_SLOW ? &slow : &elapsed;
}

struct cairn_stream cairn_http_body_deadline(
    struct cairn_stream inner, uint64_t after_ms, enum cairn_error_code code)
{
    struct timed_body state = {.inner = inner, .elapsed = timed_body_error(code)};
    state.sleep.at_ms = cairn_runtime_deadline_ms(cairn_runtime_current(), after_ms);
    return cairn_stream_box(&timed_body_ops, &state);
}

struct cairn_stream cairn_http_body_idle_timeout(
    struct cairn_stream inner, uint64_t idle_ms, enum cairn_error_code code)
{
    const struct timed_body state = {
        .inner = inner, .idle_ms = idle_ms, .elapsed = timed_body_error(code)};
    return cairn_stream_box(&timed_body_ops, &state);
}

struct ending_body {
    struct cairn_stream inner;
    void (*done)(void *cx, const struct cairn_error *error);
    void *cx;
};

static void ending_body_tell(struct ending_body *self, const struct cairn_error *error)
{
    void (*done)(void *cx, const struct cairn_error *error) = self->done;
    self->done = NULL;
    if (done)
        done(self->cx, error);
}

static enum cairn_poll ending_body_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct ending_body *self = state;
    enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
    if (p == CAIRN_FAILED)
        ending_body_tell(self, out->error);
    else if (p == CAIRN_READY && !out->value)
        ending_body_tell(self, NULL);
    return p;
}

static void ending_body_drop(void *state)
{
    static const struct cairn_error dropped =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CANCELLED, "http.body", "dropped before its end");
    struct ending_body *self = state;
    cairn_stream_drop(&self->inner);
    ending_body_tell(self, &dropped);
}

static const struct cairn_stream_ops ending_body_ops = {.name = "body_on_end",
    .size = sizeof(struct ending_body),
    .poll_next = ending_body_poll_next,
    .drop = ending_body_drop};

struct cairn_stream cairn_http_body_on_end(
    struct cairn_stream inner, void (*done)(void *cx, const struct cairn_error *error), void *cx)
{
    return cairn_stream_box(&ending_body_ops, &(struct ending_body){inner, done, cx});
}
