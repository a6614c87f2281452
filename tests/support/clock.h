/* clock.h - time that stands still until the test moves it. */
#ifndef CAIRN_TESTKIT_CLOCK_H
#define CAIRN_TESTKIT_CLOCK_H

#include <stdint.h>

#include <cairn/service/runtime.h>

CAIRN_BEGIN_DECLS

/* In the caller's memory. The fields are the kit's. */
struct cairn_test_clock {
    struct cairn_clock clock; /* for cairn_runtime_options.clock */
    uint64_t now_ns;
};

/* The clock says one second, so that no time in a test is 0 or negative. */
CAIRN_API void cairn_test_clock_init(struct cairn_test_clock *clock);

/* Inits CLOCK and returns a runtime of the calling thread that lives by it, owned by the caller.
 * Borrows CLOCK until the runtime is freed. A failure is an assertion. */
CAIRN_API struct cairn_runtime *cairn_test_runtime_new(struct cairn_test_clock *clock);

/* Moves time forward in one step and settles: all timers due by then fire, in order, and what they
 * woke runs. RUNTIME may be NULL: only time moves. */
CAIRN_API void cairn_test_clock_advance_ms(
    struct cairn_test_clock *clock, struct cairn_runtime *runtime, uint64_t ms);

/* Runs turns until no task is queued. That a task never comes to rest is an assertion. */
CAIRN_API void cairn_test_settle(struct cairn_runtime *runtime);

CAIRN_END_DECLS

#endif
