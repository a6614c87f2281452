/* channel.h - a bounded queue of values whose receiving end is a stream. */
#ifndef CAIRN_SERVICE_CHANNEL_H
#define CAIRN_SERVICE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/stream.h>

CAIRN_BEGIN_DECLS

struct cairn_sender;

struct cairn_channel_options {
    size_t size;
    size_t capacity;               /* values that may wait, 1 to 16777216; 0: 64 */
    const struct cairn_type *type; /* how a value is dropped that nobody took; NULL: no drop */
    bool cross_thread;             /* senders and receiver may be on different threads */
};

struct cairn_channel {
    struct cairn_sender *sender;
    struct cairn_stream receiver;
};

/* Makes both ends, owned by the caller. Returns NULL, or an error owned by the caller:
 * CAIRN_ERROR_INVALID, CAIRN_ERROR_MEMORY. OPTIONS may be NULL. */
CAIRN_API struct cairn_error *cairn_channel_new(
    const struct cairn_channel_options *options, struct cairn_channel *out);

/* One more sending end. The stream ends when the last one is closed and the queue is empty. */
CAIRN_API struct cairn_sender *cairn_sender_ref(struct cairn_sender *sender);
CAIRN_API void cairn_sender_unref(struct cairn_sender *sender);

/* READY: VALUE, not NULL, is taken. PENDING: there is no room, VALUE remains the caller's. FAILED:
 * the receiver is gone, VALUE remains the caller's. */
CAIRN_API enum cairn_poll cairn_sender_try_send(struct cairn_sender *sender, void *value);

/* A future that is READY, with no value, when VALUE has been queued; senders that wait are served
 * in order. Takes VALUE: when the future fails (CAIRN_ERROR_CLOSED: the receiver is gone) or is
 * dropped first, VALUE is dropped. Borrows SENDER until the future is dropped. */
CAIRN_API struct cairn_future cairn_sender_send(struct cairn_sender *sender, void *value);

/* Values queued now. */
CAIRN_API size_t cairn_sender_queued(struct cairn_sender *sender);

CAIRN_END_DECLS

#endif
