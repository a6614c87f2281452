/* spawn_ready.h - readiness that goes on when nobody asks for it. Tower's SpawnReady. */
#ifndef CAIRN_LAYERS_SPAWN_READY_H
#define CAIRN_LAYERS_SPAWN_READY_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * While inner's readiness is pending a task of its own drives it, so that its progress (a
 * connection that is being made, a place in a queue) does not depend on the caller being polled.
 * The caller is woken when there is news. A readiness that fails in the background is reported by
 * the next poll, and by each one after it. Readiness that is there at once costs nothing; the task
 * is made at the first wait of a copy and kept, and without memory for it readiness is polled as if
 * this layer were not there.
 *
 * The deadline of who began to wait (layers/deadline.h) holds for what inner does meanwhile.
 * Releasing, calling and dropping end the background work at once. Only what was asked for is
 * driven: nothing happens before the first poll_ready.
 *
 * Calls, errors and types are inner's. Works on any type; may be cloned if inner may. Copies share
 * nothing. Counts: `is_driving`, 1 while this copy's readiness is driven in the background.
 *
 * Place: directly around what needs time to become ready (reconnect).
 */
struct cairn_spawn_ready_options {
    size_t size;
};

/* OPTIONS may be NULL. */
CAIRN_API struct cairn_layer cairn_spawn_ready_layer(
    const struct cairn_spawn_ready_options *options);

/* cairn_spawn_ready() */
#define cairn_spawn_ready(...)                                         \
    cairn_spawn_ready_layer(&(const struct cairn_spawn_ready_options){ \
        .size = sizeof(struct cairn_spawn_ready_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
