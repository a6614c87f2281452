#include <cairn/layers/codel.h>

/* How many intervals after the end of dropping it goes on where it was, and not from the start. */
#define CODEL_MEMORY 16

/* The interval by the square root of COUNT, rounded, and no less than a millisecond. */
static uint64_t codel_step(const struct cairn__codel *self)
{
    uint64_t square = self->interval_ms * self->interval_ms / self->count;
    uint64_t root = self->interval_ms;
    while (root > 1 && root > square / root)
        root = (root + square / root) / 2;
    return root ? root : 1;
}

/* Whether the wait has been over the target for a whole interval. */
static bool codel_is_above(
    struct cairn__codel *self, uint64_t waited_ms, bool is_last, uint64_t now_ms)
{
    if (waited_ms < self->target_ms || is_last) {
        self->above_ms = 0;
        return false;
    }
    if (self->above_ms)
        return now_ms >= self->above_ms;
    self->above_ms = now_ms + self->interval_ms;
    return false;
}

static void codel_begin(struct cairn__codel *self, uint64_t now_ms)
{
    uint64_t dropped = self->count - self->last_count;
    bool is_recent = now_ms < self->next_ms + CODEL_MEMORY * self->interval_ms;
    self->is_dropping = true;
    self->count = dropped > 1 && is_recent ? dropped : 1;
    self->last_count = self->count;
    self->next_ms = now_ms + codel_step(self);
}

bool cairn__codel_drops(
    struct cairn__codel *codel, uint64_t waited_ms, bool is_last, uint64_t now_ms)
{
    bool is_above = codel_is_above(codel, waited_ms, is_last, now_ms);
    if (!is_above) {
        codel->is_dropping = false;
        return false;
    }
    if (!codel->is_dropping) {
        codel_begin(codel, now_ms);
        return true;
    }
    if (now_ms < codel->next_ms)
        return false;
    codel->count++;
    codel->next_ms += codel_step(codel);
    return true;
}
