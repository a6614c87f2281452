/* codel.h - whether a queue has stopped draining, judged by how long its members have waited: CoDel
 * (RFC 8289) for requests in place of packets. Internal. */
#ifndef CAIRN_LAYERS_CODEL_H
#define CAIRN_LAYERS_CODEL_H

#include <stdbool.h>
#include <stdint.h>

/* Zero, but for the first two, at first. Times are milliseconds of a clock that does not go back.
 */
struct cairn__codel {
    uint64_t target_ms;
    uint64_t interval_ms;
    uint64_t above_ms; /* when the wait will have been over the target for an interval; 0: it is not
                          over it */
    uint64_t next_ms;  /* when the next one is dropped, while dropping */
    uint64_t count;    /* dropped since dropping began */
    uint64_t last_count;
    bool is_dropping;
};

/* One leaves the queue after WAITED_MS; whether it is to be dropped. IS_LAST: nobody waits behind
 * it, and dropping it would help nobody. */
bool cairn__codel_drops(
    struct cairn__codel *codel, uint64_t waited_ms, bool is_last, uint64_t now_ms);

#endif
