/* body_rate.h - whether a request body comes too slowly. Internal. */
#ifndef CAIRN_HTTP_BODY_RATE_H
#define CAIRN_HTTP_BODY_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* How far a body may fall behind its least rate; body_idle_ms bounds its pauses. */
#define CAIRN__BODY_RATE_GRACE_MS 10000

/*
 * Time in which the peer is waited for adds to what is due, bytes take from it, down to nothing:
 * who was faster than needed may be as late from then on as somebody who begins, but no later.
 */
struct cairn__body_rate {
    uint64_t due; /* in thousandths of a byte */
};

/* The peer was waited for. */
static inline void cairn__body_rate_wait(
    struct cairn__body_rate *self, uint64_t ms, uint64_t least_per_s)
{
    self->due += ms * least_per_s;
}

/* BYTES have come, after all waits that were for them. */
static inline void cairn__body_rate_come(struct cairn__body_rate *self, uint64_t bytes)
{
    self->due -= bytes < self->due / 1000 ? bytes * 1000 : self->due;
}

static inline bool cairn__body_rate_is_slow(
    const struct cairn__body_rate *self, uint64_t least_per_s)
{
    return self->due > CAIRN__BODY_RATE_GRACE_MS * least_per_s;
}

#endif
