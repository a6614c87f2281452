#include <cairn/http/layers/wall_clock.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t cairn__wall_clock_read_ms(struct cairn__wall_clock *clock)
{
    struct cairn_runtime *runtime = cairn__current;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    clock->turn_ns = runtime ? cairn__runtime_now_ns(runtime) : 0;
    clock->unix_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return clock->unix_ms;
}

static void wall_clock_write_second(struct cairn__wall_clock *clock, int64_t second)
{
    time_t t = (time_t)second;
    struct tm utc;
    char text[64];
    gmtime_r(&t, &utc);
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.000Z", utc.tm_year + 1900,
        utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    memcpy(clock->text, text, sizeof(clock->text));
}

const char *cairn__wall_clock_read_text(struct cairn__wall_clock *clock)
{
    int64_t now = cairn__wall_clock_ms(clock);
    if (now == clock->text_ms)
        return clock->text;
    if (now / 1000 != clock->text_ms / 1000)
        wall_clock_write_second(clock, now / 1000);
    clock->text_ms = now;
    unsigned ms = (unsigned)(now % 1000);
    clock->text[20] = (char)('0' + ms / 100);
    clock->text[21] = (char)('0' + ms / 10 % 10);
    clock->text[22] = (char)('0' + ms % 10);
    return clock->text;
}
