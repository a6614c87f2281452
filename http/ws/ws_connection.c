#include <cairn/http/ws/ws_connection.h>

#include <string.h>

#include <wslay/wslay.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

/* Messages that wait for who receives; then the connection is not read. What was read with them
 * still comes out of wslay's buffer. */
#define WS_ENOUGH_WAITING 16
#define WS_SENT_ENOUGH 65536
#define WS_FIRST_BYTES 256
#define WS_REASON_BYTES 123

/* A message that came in; its bytes stand behind it. */
struct ws_entry {
    struct cairn_ws_message message;
    struct ws_entry *next;
};

/* What comes in of a message, in frames. Grows with what has come. */
struct ws_incoming {
    struct ws_entry *entry;
    size_t capacity;
    bool is_control; /* the frame that comes in is one in between */
};

struct cairn_ws {
    struct cairn_ws_options options;
    struct cairn_str protocol;
    struct cairn_byte_stream stream;
    struct wslay_event_context *wslay;
    const struct cairn_context *cx; /* while it is driven */
    struct cairn_waker driver;
    struct cairn_waker receiver;
    struct cairn_waker sender;
    struct cairn_sleep_state ping;
    struct cairn_sleep_state closing;
    struct ws_incoming incoming;
    struct ws_entry *first; /* that wait, oldest first */
    struct ws_entry **last;
    size_t count;
    struct cairn_future user;
    bool has_heard;  /* something came since the last ping */
    bool has_pinged; /* and that one was sent */
    bool has_failed; /* what the peer sends cannot be read any more */
    bool is_gone;    /* the byte stream has ended */
    bool is_blocked; /* the byte stream had to wait, and knows whom to wake */
    bool is_dirty;   /* something changed that the driver has not seen */
};

/* ---- what comes in ------------------------------------------------------------------------------
 */

static void ws_fail(struct cairn_ws *self, uint16_t code)
{
    wslay_event_shutdown_read(self->wslay);
    wslay_event_queue_close(self->wslay, code, NULL, 0);
}

