/* waker.h - stores whom to wake while a lock is held. Internal. */
#ifndef CAIRN_SERVICE_WAKER_H
#define CAIRN_SERVICE_WAKER_H

#include <cairn/service/task.h>

/*
 * Stores the task of CX like cairn_waker_set, but returns a different task that was there instead
 * of letting go of it. Clear that outside the lock: freeing a task may run anybody's code.
 */
static inline struct cairn_waker cairn__waker_replace(
    struct cairn_waker *waker, const struct cairn_context *cx)
{
    struct cairn_waker other = {0};
    if (waker->task != cx->task)
        other = cairn_waker_take(waker);
    cairn_waker_set(waker, cx);
    return other;
}

#endif
