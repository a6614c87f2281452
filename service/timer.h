/* timer.h - calls back at a time: a hierarchical wheel, so that arm and cancel cost the same with
 * none or a hundred thousand pending. */
#ifndef CAIRN_SERVICE_TIMER_H
#define CAIRN_SERVICE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

struct cairn_runtime;

/* Embed one; zero is an idle one. It must not move while it is armed. The fields are the core's. */
struct cairn_timer {
    struct cairn_timer *next;
    struct cairn_timer **slot; /* what points to this timer; NULL: not armed */
    uint64_t tick;
    void (*fire)(struct cairn_timer *self);
};

/*
 * Has FIRE called on RUNTIME's thread once AT_MS of its clock (cairn_runtime_now_ms) is reached,
 * never before it and at most 1 ms of loop time after it. A time in the past fires in the next
 * turn. Arming an armed timer moves it. The timer is idle when FIRE is called. Own thread only.
 */
CAIRN_API void cairn_timer_arm(struct cairn_runtime *runtime, struct cairn_timer *timer,
    uint64_t at_ms, void (*fire)(struct cairn_timer *self));
/* Does nothing to an idle one. Own thread only. */
CAIRN_API void cairn_timer_cancel(struct cairn_timer *timer);

static inline bool cairn_timer_is_armed(const struct cairn_timer *timer)
{
    return timer->slot != 0;
}

CAIRN_END_DECLS

#endif
