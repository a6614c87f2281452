#include <cairn/service/stream.h>

#include <cairn/service/assert.h>

struct map_stream {
    struct cairn_stream inner;
    void *(*f)(void *cx, void *value);
    void *cx;
};

static enum cairn_poll map_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct map_stream *self = state;
    enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
    if (p || !out->value)
        return p;
    out->value = self->f(self->cx, out->value);
    CAIRN_ASSERT(out->value, "stream_map", "the function returned NULL");
    return CAIRN_READY;
}

static void map_drop(void *state)
{
    struct map_stream *self = state;
    cairn_stream_drop(&self->inner);
}

static const struct cairn_stream_ops map_ops = {
    .name = "map",
    .size = sizeof(struct map_stream),
    .poll_next = map_poll_next,
    .drop = map_drop,
};

struct cairn_stream cairn_stream_map(
    struct cairn_stream inner, void *(*f)(void *cx, void *value), void *cx)
{
    return cairn_stream_box(&map_ops, &(struct map_stream){inner, f, cx});
}
