#include <cairn/service/semaphore.h>

#include <cairn/service/alloc.h>
#include <cairn/service/future.h>

/*
 * A place is idle (no semaphore), queued (it has a link), or holds a permit (has_permit). While it
 * is not idle it owns a reference, so that leaving is always possible.
 */
struct cairn_semaphore *cairn_semaphore_new(size_t permits)
{
    struct cairn_semaphore *self = cairn_alloc(sizeof(*self));
    if (self)
        *self =
            (struct cairn_semaphore){.references = 1, .available = permits, .end = &self->first};
    return self;
}

void cairn__semaphore_free(struct cairn_semaphore *semaphore)
{
    cairn_free(semaphore);
}

static void semaphore_enqueue(struct cairn_semaphore *self, struct cairn_semaphore_wait *wait)
{
    wait->semaphore = cairn_semaphore_ref(self);
    wait->next = NULL;
    wait->link = self->end;
    *self->end = wait;
    self->end = &wait->next;
    self->waiting++;
}

static void semaphore_unlink(struct cairn_semaphore *self, struct cairn_semaphore_wait *wait)
{
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    else
        self->end = wait->link;
    wait->link = NULL;
    wait->next = NULL;
    self->waiting--;
}

static void semaphore_idle(struct cairn_semaphore_wait *wait)
{
    struct cairn_semaphore *semaphore = wait->semaphore;
    wait->has_permit = false;
    wait->semaphore = NULL;
    cairn_semaphore_unref(semaphore);
}

enum cairn_poll cairn__semaphore_poll_slow(struct cairn_semaphore *semaphore,
    struct cairn_semaphore_wait *wait, const struct cairn_context *cx)
{
    if (wait->has_permit) {
        semaphore_idle(wait);
        return CAIRN_READY;
    }
    if (!wait->link && cairn_semaphore_try_acquire(semaphore))
        return CAIRN_READY;
    if (!cairn_context_can_wait(cx))
        return CAIRN_PENDING;
    if (!wait->link)
        semaphore_enqueue(semaphore, wait);
    cairn_waker_set(&wait->waker, cx);
    return CAIRN_PENDING;
}

void cairn__semaphore_leave_slow(struct cairn_semaphore_wait *wait)
{
    struct cairn_semaphore *self = wait->semaphore;
    cairn_waker_clear(&wait->waker);
    if (wait->has_permit)
        cairn_semaphore_release(self);
    else
        semaphore_unlink(self, wait);
    semaphore_idle(wait);
}

void cairn__semaphore_hand_over(struct cairn_semaphore *semaphore)
{
    struct cairn_semaphore_wait *next = semaphore->first;
    semaphore_unlink(semaphore, next);
    next->has_permit = true;
    cairn_wake(&next->waker);
}

size_t cairn_semaphore_available(const struct cairn_semaphore *semaphore)
{
    return semaphore->available;
}

size_t cairn_semaphore_waiting(const struct cairn_semaphore *semaphore)
{
    return semaphore->waiting;
}
