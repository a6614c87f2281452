/* harness.h - a task that a test polls by hand, and that knows whether it was woken. */
#ifndef CAIRN_TESTKIT_HARNESS_H
#define CAIRN_TESTKIT_HARNESS_H

#include <stdbool.h>

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/* In the caller's memory; it must not move between init and fini. The fields are the kit's. */
struct cairn_harness {
    struct cairn_task task;
    unsigned is_woken;
};

/* Borrows RUNTIME until fini. NULL: polls have a context without a runtime, which is enough for
 * what needs neither a timer nor a runtime's queue. */
CAIRN_API void cairn_harness_init(struct cairn_harness *harness, struct cairn_runtime *runtime);
/* Asserts that no waker points to the task any more: whoever stored one has let go of it. */
CAIRN_API void cairn_harness_fini(struct cairn_harness *harness);

/* A context that can wait, whose wakes the harness records. */
CAIRN_API struct cairn_context cairn_harness_context(struct cairn_harness *harness);

/* Whether the task was woken since init or since this was last asked. Wakes may come from any
 * thread. */
CAIRN_API bool cairn_harness_is_woken(struct cairn_harness *harness);

/* One poll with the harness's context, as cairn_future_poll and cairn_service_poll_ready define it.
 */
CAIRN_API enum cairn_poll cairn_harness_poll(
    struct cairn_harness *harness, struct cairn_future *future, union cairn_outcome *out);
CAIRN_API enum cairn_poll cairn_harness_poll_ready(
    struct cairn_harness *harness, struct cairn_service *service, struct cairn_error **error);

CAIRN_END_DECLS

#endif
