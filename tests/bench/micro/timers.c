#include "bench/micro/micro.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>

#include <cairn/service/runtime.h>
#include <cairn/service/timer.h>

#define CALLS 200000
/* Prime to the counts: the timers are visited in no order that a cache likes. */
#define STRIDE 7919

/* How long until the timers that only stand there, and until those that are armed and cancelled:
 * the latter are sooner, as the timeout of a request is sooner than that of an idle connection. */
#define OTHERS_MS 60000u
#define MS(i) (1000u + ((i)&4095u))

/* cairn's wheel. */
struct wheel {
    struct cairn_timer *others;
    size_t count;
    struct cairn_timer timer;
};

static void wheel_never(struct cairn_timer *timer)
{
    (void)timer;
}

static void *wheel_begin(const struct micro *micro)
{
    struct wheel *self = calloc(1, sizeof(*self));
    struct cairn_timer *others = calloc(micro->count + 1, sizeof(*others));
    micro_check(self && others, "no memory");
    *self = (struct wheel){.others = others, .count = micro->count};
    uint64_t now = cairn_runtime_now_ms(micro_runtime);
    for (size_t i = 0; i < self->count; i++)
        cairn_timer_arm(micro_runtime, &others[i], now + OTHERS_MS + i, wheel_never);
    return self;
}

static void wheel_end(void *state)
{
    struct wheel *self = state;
    cairn_timer_cancel(&self->timer);
    for (size_t i = 0; i < self->count; i++)
        cairn_timer_cancel(&self->others[i]);
    free(self->others);
    free(self);
}

static void wheel_arm_cancel(void *state, unsigned calls)
{
    struct wheel *self = state;
    uint64_t now = cairn_runtime_now_ms(micro_runtime);
    for (unsigned i = 0; i < calls; i++) {
        cairn_timer_arm(micro_runtime, &self->timer, now + MS(i), wheel_never);
        cairn_timer_cancel(&self->timer);
    }
}

static void wheel_rearm(void *state, unsigned calls)
{
    struct wheel *self = state;
    uint64_t now = cairn_runtime_now_ms(micro_runtime);
    size_t at = 0;
    for (unsigned i = 0; i < calls; i++) {
        struct cairn_timer *timer = self->count ? &self->others[at] : &self->timer;
        at = self->count ? (at + STRIDE) % self->count : 0;
        cairn_timer_arm(micro_runtime, timer, now + OTHERS_MS + i, wheel_never);
    }
}

/* libevent's heap, in a callback of its loop, where its clock stands still too. */
struct heap {
    struct event_base *base;
    struct event *others;
    size_t count;
    struct event timer;
    unsigned calls;
    void (*run)(struct heap *self);
};

static void heap_never(evutil_socket_t fd, short what, void *cx)
{
    (void)fd, (void)what, (void)cx;
}

static struct timeval heap_after(unsigned ms)
{
    return (struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (long)(ms % 1000) * 1000};
}

static void *heap_begin(const struct micro *micro)
{
    struct heap *self = calloc(1, sizeof(*self));
    struct event_config *config = event_config_new();
    micro_check(self && config, "no memory");
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    self->base = event_base_new_with_config(config);
    event_config_free(config);
    self->count = micro->count;
    self->others = calloc(self->count + 1, sizeof(*self->others));
    micro_check(self->base && self->others, "no memory");
    event_assign(&self->timer, self->base, -1, 0, heap_never, NULL);
    for (size_t i = 0; i < self->count; i++) {
        struct timeval after = heap_after(OTHERS_MS + (unsigned)i);
        event_assign(&self->others[i], self->base, -1, 0, heap_never, NULL);
        event_add(&self->others[i], &after);
    }
    return self;
}

static void heap_end(void *state)
{
    struct heap *self = state;
    event_del(&self->timer);
    for (size_t i = 0; i < self->count; i++)
        event_del(&self->others[i]);
    event_base_free(self->base);
    free(self->others);
    free(self);
}

static void heap_enter(evutil_socket_t fd, short what, void *cx)
{
    struct heap *self = cx;
    (void)fd, (void)what;
    self->run(self);
}

static void heap_in_loop(struct heap *self, unsigned calls, void (*run)(struct heap *self))
{
    struct timeval at_once = {0, 0};
    self->calls = calls;
    self->run = run;
    event_base_once(self->base, -1, EV_TIMEOUT, heap_enter, self, &at_once);
    event_base_loop(self->base, EVLOOP_ONCE);
}

static void heap_arm_cancel_all(struct heap *self)
{
    for (unsigned i = 0; i < self->calls; i++) {
        struct timeval after = heap_after(MS(i));
        event_add(&self->timer, &after);
        event_del(&self->timer);
    }
}

static void heap_rearm_all(struct heap *self)
{
    size_t at = 0;
    for (unsigned i = 0; i < self->calls; i++) {
        struct timeval after = heap_after(OTHERS_MS + i);
        event_add(self->count ? &self->others[at] : &self->timer, &after);
        at = self->count ? (at + STRIDE) % self->count : 0;
    }
}

static void heap_arm_cancel(void *state, unsigned calls)
{
    heap_in_loop(state, calls, heap_arm_cancel_all);
}

static void heap_rearm(void *state, unsigned calls)
{
    heap_in_loop(state, calls, heap_rearm_all);
}

static void add(const char *what, size_t count, struct micro micro)
{
    micro.count = count;
    micro.calls = CALLS;
    snprintf(micro.name, sizeof(micro.name), "%s.%zu", what, count);
    micro_add(micro);
}

void micro_add_timers(void)
{
    static const size_t counts[] = {0, 1000, 100000};
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        add("timer.arm_cancel", counts[i],
            (struct micro){.begin = wheel_begin, .run = wheel_arm_cancel, .end = wheel_end});
        add("timer.rearm", counts[i],
            (struct micro){.begin = wheel_begin, .run = wheel_rearm, .end = wheel_end});
        add("libevent.arm_cancel", counts[i],
            (struct micro){.begin = heap_begin, .run = heap_arm_cancel, .end = heap_end});
        add("libevent.rearm", counts[i],
            (struct micro){.begin = heap_begin, .run = heap_rearm, .end = heap_end});
    }
}