/* Tells wslay why nothing came or went. Takes ERROR. */
static ssize_t ws_stop(struct cairn_ws *self, enum cairn_poll p, struct cairn_error *error)
{
    cairn_error_unref(error);
    self->is_blocked = true;
    wslay_event_set_error(
        self->wslay, p == CAIRN_PENDING ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t ws_on_read(
    wslay_event_context_ptr wslay, uint8_t *buffer, size_t size, int flags, void *cx)
{
    struct cairn_ws *self = cx;
    struct cairn_error *error = NULL;
    size_t count = 0;
    enum cairn_poll p = CAIRN_PENDING;
    (void)wslay;
    (void)flags;
    if (self->count < WS_ENOUGH_WAITING)
        p = cairn_byte_stream_poll_read(
            &self->stream, self->cx, (char *)buffer, size, &count, &error);
    if (p == CAIRN_READY && count) {
        self->has_heard = true;
        return (ssize_t)count;
    }
    if (p != CAIRN_PENDING)
        self->is_gone = true;
    return ws_stop(self, p, error);
}

static void ws_on_frame(wslay_event_context_ptr wslay,
    const struct wslay_event_on_frame_recv_start_arg *frame, void *cx)
{
    struct cairn_ws *self = cx;
    (void)wslay;
    self->incoming.is_control = wslay_is_ctrl_frame(frame->opcode);
}

/* The entry, with room for LENGTH bytes; NULL without memory. */
static struct ws_entry *ws_reserve(struct ws_incoming *incoming, size_t length)
{
    size_t capacity = incoming->capacity ? incoming->capacity : WS_FIRST_BYTES;
    if (incoming->entry && length <= incoming->capacity)
        return incoming->entry;
    while (capacity < length)
        capacity *= 2;
    struct ws_entry *grown = cairn_resize(incoming->entry, sizeof(*grown) + capacity);
    if (!grown)
        return NULL;
    if (!incoming->entry)
        *grown = (struct ws_entry){0};
    grown->message.data.data = (const char *)(grown + 1);
    incoming->entry = grown;
    incoming->capacity = capacity;
    return grown;
}

static void ws_on_chunk(wslay_event_context_ptr wslay,
    const struct wslay_event_on_frame_recv_chunk_arg *chunk, void *cx)
{
    struct cairn_ws *self = cx;
    struct ws_incoming *incoming = &self->incoming;
    size_t held = incoming->entry ? incoming->entry->message.data.length : 0;
    (void)wslay;
    if (incoming->is_control || chunk->data_length == 0 ||
        !wslay_event_get_read_enabled(self->wslay))
        return;
    if (chunk->data_length > self->options.max_message - held) {
        ws_fail(self, WSLAY_CODE_MESSAGE_TOO_BIG);
        return;
    }
    struct ws_entry *entry = ws_reserve(incoming, held + chunk->data_length);
    if (!entry) {
        ws_fail(self, WSLAY_CODE_INTERNAL_SERVER_ERROR);
        return;
    }
    memcpy((char *)(entry + 1) + held, chunk->data, chunk->data_length);
    entry->message.data.length = held + chunk->data_length;
}

static void ws_on_message(
    wslay_event_context_ptr wslay, const struct wslay_event_on_msg_recv_arg *arg, void *cx)
{
    struct cairn_ws *self = cx;
    (void)wslay;
    if (wslay_is_ctrl_frame(arg->opcode) || !wslay_event_get_read_enabled(self->wslay))
        return;
    struct ws_entry *entry = ws_reserve(&self->incoming, 1); /* there is none for an empty one */
    if (!entry) {
        ws_fail(self, WSLAY_CODE_INTERNAL_SERVER_ERROR);
        return;
    }
    self->incoming = (struct ws_incoming){0};
    entry->message.is_text = arg->opcode == WSLAY_TEXT_FRAME;
    *self->last = entry;
    self->last = &entry->next;
    self->count++;
    self->is_dirty = true;
    cairn_wake(&self->receiver);
}

/* Whether no further message will come out. */
static bool ws_has_ended(const struct cairn_ws *self)
{
    return self->is_gone || self->has_failed || !wslay_event_get_read_enabled(self->wslay);
}

static enum cairn_poll ws_poll_receive(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_ws *self = state;
    struct ws_entry *entry = self->first;
    out->value = entry;
    if (!entry && !ws_has_ended(self)) {
        cairn_waker_set(&self->receiver, cx);
        return CAIRN_PENDING;
    }
    if (!entry)
        return CAIRN_READY;
    self->first = entry->next;
    if (!self->first)
        self->last = &self->first;
    if (self->count-- == WS_ENOUGH_WAITING) { /* there is room to read again */
        self->is_dirty = true;
        cairn_wake(&self->driver);
    }
    return CAIRN_READY;
}

static enum cairn_poll ws_receive_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    return ws_poll_receive(*(struct cairn_ws **)state, cx, out);
}

static const struct cairn_future_ops ws_receive_ops = {
    .name = "ws_receive", .size = sizeof(struct cairn_ws *), .poll = ws_receive_poll};

struct cairn_future cairn_ws_receive(struct cairn_ws *ws)
{
    return cairn_future_box(&ws_receive_ops, &ws);
}

static const struct cairn_stream_ops ws_messages_ops = {
    .name = "ws_messages", .poll_next = ws_poll_receive};

struct cairn_stream cairn_ws_messages(struct cairn_ws *ws)
{
    return (struct cairn_stream){&ws_messages_ops, ws};
}

/* ---- what goes out ------------------------------------------------------------------------------
 */

static ssize_t ws_on_write(
    wslay_event_context_ptr wslay, const uint8_t *data, size_t length, int flags, void *cx)
{
    struct cairn_ws *self = cx;
    struct cairn_error *error = NULL;
    size_t count = 0;
    (void)wslay;
    (void)flags;
    enum cairn_poll p = cairn_byte_stream_poll_write(
        &self->stream, self->cx, (const char *)data, length, &count, &error);
    if (p == CAIRN_READY)
        return (ssize_t)count;
    if (p == CAIRN_FAILED)
        self->is_gone = true;
    return ws_stop(self, p, error);
}

static size_t ws_queued(const struct cairn_ws *self)
{
    return wslay_event_get_queued_msg_length(self->wslay);
}

int cairn_ws_try_send(struct cairn_ws *ws, bool is_text, struct cairn_str data)
{
    const struct wslay_event_msg message = {
        .opcode = is_text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME,
        .msg = (const uint8_t *)data.data,
        .msg_length = data.length};
    size_t queued = ws_queued(ws);
    if (ws->is_gone || (queued && data.length > ws->options.max_queued - queued) ||
        queued >= ws->options.max_queued || wslay_event_queue_msg(ws->wslay, &message) != 0)
        return -1;
    ws->is_dirty = true;
    cairn_wake(&ws->driver);
    return 0;
}

static enum cairn_poll ws_send_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_ws *self = *(struct cairn_ws **)state;
    out->value = NULL;
    if (self->is_gone || ws_queued(self) < WS_SENT_ENOUGH)
        return CAIRN_READY;
    cairn_waker_set(&self->sender, cx);
    return CAIRN_PENDING;
}

