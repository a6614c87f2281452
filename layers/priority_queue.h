/* priority_queue.h - a queue that serves what matters first, and sheds what would come too late. */
#ifndef CAIRN_LAYERS_PRIORITY_QUEUE_H
#define CAIRN_LAYERS_PRIORITY_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_priority { CAIRN_PRIORITY_NORMAL = 0, CAIRN_PRIORITY_CRITICAL, CAIRN_PRIORITY_BULK };

/* As `target_ms`: nothing is shed because the queue does not drain. */
#define CAIRN_PRIORITY_QUEUE_NO_TARGET UINT64_MAX

/*
 * Always ready, until inner is dead. While inner is ready and nobody waits, calls go straight
 * through. Others wait in their futures for inner's readiness, which a worker drives: critical
 * before normal before bulk, and in each the order of the calls. Copies are handles of one queue;
 * inner need not be cloneable.
 *
 * Three things keep the queue from serving who has gone:
 *
 * - a call whose deadline (layers/deadline.h) has passed, or that has waited for `max_wait_ms`, is
 *   never begun: it fails with CAIRN_ERROR_ELAPSED, "waited until it was too late";
 * - when the queue is full, a call takes the place of the latest of the least priority below its
 *   own, which fails with CAIRN_ERROR_OVERLOADED, "gave its place to a more important call"; where
 *   there is none it fails itself, "the queue is full";
 * - when those of one priority have waited for longer than `target_ms` all through an
 *   `interval_ms`, some of them are shed, more and more until the wait is short again (CoDel, RFC
 *   8289): CAIRN_ERROR_OVERLOADED, "the queue does not drain". The last one of its priority stays.
 *
 * These errors are static, of layer "priority_queue". A call that is dropped while it waits leaves
 * the queue at once. When inner's readiness fails, readiness and calls of every copy, and all that
 * wait, fail with one error, of inner's code, message "the service has failed" and inner's error as
 * source; when the runtime ends first, with CAIRN_ERROR_CLOSED.
 *
 * Works on any type, for one runtime. Refused on a thread without a runtime. Invalid: an option out
 * of range. Counts: `critical`, `normal`, `bulk` (waiting); `expired`, `refused` (full),
 * `displaced`, `shed`, `abandoned`. What is inside is described as part of it.
 *
 * Place: directly outside of the limit whose wait it orders (concurrency_limit, adaptive_limit,
 * rate_limit); inside of deadline. load_shed around it does nothing: it is always ready.
 */
struct cairn_priority_queue_options {
    size_t size;
    size_t bound; /* that wait, of all priorities, 1 to 1048576; 0: 1024 */
    /* How much REQUEST matters. CX is its own pointer, borrowed until the last copy is dropped.
     * NULL: all are normal. */
    enum cairn_priority (*classify)(void *cx, const void *request);
    void *classify_cx;
    uint64_t max_wait_ms; /* 1 to 86400000; 0: no limit but the deadline */
    uint64_t target_ms;   /* 1 to 60000, CAIRN_PRIORITY_QUEUE_NO_TARGET; 0: 5 */
    uint64_t interval_ms; /* 1 to 60000; 0: 100 */
};

/* OPTIONS may be NULL: all defaults. The worker is spawned on the calling thread's runtime. */
CAIRN_API struct cairn_layer cairn_priority_queue_layer(
    const struct cairn_priority_queue_options *options);

/* cairn_priority_queue(.classify = by_path, .max_wait_ms = 500) */
#define cairn_priority_queue(...)                                            \
    cairn_priority_queue_layer(&(const struct cairn_priority_queue_options){ \
        .size = sizeof(struct cairn_priority_queue_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
