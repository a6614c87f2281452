#include <cairn/service/future.h>

#include <stdint.h>
#include <string.h>

#include <cairn/service/assert.h>
#include <cairn/service/box.h>
#include <cairn/service/runtime_core.h>

/* Futures without a poll that are passed in one go; what lies deeper is polled as a future of its
 * own. */
#define FUTURE_PASSED 16

const struct cairn_future_ops cairn__future_ready_ops = {.name = "ready", .send = true};
const struct cairn_future_ops cairn__future_failed_ops = {.name = "failed", .send = true};

static inline void future_discard(const struct cairn_future_ops *ops, void *state)
{
    if (ops->drop)
        ops->drop(state);
    else if (ops->wraps)
        cairn_future_drop(state);
}

/* A wrapping future without a poll of its own passes on what its inner one says. */
static inline enum cairn_poll future_poll_state(const struct cairn_future_ops *ops, void *state,
    const struct cairn_context *cx, union cairn_outcome *out)
{
    return ops->poll ? ops->poll(state, cx, out) : cairn_future_poll(state, cx, out);
}

/* The caller gave up what STATE holds; its own copy is what there is to drop. */
static struct cairn_future future_box_failed(const struct cairn_future_ops *ops, const void *state)
{
    future_discard(ops, (void *)(size_t)state);
    return cairn_future_failed(&cairn_error_no_memory);
}

/* Any size, and an empty pool. */
static __attribute__((noinline)) struct cairn_future future_box_slow(
    const struct cairn_future_ops *ops, const void *state)
{
    struct cairn_future f = {ops, cairn__state_new(ops->size)};
    if (!f.state)
        return future_box_failed(ops, state);
    memcpy(f.state, state, ops->size);
    return f;
}

/*
 * Word by word: the state has just been written in words, and a wider load would have to wait until
 * they have left the store buffer.
 */
#define FUTURE_COPY_WORD(n)                                                   \
    case (n) + 1:                                                             \
        memcpy(&word, (const char *)from + (n) * sizeof(word), sizeof(word)); \
        memcpy((char *)to + (n) * sizeof(word), &word, sizeof(word));         \
        __attribute__((fallthrough))

static inline bool future_copy(void *to, const void *from, size_t size)
{
    uint64_t word;
    if (CAIRN_UNLIKELY(size % sizeof(word)))
        return false;
    switch (size / sizeof(word)) {
        FUTURE_COPY_WORD(11);
        FUTURE_COPY_WORD(10);
        FUTURE_COPY_WORD(9);
        FUTURE_COPY_WORD(8);
        FUTURE_COPY_WORD(7);
        FUTURE_COPY_WORD(6);
        FUTURE_COPY_WORD(5);
        FUTURE_COPY_WORD(4);
        FUTURE_COPY_WORD(3);
        FUTURE_COPY_WORD(2);
        FUTURE_COPY_WORD(1);
        FUTURE_COPY_WORD(0);
    case 0:
        return true;
    default:
        return false;
    }
}

struct cairn_future cairn_future_box(const struct cairn_future_ops *ops, const void *state)
{
    struct cairn_runtime *runtime = cairn__current;
    size_t class = cairn__box_class(ops->size);
    if (CAIRN_LIKELY(CAIRN__BOX_IS_POOLED && runtime && class < CAIRN__BOX_CLASSES)) {
        struct cairn__box *box = runtime->boxes.free[class];
        if (CAIRN_LIKELY(box && future_copy(box + 1, state, ops->size))) {
            runtime->boxes.free[class] = box->next;
            runtime->boxes.count[class]--;
            box->home = runtime;
            return (struct cairn_future){ops, box + 1};
        }
    }
    return future_box_slow(ops, state);
}

/* Set where the runtime of a thread is. */
const struct cairn_context *cairn__future_spot(void)
{
    return &cairn__spot;
}

struct cairn_future cairn_future_start(const struct cairn_future_ops *ops, void *state)
{
    union cairn_outcome out;
    enum cairn_poll p = future_poll_state(ops, state, &cairn__spot, &out);
    if (p == CAIRN_PENDING)
        return cairn_future_box(ops, state);
    future_discard(ops, state);
    return p == CAIRN_READY ? cairn_future_ready_of(ops->type, out.value)
                            : cairn_future_failed(out.error);
}