static const struct cairn_future_ops ws_send_ops = {
    .name = "ws_send", .size = sizeof(struct cairn_ws *), .poll = ws_send_poll};

struct cairn_future cairn_ws_send(struct cairn_ws *ws, bool is_text, struct cairn_str data)
{
    static struct cairn_error closed =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "ws", "the connection takes no more messages");
    if (cairn_ws_try_send(ws, is_text, data) != 0)
        return cairn_future_failed(&closed);
    if (ws_queued(ws) < WS_SENT_ENOUGH)
        return cairn_future_ready(NULL);
    return cairn_future_box(&ws_send_ops, &ws);
}

void cairn_ws_close(struct cairn_ws *ws, uint16_t code, const char *reason)
{
    size_t length = reason ? strlen(reason) : 0;
    if (length > WS_REASON_BYTES)
        length = WS_REASON_BYTES;
    wslay_event_queue_close(ws->wslay, code, (const uint8_t *)reason, length);
    ws->is_dirty = true;
    cairn_wake(&ws->driver);
}

uint16_t cairn_ws_close_code(const struct cairn_ws *ws)
{
    return wslay_event_get_status_code_received(ws->wslay);
}

struct cairn_str cairn_ws_protocol(const struct cairn_ws *ws)
{
    return ws->protocol;
}

/* ---- the driver ---------------------------------------------------------------------------------
 */

/* Asks for a sign of life now and then. */
static void ws_mind_ping(struct cairn_ws *self)
{
    static const struct wslay_event_msg ping = {.opcode = WSLAY_PING};
    if (self->ping.at_ms == 0)
        self->ping.at_ms = cairn_runtime_deadline_ms(self->cx->runtime, self->options.ping_ms);
    if (self->is_gone || cairn_sleep_poll(&self->ping, self->cx) == CAIRN_PENDING)
        return;
    self->ping.at_ms = 0;
    self->is_dirty = true;
    if (self->has_pinged && !self->has_heard) {
        self->is_gone = true;
        cairn_wake(&self->receiver);
        return;
    }
    self->has_pinged = wslay_event_queue_msg(self->wslay, &ping) == 0;
    self->has_heard = false;
}

/* wslay may stop between two steps; it is done when the byte stream has to wait. */
static void ws_read(struct cairn_ws *self)
{
    self->is_blocked = false;
    while (!ws_has_ended(self) && !self->is_blocked) {
        if (wslay_event_recv(self->wslay) != 0)
            self->has_failed = true; /* a frame that is none; wslay has queued a close */
        if (ws_has_ended(self)) {
            self->is_dirty = true;
            cairn_wake(&self->receiver);
        }
    }
}

static void ws_write(struct cairn_ws *self)
{
    self->is_blocked = false;
    while (!self->is_gone && !self->is_blocked && wslay_event_want_write(self->wslay)) {
        if (wslay_event_send(self->wslay) != 0)
            self->is_gone = true;
    }
    if ((self->is_gone || ws_queued(self) < WS_SENT_ENOUGH) && cairn_wake(&self->sender))
        self->is_dirty = true; /* it may be polled by this very task */
}

/* What is done with the connection; when that has ended, the connection ends. */
static void ws_run(struct cairn_ws *self)
{
    union cairn_outcome out;
    if (cairn_future_is_empty(&self->user))
        return;
    enum cairn_poll p = cairn_future_poll(&self->user, self->cx, &out);
    if (p == CAIRN_PENDING)
        return;
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    cairn_ws_close(self,
        p == CAIRN_READY ? WSLAY_CODE_NORMAL_CLOSURE : WSLAY_CODE_INTERNAL_SERVER_ERROR, NULL);
}

