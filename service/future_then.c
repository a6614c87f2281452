#include <cairn/service/combine.h>

/* The first future and, once that is complete, in the same place the one that F gave. F is NULL
 * from then on. */
struct then_future {
    struct cairn_future inner;
    struct cairn_future (*f)(void *cx, enum cairn_poll p, union cairn_outcome out);
    void *cx;
};

static enum cairn_poll then_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct then_future *self = state;
    if (self->f) {
        union cairn_outcome first;
        enum cairn_poll p = cairn_future_poll(&self->inner, cx, &first);
        if (p == CAIRN_PENDING)
            return p;
        self->inner = self->f(self->cx, p, first);
        self->f = NULL;
    }
    return cairn_future_poll(&self->inner, cx, out);
}

static void then_drop(void *state)
{
    struct then_future *self = state;
    cairn_future_drop(&self->inner);
}

static const struct cairn_future_ops then_ops = {
    .name = "then",
    .size = sizeof(struct then_future),
    .poll = then_poll,
    .drop = then_drop,
    .wraps = true,
};

struct cairn_future cairn_future_then(struct cairn_future inner,
    struct cairn_future (*f)(void *cx, enum cairn_poll p, union cairn_outcome out), void *cx)
{
    return cairn_future_wrap(&then_ops, &(struct then_future){inner, f, cx});
}

struct and_then_future {
    struct cairn_future inner;
    struct cairn_future (*f)(void *cx, void *value);
    void *cx;
};

static enum cairn_poll and_then_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct and_then_future *self = state;
    if (self->f) {
        union cairn_outcome first;
        enum cairn_poll p = cairn_future_poll(&self->inner, cx, &first);
        if (p == CAIRN_FAILED)
            out->error = first.error;
        if (p)
            return p;
        self->inner = self->f(self->cx, first.value);
        self->f = NULL;
    }
    return cairn_future_poll(&self->inner, cx, out);
}

static void and_then_drop(void *state)
{
    struct and_then_future *self = state;
    cairn_future_drop(&self->inner);
}

static const struct cairn_future_ops and_then_ops = {
    .name = "and_then",
    .size = sizeof(struct and_then_future),
    .poll = and_then_poll,
    .drop = and_then_drop,
    .wraps = true,
};

struct cairn_future cairn_future_and_then(
    struct cairn_future inner, struct cairn_future (*f)(void *cx, void *value), void *cx)
{
    return cairn_future_wrap(&and_then_ops, &(struct and_then_future){inner, f, cx});
}
