#include <cairn/service/combine.h>

struct map_future {
    struct cairn_future inner;
    void *(*f)(void *cx, void *value);
    void *cx;
};

static enum cairn_poll map_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct map_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_READY)
        out->value = self->f(self->cx, out->value);
    return p;
}

static void map_drop(void *state)
{
    struct map_future *self = state;
    cairn_future_drop(&self->inner);
}

static const struct cairn_future_ops map_ops = {
    .name = "map",
    .size = sizeof(struct map_future),
    .poll = map_poll,
    .drop = map_drop,
    .wraps = true,
};

struct cairn_future cairn_future_map(
    struct cairn_future inner, void *(*f)(void *cx, void *value), void *cx)
{
    return cairn_future_wrap(&map_ops, &(struct map_future){inner, f, cx});
}

struct map_error_future {
    struct cairn_future inner;
    struct cairn_error *(*f)(void *cx, struct cairn_error *error);
    void *cx;
};

static enum cairn_poll map_error_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct map_error_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_FAILED)
        out->error = self->f(self->cx, out->error);
    return p;
}

static void map_error_drop(void *state)
{
    struct map_error_future *self = state;
    cairn_future_drop(&self->inner);
}

static const struct cairn_future_ops map_error_ops = {
    .name = "map_error",
    .size = sizeof(struct map_error_future),
    .poll = map_error_poll,
    .drop = map_error_drop,
    .wraps = true,
};

struct cairn_future cairn_future_map_error(struct cairn_future inner,
    struct cairn_error *(*f)(void *cx, struct cairn_error *error), void *cx)
{
    return cairn_future_wrap(&map_error_ops, &(struct map_error_future){inner, f, cx});
}
