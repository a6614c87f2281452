/* wall_clock.h - the time of day, read at most once a turn of the loop. Internal. */
#ifndef CAIRN_HTTP_LAYERS_WALL_CLOCK_H
#define CAIRN_HTTP_LAYERS_WALL_CLOCK_H

#include <stdint.h>

/* "2026-01-31T23:59:59.123Z" */
#define CAIRN__WALL_TEXT_BYTES 24

/* Zero is one that was not read yet. */
struct cairn__wall_clock {
    uint64_t turn_ns; /* when it was read, by the runtime's clock */
    int64_t unix_ms;
    int64_t text_ms; /* the time that `text` has */
    char text[CAIRN__WALL_TEXT_BYTES];
};

/* Milliseconds since 1970. Without a runtime on this thread each call reads the clock. */
int64_t cairn__wall_clock_ms(struct cairn__wall_clock *clock);
/* The same as RFC 3339 has it, CAIRN__WALL_TEXT_BYTES without a terminator, in CLOCK until the next
 * call. */
const char *cairn__wall_clock_text(struct cairn__wall_clock *clock);

#endif