/* After a violation nothing of the peer is read any more but that it has gone. */
static void ws_discard(struct cairn_ws *self)
{
    char bytes[1024];
    size_t count = 1;
    enum cairn_poll p = CAIRN_READY;
    struct cairn_error *error = NULL;
    while (p == CAIRN_READY && count)
        p = cairn_byte_stream_poll_read(
            &self->stream, self->cx, bytes, sizeof(bytes), &count, &error);
    cairn_error_unref(error);
    self->is_gone = p != CAIRN_PENDING;
}

/* Whether both halves of the close handshake are through, or nobody is there for ours. */
static bool ws_is_over(struct cairn_ws *self)
{
    if (!self->is_gone && !wslay_event_get_close_sent(self->wslay))
        return false;
    if (!self->is_gone && !wslay_event_get_read_enabled(self->wslay))
        ws_discard(self);
    if (self->is_gone)
        return true;
    if (self->has_failed || wslay_event_get_close_received(self->wslay))
        return true;
    if (self->closing.at_ms == 0)
        self->closing.at_ms = cairn_runtime_deadline_ms(self->cx->runtime, self->options.close_ms);
    return cairn_sleep_poll(&self->closing, self->cx) == CAIRN_READY;
}

static enum cairn_poll ws_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_ws *self = *(struct cairn_ws **)state;
    self->cx = cx;
    cairn_waker_set(&self->driver, cx);
    if (cairn_byte_stream_is_closing(&self->stream))
        cairn_ws_close(self, WSLAY_CODE_GOING_AWAY, NULL);
    do {
        self->is_dirty = false;
        ws_mind_ping(self);
        ws_read(self);
        ws_run(self);
        ws_write(self);
    } while (self->is_dirty);
    out->value = NULL;
    return ws_is_over(self) ? CAIRN_READY : CAIRN_PENDING;
}

static void ws_free(struct cairn_ws *self)
{
    cairn_future_drop(&self->user);
    cairn_sleep_stop(&self->ping);
    cairn_sleep_stop(&self->closing);
    cairn_waker_clear(&self->driver);
    cairn_waker_clear(&self->receiver);
    cairn_waker_clear(&self->sender);
    while (self->first) {
        struct ws_entry *entry = self->first;
        self->first = entry->next;
        cairn_free(entry);
    }
    cairn_free(self->incoming.entry);
    if (self->wslay)
        wslay_event_context_free(self->wslay);
    cairn_byte_stream_drop(&self->stream);
    cairn_free(self);
}

static void ws_drop(void *state)
{
    ws_free(*(struct cairn_ws **)state);
}

static const struct cairn_future_ops ws_ops = {
    .name = "ws", .size = sizeof(struct cairn_ws *), .poll = ws_poll, .drop = ws_drop};

static int ws_init(struct cairn_ws *self)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = ws_on_read,
        .send_callback = ws_on_write,
        .on_frame_recv_start_callback = ws_on_frame,
        .on_frame_recv_chunk_callback = ws_on_chunk,
        .on_msg_recv_callback = ws_on_message,
    };
    if (wslay_event_context_server_init(&self->wslay, &callbacks, self) != 0)
        return -1;
    /* Not buffered by wslay, which takes memory for what a frame announces. */
    wslay_event_config_set_no_buffering(self->wslay, 1);
    wslay_event_config_set_max_recv_msg_length(self->wslay, self->options.max_frame);
    return 0;
}

struct cairn_future cairn__ws_begin(const struct cairn_ws_options *options,
    struct cairn_str protocol, struct cairn_future (*run)(struct cairn_ws *ws, void *cx), void *cx,
    struct cairn_byte_stream stream)
{
    struct cairn_ws *self = cairn_alloc_zero(sizeof(*self));
    if (!self) {
        cairn_byte_stream_drop(&stream);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    self->options = *options;
    self->protocol = protocol;
    self->stream = stream;
    self->last = &self->first;
    if (ws_init(self) != 0) {
        ws_free(self);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    self->user = run(self, cx);
    return cairn_future_box(&ws_ops, &self);
}
