#include <cairn/service/stream.h>

struct take_stream {
    struct cairn_stream inner;
    size_t left;
};

/* Inner goes with its last value, not at the poll after it: nobody may ever make that poll. */
static enum cairn_poll take_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct take_stream *self = state;
    enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
    if (p == CAIRN_READY && out->value && --self->left == 0)
        cairn_stream_drop(&self->inner);
    return p;
}

static void take_drop(void *state)
{
    struct take_stream *self = state;
    cairn_stream_drop(&self->inner);
}

static const struct cairn_stream_ops take_ops = {
    .name = "take",
    .size = sizeof(struct take_stream),
    .poll_next = take_poll_next,
    .drop = take_drop,
};

struct cairn_stream cairn_stream_take(struct cairn_stream inner, size_t count)
{
    if (count > 0)
        return cairn_stream_box(&take_ops, &(struct take_stream){inner, count});
    cairn_stream_drop(&inner);
    return inner;
}
