#include <cairn/service/stream.h>

#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

struct array_stream {
    void **values;
    size_t next;
    size_t count;
    const struct cairn_type *type;
};

static enum cairn_poll array_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct array_stream *self = state;
    (void)cx;
    out->value = NULL;
    if (self->next < self->count) {
        out->value = self->values[self->next++];
        CAIRN_ASSERT(out->value, "stream_from_array", "a value is NULL");
    }
    return CAIRN_READY;
}

static void array_drop(void *state)
{
    struct array_stream *self = state;
    while (self->next < self->count)
        cairn_type_drop(self->type, self->values[self->next++]);
    cairn_free(self->values);
}

static const struct cairn_stream_ops array_ops = {
    .name = "array",
    .size = sizeof(struct array_stream),
    .poll_next = array_poll_next,
    .drop = array_drop,
};

static void **array_copy(void *const *values, size_t count)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, sizeof(*values), &bytes))
        return NULL;
    void **copy = cairn_alloc(bytes);
    if (copy)
        memcpy(copy, values, bytes);
    return copy;
}

struct cairn_stream cairn_stream_from_array(
    void *const *values, size_t count, const struct cairn_type *type)
{
    if (count == 0)
        return (struct cairn_stream){0};
    struct array_stream state = {array_copy(values, count), 0, count, type};
    if (state.values)
        return cairn_stream_box(&array_ops, &state);
    for (size_t i = 0; i < count; i++)
        cairn_type_drop(type, values[i]);
    return cairn_stream_failed(&cairn_error_no_memory);
}

struct future_stream {
    struct cairn_future future;
};

/* The future is empty once it gave its value: that is the end. */
static enum cairn_poll future_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct future_stream *self = state;
    if (!cairn_future_is_empty(&self->future))
        return cairn_future_poll(&self->future, cx, out);
    out->value = NULL;
    return CAIRN_READY;
}

static void future_drop(void *state)
{
    struct future_stream *self = state;
    cairn_future_drop(&self->future);
}

static const struct cairn_stream_ops future_ops = {
    .name = "future",
    .size = sizeof(struct future_stream),
    .poll_next = future_poll_next,
    .drop = future_drop,
};

struct cairn_stream cairn_stream_from_future(struct cairn_future future)
{
    return cairn_stream_box(&future_ops, &(struct future_stream){future});
}
