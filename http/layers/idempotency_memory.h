/* idempotency_memory.h - answers under their keys in this process, for all its workers. */
#ifndef CAIRN_HTTP_LAYERS_IDEMPOTENCY_MEMORY_H
#define CAIRN_HTTP_LAYERS_IDEMPOTENCY_MEMORY_H

#include <cairn/http/layers/idempotency_store.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

/*
 * A store for all threads; a lock is held for a look-up, and not while an answer is copied. An
 * answer is one block, which all replays share.
 *
 * When there is no room the answers that were kept first are forgotten; what runs is not. With
 * nothing but that in it, one more key fails with CAIRN_ERROR_OVERLOADED, layer
 * "idempotency_memory". What is too old goes when it is asked for, and bit by bit.
 *
 * Needs a running runtime, whose clock it lives by. Counts: `entries`, `bytes` (of answers),
 * `running`, `evicted`, `expired`.
 */
struct cairn_idempotency_memory_options {
    size_t size;
    size_t max_entries; /* 1 to 16777216; 0: 16384 */
    size_t max_bytes;   /* of answers, 1 and more; 0: 67108864 (64 MiB) */
};

/* Returns a store with one reference, the caller's, or NULL with *ERROR set: CAIRN_ERROR_INVALID
 * names the option, its range and what it was; CAIRN_ERROR_MEMORY. OPTIONS may be NULL. */
CAIRN_API struct cairn_idempotency_store *cairn_idempotency_memory_new(
    const struct cairn_idempotency_memory_options *options, struct cairn_error **error);

CAIRN_END_DECLS

#endif
