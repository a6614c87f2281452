/* loop.h - the one place that knows libevent: a base, a wake-up from other threads, an alarm.
 * Internal. */
#ifndef CAIRN_SERVICE_LOOP_H
#define CAIRN_SERVICE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/alloc.h>
#include <cairn/service/error.h>

struct cairn_runtime;
struct event;
struct event_base;

struct cairn__loop {
    struct event_base *base;
    struct event *turn_event;
    struct event *wake_event;
    struct event *alarm_event;
    int wake_fd;
    int alarm_fd;
    uint64_t alarm_ms; /* when the alarm is set for; UINT64_MAX: it is not */
    bool owns_base;
};

/* What the loop calls: at the end of a turn that was asked for, after a wake-up, when the alarm
 * went off. Implemented by runtime.c. */
void cairn__runtime_on_turn(struct cairn_runtime *runtime);
void cairn__runtime_on_wake(struct cairn_runtime *runtime);
void cairn__runtime_on_alarm(struct cairn_runtime *runtime);

void cairn__loop_set_allocator(const struct cairn_allocator *allocator);

/* BASE NULL: a base of its own. On failure LOOP may still be closed. */
struct cairn_error *cairn__loop_open(
    struct cairn__loop *loop, struct event_base *base, struct cairn_runtime *runtime);
/* Leaves the wake-up descriptor open: other threads may still write to it. */
void cairn__loop_close(struct cairn__loop *loop);
void cairn__loop_close_wake(struct cairn__loop *loop);

/* Has on_turn called at the end of this round of events, or after the next look at the descriptors.
 */
void cairn__loop_ask_turn(struct cairn__loop *loop);
void cairn__loop_ask_next_turn(struct cairn__loop *loop);
/* Has on_wake called. Any thread. */
void cairn__loop_wake(struct cairn__loop *loop);
/* Has on_alarm called at AT_MS of CLOCK_MONOTONIC. */
void cairn__loop_set_alarm(struct cairn__loop *loop, uint64_t at_ms);

/* Until cairn__loop_break. */
void cairn__loop_run(struct cairn__loop *loop);
void cairn__loop_break(struct cairn__loop *loop);
/* One round; waits for an event when WAIT. */
void cairn__loop_once(struct cairn__loop *loop, bool wait);

#endif
