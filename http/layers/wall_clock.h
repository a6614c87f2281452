/* wall_clock.h - the time of day, read at most once a turn of the loop. Internal. */
#ifndef CAIRN_HTTP_LAYERS_WALL_CLOCK_H
#define CAIRN_HTTP_LAYERS_WALL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/runtime_core.h>

/* "2026-01-31T23:59:59.123Z" */
#define CAIRN__WALL_TEXT_BYTES 24

/* Zero is one that was not read yet. */
struct cairn__wall_clock {
    uint64_t turn_ns; /* when it was read, by the runtime's clock */
    int64_t unix_ms;
    int64_t text_ms; /* the time that `text` has */
    char text[CAIRN__WALL_TEXT_BYTES];
};

/* What the two below do where the turn is another, or there is none. */
int64_t cairn__wall_clock_read_ms(struct cairn__wall_clock *clock);
const char *cairn__wall_clock_read_text(struct cairn__wall_clock *clock);

/* Whether it was read in this turn. */
static inline bool cairn__wall_clock_is_right(const struct cairn__wall_clock *clock)
{
    struct cairn_runtime *runtime = cairn__current;
    return runtime && clock->unix_ms && clock->turn_ns == cairn__runtime_now_ns(runtime);
}

/* Milliseconds since 1970. Without a runtime on this thread each call reads the clock. */
static inline int64_t cairn__wall_clock_ms(struct cairn__wall_clock *clock)
{
    return cairn__wall_clock_is_right(clock) ? clock->unix_ms : cairn__wall_clock_read_ms(clock);
}

/* The same as RFC 3339 has it, CAIRN__WALL_TEXT_BYTES without a terminator, in CLOCK until the next
 * call. */
static inline const char *cairn__wall_clock_text(struct cairn__wall_clock *clock)
{
    bool is_right = cairn__wall_clock_is_right(clock) && clock->text_ms == clock->unix_ms;
    return is_right ? clock->text : cairn__wall_clock_read_text(clock);
}

#endif
