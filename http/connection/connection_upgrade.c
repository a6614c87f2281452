#include <cairn/http/connection/connection.h>

#include <sys/socket.h>

#include <cairn/http/server/worker.h>
#include <cairn/http/upgrade.h>

static struct cairn_error upgraded_gone =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "http.upgrade", "the connection is gone");

static enum cairn_poll upgraded_fail(struct cairn_error **error)
{
    *error = &upgraded_gone;
    return CAIRN_FAILED;
}

static enum cairn_poll upgraded_poll_read(void *state, const struct cairn_context *cx, char *buffer,
    size_t size, size_t *count, struct cairn_error **error)
{
    struct cairn__connection *self = ((struct cairn__exchange *)state)->connection;
    size_t held = cairn__buffer_length(&self->input);
    if (self->state == CAIRN__DEAD)
        return upgraded_fail(error);
    if (held == 0 && !self->is_peer_closed) {
        cairn_waker_set(&self->exchange->upgraded->reader, cx);
        return CAIRN_PENDING;
    }
    *count = held < size ? held : size;
    if (*count == 0)
        return CAIRN_READY;
    memcpy(buffer, cairn__buffer_bytes(&self->input), *count);
    cairn__buffer_consume(&self->input, *count);
    cairn__connection_set_reading(self);
    return CAIRN_READY;
}

static enum cairn_poll upgraded_poll_write(void *state, const struct cairn_context *cx,
    const char *data, size_t length, size_t *count, struct cairn_error **error)
{
    struct cairn__connection *self = ((struct cairn__exchange *)state)->connection;
    if (self->state == CAIRN__DEAD)
        return upgraded_fail(error);
    size_t high = self->worker->options->limits.output_high_bytes;
    if (cairn__buffer_length(&self->queued) >= high) {
        cairn_waker_set(&self->exchange->upgraded->writer, cx);
        return CAIRN_PENDING;
    }
    *count = length < high ? length : high;
    return cairn__connection_say(self, data, *count) == 0 ? CAIRN_READY : upgraded_fail(error);
}

static enum cairn_poll upgraded_poll_shutdown(
    void *state, const struct cairn_context *cx, struct cairn_error **error)
{
    struct cairn__connection *self = ((struct cairn__exchange *)state)->connection;
    if (self->state == CAIRN__DEAD)
        return upgraded_fail(error);
    if (cairn__buffer_length(&self->queued)) {
        cairn_waker_set(&self->exchange->upgraded->writer, cx);
        return CAIRN_PENDING;
    }
    shutdown(self->io.fd, SHUT_WR);
    return CAIRN_READY;
}

static void upgraded_drop(void *state)
{
    struct cairn__exchange *self = state;
    cairn_waker_clear(&self->upgraded->reader);
    cairn_waker_clear(&self->upgraded->writer);
}

static bool upgraded_is_closing(const void *state)
{
    const struct cairn__exchange *self = state;
    return self->connection->worker->has_drained;
}

static const struct cairn_byte_stream_ops upgraded_ops = {
    .name = "http_upgrade",
    .poll_read = upgraded_poll_read,
    .poll_write = upgraded_poll_write,
    .poll_shutdown = upgraded_poll_shutdown,
    .drop = upgraded_drop,
    .is_closing = upgraded_is_closing,
};

void cairn__upgraded_wake_reader(struct cairn__connection *self)
{
    cairn_wake(&self->exchange->upgraded->reader);
}

void cairn__upgraded_wake_writer(struct cairn__connection *self)
{
    if (cairn__buffer_length(&self->queued) <= self->worker->options->limits.output_low_bytes)
        cairn_wake(&self->exchange->upgraded->writer);
}

/* Whatever came of it, the connection has done its duty. */
static void upgraded_end(struct cairn__connection *self)
{
    struct cairn__exchange *exchange = self->exchange;
    exchange->base.end.reason = CAIRN_HTTP_COMPLETE;
    self->exchange = NULL;
    self->worker->counters.responses++;
    cairn__exchange_free(exchange);
    self->state = CAIRN__CLOSING;
}

void cairn__upgraded_poll(struct cairn__connection *self)
{
    const struct cairn_context cx = cairn__connection_context(self);
    union cairn_outcome out;
    enum cairn_poll p = cairn_future_poll(&self->exchange->future, &cx, &out);
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    if (p != CAIRN_PENDING && self->state != CAIRN__DEAD)
        upgraded_end(self);
}

void cairn__connection_upgrade(struct cairn__connection *self, struct cairn_http_response *res)
{
    struct cairn__exchange *exchange = self->exchange;
    struct cairn__upgraded *upgraded = cairn_arena_alloc(exchange->arena, sizeof(*upgraded));
    if (!res->upgrade || !upgraded || !cairn__inbound_settle(self) ||
        cairn__connection_put_head(self, res) == 0) {
        if (self->state != CAIRN__DEAD)
            cairn__connection_respond_broken(self);
        return;
    }
    *upgraded = (struct cairn__upgraded){{NULL}, {NULL}};
    exchange->upgraded = upgraded;
    self->state = CAIRN__UPGRADED;
    exchange->future =
        res->upgrade->begin(res->upgrade->cx, (struct cairn_byte_stream){&upgraded_ops, exchange});
    cairn__connection_flush(self);
    if (self->state != CAIRN__DEAD)
        cairn__upgraded_poll(self);
}
