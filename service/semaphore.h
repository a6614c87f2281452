/* semaphore.h - a counted set of permits with a first-come queue, for one runtime. */
#ifndef CAIRN_SERVICE_SEMAPHORE_H
#define CAIRN_SERVICE_SEMAPHORE_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/poll.h>
#include <cairn/service/task.h>

CAIRN_BEGIN_DECLS

/*
 * Counted (ref and unref), shared by everything on one runtime that takes its permits; not for
 * other threads. A permit is an anonymous unit: who acquires one releases it. A permit that is
 * released while someone waits is handed to the first in the queue, who is woken and holds it from
 * then on: nobody can overtake, and one release wakes one.
 */
struct cairn_semaphore_wait;

/* The fields are the core's; they stand here for the fast paths below. Permits are free only while
 * nobody waits: a release with a queue hands its permit over. */
struct cairn_semaphore {
    unsigned references;
    size_t available;
    size_t waiting;
    struct cairn_semaphore_wait *first;
    struct cairn_semaphore_wait **end;
};

/* With PERMITS permits (0: never any) and one reference. NULL without memory. */
CAIRN_API struct cairn_semaphore *cairn_semaphore_new(size_t permits);
static inline struct cairn_semaphore *cairn_semaphore_ref(struct cairn_semaphore *semaphore)
{
    semaphore->references++;
    return semaphore;
}
CAIRN_API void cairn__semaphore_free(struct cairn_semaphore *semaphore);
static inline void cairn_semaphore_unref(struct cairn_semaphore *semaphore)
{
    if (semaphore && --semaphore->references == 0)
        cairn__semaphore_free(semaphore);
}

/* A place in the queue. Embed one; zero is an idle one. It must not move while it is queued. */
struct cairn_semaphore_wait {
    struct cairn_semaphore_wait *next;
    struct cairn_semaphore_wait **link;
    struct cairn_semaphore *semaphore;
    struct cairn_waker waker;
    bool has_permit; /* handed over, and not yet taken up by a poll */
};

CAIRN_API enum cairn_poll cairn__semaphore_poll_slow(struct cairn_semaphore *semaphore,
    struct cairn_semaphore_wait *wait, const struct cairn_context *cx);
CAIRN_API void cairn__semaphore_hand_over(struct cairn_semaphore *semaphore);

/* Takes a permit if one is free and nobody waits. */
static inline bool cairn_semaphore_try_acquire(struct cairn_semaphore *semaphore)
{
    if (semaphore->available == 0)
        return false;
    semaphore->available--;
    return true;
}

/* READY: a permit is the caller's. PENDING: WAIT is in the queue and will be woken. Never fails. In
 * a context that cannot wait it answers PENDING and leaves WAIT alone. */
static inline enum cairn_poll cairn_semaphore_poll(struct cairn_semaphore *semaphore,
    struct cairn_semaphore_wait *wait, const struct cairn_context *cx)
{
    if (CAIRN_LIKELY(!wait->semaphore && cairn_semaphore_try_acquire(semaphore)))
        return CAIRN_READY;
    return cairn__semaphore_poll_slow(semaphore, wait, cx);
}

CAIRN_API void cairn__semaphore_leave_slow(struct cairn_semaphore_wait *wait);

/* Leaves the queue. A permit that was handed over already goes to the next: no wake-up is lost. */
static inline void cairn_semaphore_leave(struct cairn_semaphore_wait *wait)
{
    if (wait->semaphore)
        cairn__semaphore_leave_slow(wait);
}

/* Gives one permit back. */
static inline void cairn_semaphore_release(struct cairn_semaphore *semaphore)
{
    if (CAIRN_LIKELY(!semaphore->first))
        semaphore->available++;
    else
        cairn__semaphore_hand_over(semaphore);
}

/* Free permits, and how many wait. */
CAIRN_API size_t cairn_semaphore_available(const struct cairn_semaphore *semaphore);
CAIRN_API size_t cairn_semaphore_waiting(const struct cairn_semaphore *semaphore);

CAIRN_END_DECLS

#endif
