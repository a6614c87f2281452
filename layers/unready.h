/* unready.h - for how long nobody was let in: one measure for all copies of a service. Internal. */
#ifndef CAIRN_LAYERS_UNREADY_H
#define CAIRN_LAYERS_UNREADY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

/*
 * The time runs while at least one copy waits, and begins anew whenever one is let in. So a copy
 * that is made for each call sees what the others have waited, and one that waits in a long queue
 * that moves sees nothing.
 */
struct cairn__unready {
    uint64_t after_ms;
    uint64_t until_ms; /* the time is over; of meaning while somebody waits */
    size_t waiting;
};

/* One copy's part; zero is one that does not wait. */
struct cairn__unready_wait {
    struct cairn_sleep_state sleep;
    bool is_waiting;
};

static inline void cairn__unready_leave(
    struct cairn__unready *self, struct cairn__unready_wait *wait)
{
    if (!wait->is_waiting)
        return;
    wait->is_waiting = false;
    self->waiting--;
    cairn_sleep_stop(&wait->sleep);
}

static inline void cairn__unready_restart(
    struct cairn__unready *self, struct cairn_runtime *runtime)
{
    self->until_ms = cairn_runtime_deadline_ms(runtime, self->after_ms);
}

/* This copy was let in. */
static inline void cairn__unready_pass(
    struct cairn__unready *self, struct cairn__unready_wait *wait, const struct cairn_context *cx)
{
    cairn__unready_leave(self, wait);
    if (self->waiting)
        cairn__unready_restart(self, cx->runtime);
}

/* This copy was not let in. READY: the time is over; PENDING: it will be woken when it may be. */
static inline enum cairn_poll cairn__unready_poll(
    struct cairn__unready *self, struct cairn__unready_wait *wait, const struct cairn_context *cx)
{
    if (!wait->is_waiting) {
        wait->is_waiting = true;
        if (self->waiting++ == 0)
            cairn__unready_restart(self, cx->runtime);
    }
    wait->sleep.at_ms = self->until_ms;
    return cairn_sleep_poll(&wait->sleep, cx);
}

#endif
