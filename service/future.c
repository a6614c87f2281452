#include <cairn/service/future.h>

#include <string.h>

#include <cairn/service/assert.h>
#include <cairn/service/box.h>
#include <cairn/service/runtime_core.h>

const struct cairn_future_ops cairn__future_ready_ops = {.name = "ready", .send = true};
const struct cairn_future_ops cairn__future_failed_ops = {.name = "failed", .send = true};

static void future_discard(const struct cairn_future_ops *ops, void *state)
{
    if (ops->drop)
        ops->drop(state);
}

struct cairn_future cairn_future_box(const struct cairn_future_ops *ops, const void *state)
{
    struct cairn_future f = {ops, cairn__box_new(ops->size)};
    if (CAIRN_UNLIKELY(!f.state)) {
        /* The caller gave up what STATE holds; its own copy is what there is to drop. */
        future_discard(ops, (void *)(size_t)state);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    memcpy(f.state, state, ops->size);
    return f;
}

struct cairn_future cairn_future_start(const struct cairn_future_ops *ops, void *state)
{
    const struct cairn_context spot = {NULL, cairn__current};
    union cairn_outcome out;
    enum cairn_poll p = ops->poll(state, &spot, &out);
    if (p == CAIRN_PENDING)
        return cairn_future_box(ops, state);
    future_discard(ops, state);
    return p == CAIRN_READY ? cairn_future_ready(out.value) : cairn_future_failed(out.error);
}

struct cairn_future cairn_future_wrap(const struct cairn_future_ops *ops, void *state)
{
    if (cairn_future_is_complete(state))
        return cairn_future_start(ops, state);
    return cairn_future_box(ops, state);
}

enum cairn_poll cairn__future_poll_box(
    struct cairn_future *f, const struct cairn_context *cx, union cairn_outcome *out)
{
    const struct cairn_future_ops *ops = f->ops;
    void *state = f->state;
    CAIRN_ASSERT(ops, "future", "polled after it was complete, or empty");
    if (ops == &cairn__future_failed_ops) {
        out->error = state;
        f->ops = NULL;
        return CAIRN_FAILED;
    }
    if (!cairn_context_can_wait(cx))
        return CAIRN_PENDING;
    CAIRN_ASSERT(ops->send || cairn__box_home(state) == cairn__current || !cairn__box_home(state),
        ops->name, "polled on another runtime than the one that made it");
    enum cairn_poll p = ops->poll(state, cx, out);
    if (p == CAIRN_PENDING)
        return p;
    f->ops = NULL;
    future_discard(ops, state);
    cairn__box_free(state, ops->size);
    return p;
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
    cairn__box_free(f->state, ops->size);
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
