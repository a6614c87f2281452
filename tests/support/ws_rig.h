/* ws_rig.h - a byte stream that a test plays, and the frames of a WebSocket client. Internal. */
#ifndef CAIRN_TESTKIT_WS_RIG_H
#define CAIRN_TESTKIT_WS_RIG_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/service/byte_stream.h>

/* What the client sends, and what it gets. */
struct wire {
    struct cairn_byte_stream stream; /* to be handed over */
    struct cairn_waker reader;
    struct cairn_waker writer;
    char in[1 << 17];
    size_t in_begin;
    size_t in_end;
    size_t step; /* bytes at most in one read and one write; 0: any number */
    char out[1 << 17];
    size_t out_length;
    size_t out_room; /* bytes that the client still takes */
    bool has_ended;  /* the client's end */
    bool is_closing; /* the server drains */
    int drops;
};

static inline size_t wire_step(const struct wire *self, size_t length)
{
    return self->step && length > self->step ? self->step : length;
}

static inline enum cairn_poll wire_poll_read(void *state, const struct cairn_context *cx,
    char *buffer, size_t size, size_t *count, struct cairn_error **error)
{
    struct wire *self = state;
    size_t held = self->in_end - self->in_begin;
    (void)error;
    if (held == 0 && !self->has_ended) {
        cairn_waker_set(&self->reader, cx);
        return CAIRN_PENDING;
    }
    *count = wire_step(self, held < size ? held : size);
    memcpy(buffer, self->in + self->in_begin, *count);
    self->in_begin += *count;
    return CAIRN_READY;
}

static inline enum cairn_poll wire_poll_write(void *state, const struct cairn_context *cx,
    const char *data, size_t length, size_t *count, struct cairn_error **error)
{
    struct wire *self = state;
    (void)error;
    *count = wire_step(self, length < self->out_room ? length : self->out_room);
    if (*count == 0) {
        cairn_waker_set(&self->writer, cx);
        return CAIRN_PENDING;
    }
    memcpy(self->out + self->out_length, data, *count);
    self->out_length += *count;
    self->out_room -= *count;
    return CAIRN_READY;
}

static inline void wire_drop(void *state)
{
    struct wire *self = state;
    cairn_waker_clear(&self->reader);
    cairn_waker_clear(&self->writer);
    self->drops++;
}

static inline bool wire_is_closing(const void *state)
{
    return ((const struct wire *)state)->is_closing;
}

static inline void wire_init(struct wire *self)
{
    static const struct cairn_byte_stream_ops ops = {.name = "wire",
        .poll_read = wire_poll_read,
        .poll_write = wire_poll_write,
        .drop = wire_drop,
        .is_closing = wire_is_closing};
    memset(self, 0, sizeof(*self));
    self->stream = (struct cairn_byte_stream){&ops, self};
    self->out_room = sizeof(self->out);
}

static inline void wire_send_bytes(struct wire *self, const void *data, size_t length)
{
    memcpy(self->in + self->in_end, data, length);
    self->in_end += length;
    cairn_wake(&self->reader);
}

/* A masked frame; the mask is not zero. FLAGS: FIN and opcode. */
static inline void wire_send_frame(
    struct wire *self, uint8_t flags, const void *data, size_t length)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    uint8_t head[14] = {flags};
    size_t size = 2;
    if (length < 126) {
        head[1] = (uint8_t)(0x80 | length);
    } else if (length < 65536) {
        head[1] = 0x80 | 126;
        head[2] = (uint8_t)(length >> 8);
        head[3] = (uint8_t)length;
        size = 4;
    } else {
        head[1] = 0x80 | 127;
        for (int i = 0; i < 8; i++)
            head[2 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
        size = 10;
    }
    memcpy(head + size, mask, 4);
    wire_send_bytes(self, head, size + 4);
    char *masked = self->in + self->in_end;
    for (size_t i = 0; i < length; i++)
        masked[i] = (char)(((const uint8_t *)data)[i] ^ mask[i % 4]);
    self->in_end += length;
    cairn_wake(&self->reader);
}

static inline void wire_send_text(struct wire *self, const char *text)
{
    wire_send_frame(self, 0x81, text, strlen(text));
}

#endif
