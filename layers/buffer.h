/* buffer.h - a queue in front of a service, and a worker that owns it. Tower's Buffer. */
#ifndef CAIRN_LAYERS_BUFFER_H
#define CAIRN_LAYERS_BUFFER_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Copies are handles of one queue; a worker owns inner, polls it ready, calls it, and hands back
 * the response future, which the caller drives. So what cannot be cloned, a connection say, gets as
 * many users as there are copies, and waits for readiness on its own, in a task.
 *
 * Not ready while the queue is full. Readiness reserves one place for its handle, first come first
 * served, and the call puts the request there; the worker holds one more in its hand while inner is
 * not ready. A request whose future is dropped before inner got it leaves the queue at once, and
 * inner never sees it. Requests are served in the order of their calls, each under the deadline
 * that held at its call (layers/deadline.h).
 *
 * When inner's readiness fails, that is the end: readiness and calls of every copy, and all that is
 * queued, fail with the same error, of inner's code, layer "buffer", message "the service has
 * failed", with inner's error as source. When the worker is dropped first, or its runtime is freed,
 * they fail with CAIRN_ERROR_CLOSED, "the worker is gone". Calls that inner has already got are not
 * affected. The worker ends when the last handle is gone and the queue is empty.
 *
 * Works on any type, for one runtime; may be cloned, whatever inner says. Refused on a thread
 * without a runtime. Invalid: bound out of range. Counts: `queued`, `abandoned` (dropped before
 * inner got it). What is inside is described as part of it.
 *
 * Place: outside of what shall be shared or may not be cloned. A handle that is ready and does not
 * call keeps its place from the others: choose a bound above the number of such handles.
 */
struct cairn_buffer_options {
    size_t size;
    size_t bound; /* places in the queue, 1 to 1048576; 0: 1024 */
};

/* OPTIONS may be NULL: all defaults. The worker is spawned on the calling thread's runtime. */
CAIRN_API struct cairn_layer cairn_buffer_layer(const struct cairn_buffer_options *options);

/* cairn_buffer(.bound = 64) */
#define cairn_buffer(...)                                    \
    cairn_buffer_layer(&(const struct cairn_buffer_options){ \
        .size = sizeof(struct cairn_buffer_options), __VA_ARGS__})

/*
 * The same in two pieces, for who schedules the worker himself: returns the first handle, and
 * *WORKER, a future that does the worker's work when it is polled and is READY, with no value, at
 * its end. Both are the caller's. Takes INNER. Never NULL: when INNER is broken, the bound is out
 * of range or memory is lacking, the service is broken and *WORKER complete.
 */
CAIRN_API struct cairn_service *cairn_buffer_pair(struct cairn_service *inner,
    const struct cairn_buffer_options *options, struct cairn_future *worker);

CAIRN_END_DECLS

#endif
