/* byte_stream.h - bytes both ways: a connection, whatever carries it. After Rust's AsyncRead and
 * AsyncWrite. */
#ifndef CAIRN_SERVICE_BYTE_STREAM_H
#define CAIRN_SERVICE_BYTE_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/future.h>
#include <cairn/service/str.h>
#include <cairn/service/type.h>

CAIRN_BEGIN_DECLS

/* One kind of byte stream. Static const data. A stream is owned by one holder, on one runtime. */
struct cairn_byte_stream_ops {
    const char *name;
    /* READY with *COUNT bytes, at least 1, in BUFFER, or with 0 at the peer's end. PENDING stored
     * the waker. FAILED with *ERROR owned by the caller. SIZE is not 0. */
    enum cairn_poll (*poll_read)(void *state, const struct cairn_context *cx, char *buffer,
        size_t size, size_t *count, struct cairn_error **error);
    /* READY with *COUNT bytes of DATA taken, at least 1. PENDING stored the waker, apart from that
     * of reading. LENGTH is not 0. */
    enum cairn_poll (*poll_write)(void *state, const struct cairn_context *cx, const char *data,
        size_t length, size_t *count, struct cairn_error **error);
    /* Ends our direction when all that was written is out; reading goes on. */
    enum cairn_poll (*poll_shutdown)(
        void *state, const struct cairn_context *cx, struct cairn_error **error);
    /* Closes at once. */
    void (*drop)(void *state);
    /* Whether whoever runs the stream wants it to end soon: a server that drains. It wakes the
     * reader when that begins. NULL: never. */
    bool (*is_closing)(const void *state);
};

/* Passed by value. All zero is the empty one. */
struct cairn_byte_stream {
    const struct cairn_byte_stream_ops *ops;
    void *state;
};

static inline enum cairn_poll cairn_byte_stream_poll_read(struct cairn_byte_stream *s,
    const struct cairn_context *cx, char *buffer, size_t size, size_t *count,
    struct cairn_error **error)
{
    return s->ops->poll_read(s->state, cx, buffer, size, count, error);
}

static inline enum cairn_poll cairn_byte_stream_poll_write(struct cairn_byte_stream *s,
    const struct cairn_context *cx, const char *data, size_t length, size_t *count,
    struct cairn_error **error)
{
    return s->ops->poll_write(s->state, cx, data, length, count, error);
}

static inline enum cairn_poll cairn_byte_stream_poll_shutdown(
    struct cairn_byte_stream *s, const struct cairn_context *cx, struct cairn_error **error)
{
    return s->ops->poll_shutdown(s->state, cx, error);
}

static inline bool cairn_byte_stream_is_closing(const struct cairn_byte_stream *s)
{
    return s->ops->is_closing && s->ops->is_closing(s->state);
}

/*
 * The same as futures, for async functions. Both borrow S and what they are given until they are
 * dropped.
 */

/* Reads once, SIZE bytes at most: READY with a pointer to the size_t count, which is COUNT; 0 at
 * the peer's end. */
CAIRN_API struct cairn_future cairn_byte_stream_read(
    struct cairn_byte_stream *s, char *buffer, size_t size, size_t *count);
/* Writes all of DATA: READY with NULL. */
CAIRN_API struct cairn_future cairn_byte_stream_write(
    struct cairn_byte_stream *s, const char *data, size_t length);
/* Ends our direction: READY with NULL. */
CAIRN_API struct cairn_future cairn_byte_stream_shutdown(struct cairn_byte_stream *s);

/* Closes S and empties it. An empty one: nothing. */
static inline void cairn_byte_stream_drop(struct cairn_byte_stream *s)
{
    if (s->ops)
        s->ops->drop(s->state);
    s->ops = 0;
}

/*
 * A byte stream as a response, of a connector say: "byte_stream". Its values are boxed ones, which
 * a drop closes; they cannot be cloned.
 */
CAIRN_API extern const struct cairn_type cairn_byte_stream_type;
/* Takes S, also on failure. Owned by the caller, or NULL without memory. */
CAIRN_API struct cairn_byte_stream *cairn_byte_stream_box(struct cairn_byte_stream s);
/* Moves the stream out and frees the box. Takes BOX; NULL gives the empty stream. */
CAIRN_API struct cairn_byte_stream cairn_byte_stream_unbox(struct cairn_byte_stream *box);

CAIRN_END_DECLS

#endif
