#include <cairn/service/stream.h>

#include <string.h>

#include <cairn/service/runtime_core.h>

/* The stream that fails at its first poll; its state is the error. */
static const struct cairn_stream_ops stream_failed_ops = {.name = "failed"};

struct cairn_stream cairn_stream_box(const struct cairn_stream_ops *ops, const void *state)
{
    struct cairn_stream s = {ops, cairn__state_new(ops->size)};
    if (s.state) {
        memcpy(s.state, state, ops->size);
        return s;
    }
    /* The caller gave up what STATE holds; its own copy is what there is to drop. */
    if (ops->drop)
        ops->drop((void *)(size_t)state);
    return cairn_stream_failed(&cairn_error_no_memory);
}

struct cairn_stream cairn_stream_failed(struct cairn_error *error)
{
    return (struct cairn_stream){&stream_failed_ops, error};
}

enum cairn_poll cairn_stream_poll_next(
    struct cairn_stream *s, const struct cairn_context *cx, union cairn_outcome *out)
{
    if (!s->ops) {
        out->value = NULL;
        return CAIRN_READY;
    }
    if (s->ops == &stream_failed_ops) {
        out->error = s->state;
        s->ops = NULL;
        return CAIRN_FAILED;
    }
    /* As with boxed futures: who cannot wait learns nothing yet, and no state needs to ask. */
    if (!cairn_context_can_wait(cx))
        return CAIRN_PENDING;
    enum cairn_poll p = s->ops->poll_next(s->state, cx, out);
    if (p == CAIRN_FAILED || (p == CAIRN_READY && !out->value))
        cairn_stream_drop(s);
    return p;
}

void cairn_stream_drop(struct cairn_stream *s)
{
    const struct cairn_stream_ops *ops = s->ops;
    s->ops = NULL;
    if (!ops)
        return;
    if (ops == &stream_failed_ops) {
        cairn_error_unref(s->state);
        return;
    }
    if (ops->drop)
        ops->drop(s->state);
    if (ops->size)
        cairn__state_free(s->state, ops->size);
}