/* What is not the ordinary poll of an ordinary box. */
static __attribute__((cold, noinline)) enum cairn_poll future_poll_other(
    struct cairn_future *f, union cairn_outcome *out)
{
    CAIRN_ASSERT(f->ops, "future", "polled after it was complete, or empty");
    if (f->ops != &cairn__future_failed_ops)
        return CAIRN_PENDING; /* in a context that cannot wait */
    out->error = f->state;
    f->ops = NULL;
    return CAIRN_FAILED;
}

/* Gives back F, which is complete. Out of the way of polls that are pending. */
static __attribute__((noinline)) enum cairn_poll future_finish(
    struct cairn_future *f, enum cairn_poll p)
{
    const struct cairn_future_ops *ops = f->ops;
    void *state = f->state;
    f->ops = NULL;
    future_discard(ops, state);
    cairn__state_free(state, ops->size);
    return p;
}

/* Layers that only hold something while they wait cost a step of a loop. */
static __attribute__((noinline)) enum cairn_poll future_poll_passing(
    struct cairn_future *f, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_future *passed[FUTURE_PASSED];
    struct cairn_future *at = f;
    unsigned depth = 0;
    while (!at->ops->poll && at->ops->wraps && depth < FUTURE_PASSED) {
        passed[depth++] = at;
        at = at->state;
    }
    enum cairn_poll p =
        at->ops->poll ? at->ops->poll(at->state, cx, out) : cairn_future_poll(at, cx, out);
    if (p == CAIRN_PENDING)
        return p;
    /* From the inside out: what an inner future holds is back before the outer one gives its own.
     */
    if (at->ops) /* a complete one has emptied itself */
        future_finish(at, p);
    while (depth > 0)
        future_finish(passed[--depth], p);
    return p;
}

enum cairn_poll cairn__future_poll_box(
    struct cairn_future *f, const struct cairn_context *cx, union cairn_outcome *out)
{
    const struct cairn_future_ops *ops = f->ops;
    if (CAIRN_UNLIKELY(!ops || ops == &cairn__future_failed_ops || !cairn_context_can_wait(cx)))
        return future_poll_other(f, out);
    CAIRN_ASSERT(
        cairn__box_home(f->state) == cairn__current || !cairn__box_home(f->state) || ops->send,
        ops->name, "polled on another runtime than the one that made it");
    if (!ops->poll)
        return future_poll_passing(f, cx, out);
    enum cairn_poll p = ops->poll(f->state, cx, out);
    return p == CAIRN_PENDING ? p : future_finish(f, p);
}

void cairn__future_drop_box(struct cairn_future *f)
{
    const struct cairn_future_ops *ops = f->ops;
    f->ops = NULL;
    if (ops == &cairn__future_ready_ops)
        return;
    if (ops == &cairn__future_failed_ops) {
        cairn_error_unref(f->state);
        return;
    }
    future_discard(ops, f->state);
    cairn__state_free(f->state, ops->size);
}

const char *cairn_future_not_send(const struct cairn_future *f)
{
    while (f->ops && !cairn_future_is_complete(f)) {
        if (!f->ops->send)
            return f->ops->name;
        if (!f->ops->wraps)
            return NULL;
        f = f->state;
    }
    return NULL;
}

/* A ready value with a type that has a drop. */
struct ready_of {
    const struct cairn_type *type;
    void *value;
};

static enum cairn_poll ready_of_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct ready_of *self = state;
    (void)cx;
    out->value = self->value;
    self->value = NULL;
    return CAIRN_READY;
}

static void ready_of_drop(void *state)
{
    struct ready_of *self = state;
    cairn_type_drop(self->type, self->value);
}

struct cairn_future cairn_future_ready_of(const struct cairn_type *type, void *value)
{
    static const struct cairn_future_ops ops = {.name = "ready",
        .size = sizeof(struct ready_of),
        .poll = ready_of_poll,
        .drop = ready_of_drop,
        .send = true};
    if (!type || !type->drop)
        return cairn_future_ready(value);
    return cairn_future_box(&ops, &(struct ready_of){type, value});
}
