/* wheel.h - a hierarchical timer wheel of 1 ms ticks. Internal. */
#ifndef CAIRN_SERVICE_WHEEL_H
#define CAIRN_SERVICE_WHEEL_H

#include <stdint.h>

#include <cairn/service/timer.h>

#define CAIRN__WHEEL_LEVELS 4
#define CAIRN__WHEEL_BITS 8
#define CAIRN__WHEEL_SLOTS (1u << CAIRN__WHEEL_BITS)
#define CAIRN__WHEEL_NEVER UINT64_MAX

/*
 * Level 0 has a slot for each of the next 256 ticks, level 1 for each 256 of the next 65,536, and
 * so on: a timer is moved down at most three times in its life. Bits say which slots may hold a
 * timer; a cancelled timer leaves its bit behind, and whoever meets an empty slot clears it.
 */
struct cairn__wheel {
    uint64_t now;   /* the tick that was last worked off, or is in part when `next` is not later */
    uint64_t floor; /* while advancing: where it will stop */
    uint64_t next;  /* no timer is due before it */
    uint64_t bits[CAIRN__WHEEL_LEVELS][CAIRN__WHEEL_SLOTS / 64];
    struct cairn_timer *slots[CAIRN__WHEEL_LEVELS][CAIRN__WHEEL_SLOTS];
};

void cairn__wheel_init(struct cairn__wheel *wheel, uint64_t now);
void cairn__wheel_add(struct cairn__wheel *wheel, struct cairn_timer *timer, uint64_t tick);
void cairn__wheel_remove(struct cairn_timer *timer);
/* Fires what is due at NOW or before, in order of ticks, but BUDGET timers at most; `next` is then
 * not later than NOW, and the next advance goes on there. */
void cairn__wheel_advance(struct cairn__wheel *wheel, uint64_t now, unsigned budget);
/* A tick before which no timer is due, as late as can be said cheaply; CAIRN__WHEEL_NEVER when
 * there is no timer. */
uint64_t cairn__wheel_next(struct cairn__wheel *wheel);

#endif
