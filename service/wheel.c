#include <cairn/service/wheel.h>

#include <string.h>

#define WHEEL_MASK (CAIRN__WHEEL_SLOTS - 1u)
#define WHEEL_SPAN (UINT64_C(1) << (CAIRN__WHEEL_LEVELS * CAIRN__WHEEL_BITS))

void cairn__wheel_init(struct cairn__wheel *wheel, uint64_t now)
{
    memset(wheel, 0, sizeof(*wheel));
    wheel->now = now;
    wheel->floor = now;
    wheel->next = CAIRN__WHEEL_NEVER;
}

/* The level whose slots are wide enough for what lies DELTA ticks ahead. */
static unsigned wheel_level(uint64_t delta)
{
    if (delta < CAIRN__WHEEL_SLOTS)
        return 0;
    unsigned level = (63u - (unsigned)__builtin_clzll(delta)) / CAIRN__WHEEL_BITS;
    return level < CAIRN__WHEEL_LEVELS ? level : CAIRN__WHEEL_LEVELS - 1;
}

static void wheel_place(struct cairn__wheel *wheel, struct cairn_timer *timer)
{
    uint64_t delta = timer->tick - wheel->now;
    uint64_t at = delta < WHEEL_SPAN ? timer->tick : wheel->now + WHEEL_SPAN - 1;
    unsigned level = wheel_level(delta);
    unsigned slot = (unsigned)(at >> (level * CAIRN__WHEEL_BITS)) & WHEEL_MASK;
    struct cairn_timer **head = &wheel->slots[level][slot];
    timer->next = *head;
    if (timer->next)
        timer->next->slot = &timer->next;
    timer->slot = head;
    *head = timer;
    wheel->bits[level][slot / 64] |= UINT64_C(1) << (slot % 64);
}

void cairn__wheel_add(struct cairn__wheel *wheel, struct cairn_timer *timer, uint64_t tick)
{
    timer->tick = tick > wheel->floor ? tick : wheel->floor + 1;
    if (timer->tick < wheel->next)
        wheel->next = timer->tick;
    wheel_place(wheel, timer);
}

void cairn__wheel_remove(struct cairn_timer *timer)
{
    *timer->slot = timer->next;
    if (timer->next)
        timer->next->slot = timer->slot;
    timer->slot = NULL;
}

/* The first slot of LEVEL from FROM on, up to the end of the turn, that holds a timer; -1: none. */
static int wheel_find(struct cairn__wheel *wheel, unsigned level, unsigned from)
{
    for (unsigned word = from / 64; word < CAIRN__WHEEL_SLOTS / 64; word++) {
        uint64_t bits = wheel->bits[level][word];
        if (word == from / 64)
            bits &= UINT64_MAX << (from % 64);
        while (bits) {
            unsigned bit = (unsigned)__builtin_ctzll(bits);
            unsigned slot = word * 64 + bit;
            if (wheel->slots[level][slot])
                return (int)slot;
            wheel->bits[level][word] &= ~(UINT64_C(1) << bit);
            bits &= bits - 1;
        }
    }
    return -1;
}

/*
 * The next tick at which a slot of LEVEL has to be looked at. A slot behind the hand belongs to the
 * next turn of the level. The slot under the hand does too, except for level 0, whose hand has been
 * worked off.
 */
static uint64_t wheel_level_next(struct cairn__wheel *wheel, unsigned level)
{
    unsigned shift = level * CAIRN__WHEEL_BITS;
    uint64_t hand = wheel->now >> shift;
    uint64_t turn = hand & ~(uint64_t)WHEEL_MASK;
    unsigned position = (unsigned)hand & WHEEL_MASK;
    int slot = position < WHEEL_MASK ? wheel_find(wheel, level, position + 1) : -1;
    if (slot < 0) {
        turn += CAIRN__WHEEL_SLOTS;
        slot = wheel_find(wheel, level, 0);
    }
    return slot < 0 ? CAIRN__WHEEL_NEVER : (turn + (uint64_t)slot) << shift;
}

uint64_t cairn__wheel_next(struct cairn__wheel *wheel)
{
    uint64_t next = CAIRN__WHEEL_NEVER;
    for (unsigned level = 0; level < CAIRN__WHEEL_LEVELS; level++) {
        uint64_t at = wheel_level_next(wheel, level);
        if (at < next)
            next = at;
    }
    return next;
}

static struct cairn_timer *wheel_detach(struct cairn_timer **head)
{
    struct cairn_timer *list = *head;
    *head = NULL;
    return list;
}

/* Moves the timers of the slots that begin at the present tick down to the levels below. */
static void wheel_cascade(struct cairn__wheel *wheel)
{
    for (unsigned level = CAIRN__WHEEL_LEVELS - 1; level > 0; level--) {
        unsigned shift = level * CAIRN__WHEEL_BITS;
        if (wheel->now & ((UINT64_C(1) << shift) - 1))
            continue;
        unsigned slot = (unsigned)(wheel->now >> shift) & WHEEL_MASK;
        struct cairn_timer *timer = wheel_detach(&wheel->slots[level][slot]);
        while (timer) {
            struct cairn_timer *next = timer->next;
            wheel_place(wheel, timer);
            timer = next;
        }
    }
}

/* Fires the present tick's timers. Returns how many more may be; 0: perhaps some are left. */
static unsigned wheel_fire(struct cairn__wheel *wheel, unsigned budget)
{
    struct cairn_timer **head = &wheel->slots[0][wheel->now & WHEEL_MASK];
    while (*head && budget > 0) {
        struct cairn_timer *timer = *head;
        cairn__wheel_remove(timer);
        timer->fire(timer);
        budget--;
    }
    return budget;
}

void cairn__wheel_advance(struct cairn__wheel *wheel, uint64_t now, unsigned budget)
{
    if (now > wheel->floor)
        wheel->floor = now;
    budget = wheel_fire(wheel, budget); /* of the tick at which the last advance has stopped */
    while (budget > 0) {
        uint64_t next = cairn__wheel_next(wheel);
        if (next > now) {
            wheel->next = next;
            if (now > wheel->now)
                wheel->now = now;
            return;
        }
        wheel->now = next;
        wheel_cascade(wheel);
        budget = wheel_fire(wheel, budget);
    }
    wheel->next = wheel->now;
}
