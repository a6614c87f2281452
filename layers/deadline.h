/* deadline.h - the time by which a call must be done, for all that is done for it. */
#ifndef CAIRN_LAYERS_DEADLINE_H
#define CAIRN_LAYERS_DEADLINE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>
#include <cairn/service/runtime.h>

CAIRN_BEGIN_DECLS

/* No deadline. */
#define CAIRN_DEADLINE_NONE UINT64_MAX

/*
 * The deadline of what runs now, in milliseconds of the runtime's clock: of the call that is being
 * made, or of the future that is being polled. A layer, a handler or a client reads it there, to
 * send it on, or to leave work undone that would come too late. The least of all deadline layers
 * around it; CAIRN_DEADLINE_NONE without one.
 *
 * It belongs to the thread that runs, not to the task: who puts work into another task takes the
 * deadline along, and sets it around each poll there.
 */
CAIRN_API uint64_t cairn_deadline_ms(void);
/* What is left of it, 0 when it has passed; CAIRN_DEADLINE_NONE without one. */
CAIRN_API uint64_t cairn_deadline_left_ms(struct cairn_runtime *runtime);
/* Sets it for what runs from now on, and returns what it was: to be set again afterwards. */
CAIRN_API uint64_t cairn_deadline_swap(uint64_t at_ms);

/*
 * Gives each call a deadline: `after_ms` from the call, or what `read` finds in the request, or the
 * deadline that holds already, whichever is the earliest. Inside, cairn_deadline_ms tells it.
 *
 * A call whose deadline has passed does not reach inner: it drops its request and fails at once.
 * One that is running when it passes is cancelled as by timeout. Both fail with the static
 * CAIRN_ERROR_ELAPSED, layer "deadline", message "the deadline has passed". A response that is
 * there in the same poll wins.
 *
 * Readiness, errors and types are inner's. Works on any type; may be cloned.
 * Invalid: after_ms out of range. Counts: `expired` (while running), `late` (before the call).
 *
 * Place: outermost of what works for the call, once at the way in with `read`; again with a smaller
 * `after_ms` around a part that must leave time for the rest. Outside of retry, priority_queue and
 * all that waits in its futures.
 */
struct cairn_deadline_options {
    size_t size;
    uint64_t after_ms; /* 1 to 86400000 (a day); 0: none of its own */
    /* How many milliseconds REQUEST says there are, by a header field say; CAIRN_DEADLINE_NONE: it
     * does not say. CX is its own pointer, borrowed until the last copy is dropped. NULL: no
     * request says. */
    uint64_t (*read)(void *cx, const void *request);
    void *read_cx;
};

/* OPTIONS may be NULL: it then adds no deadline, but holds to the one there is. */
CAIRN_API struct cairn_layer cairn_deadline_layer(const struct cairn_deadline_options *options);

/* cairn_deadline(.after_ms = 500) */
#define cairn_deadline(...)                                      \
    cairn_deadline_layer(&(const struct cairn_deadline_options){ \
        .size = sizeof(struct cairn_deadline_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
