/* sleep.h - a future that is ready at a time, and its state for those who embed it. */
#ifndef CAIRN_SERVICE_SLEEP_H
#define CAIRN_SERVICE_SLEEP_H

#include <stdint.h>

#include <cairn/service/future.h>
#include <cairn/service/timer.h>

CAIRN_BEGIN_DECLS

/* Ready, with no value, AFTER_MS milliseconds after its first poll. 0 is ready at once. */
CAIRN_API struct cairn_future cairn_sleep(uint64_t after_ms);

/*
 * The same without a box, for the state of a layer. Zero is a sleep that has no deadline yet. It
 * may be moved until its first PENDING in a context that can wait.
 */
struct cairn_sleep_state {
    struct cairn_timer timer;
    struct cairn_waker waker;
    uint64_t at_ms; /* of the runtime's clock; 0: not set */
};

/* READY once at_ms is reached, else PENDING with the waker stored. Never fails. */
CAIRN_API enum cairn_poll cairn_sleep_poll(
    struct cairn_sleep_state *sleep, const struct cairn_context *cx);
/* Disarms; the state may be used again. */
CAIRN_API void cairn_sleep_stop(struct cairn_sleep_state *sleep);

CAIRN_END_DECLS

#endif
