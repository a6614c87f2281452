#include <cairn/service/stream.h>

#include <cairn/service/alloc.h>

#define COLLECT_DEFAULT_MAX 65536
#define COLLECT_FIRST_CAPACITY 8

struct next_future {
    struct cairn_stream *stream;
};

static enum cairn_poll next_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct next_future *self = state;
    return cairn_stream_poll_next(self->stream, cx, out);
}

static const struct cairn_future_ops next_ops = {
    .name = "stream_next",
    .size = sizeof(struct next_future),
    .poll = next_poll,
};

struct cairn_future cairn_stream_next(struct cairn_stream *s)
{
    return cairn_future_box(&next_ops, &(struct next_future){s});
}

struct collect_future {
    struct cairn_stream inner;
    size_t max;
    size_t capacity;
    struct cairn_stream_values *values;
};

static bool collect_grow(struct collect_future *self)
{
    size_t bytes;
    size_t capacity = self->capacity ? self->capacity * 2 : COLLECT_FIRST_CAPACITY;
    if (__builtin_mul_overflow(capacity, sizeof(void *), &bytes))
        return false;
    void **grown = cairn_resize(self->values->values, bytes);
    if (!grown)
        return false;
    self->values->values = grown;
    self->capacity = capacity;
    return true;
}

/* Takes VALUE. Returns NULL or what the whole fails with. */
static struct cairn_error *collect_add(struct collect_future *self, void *value)
{
    struct cairn_stream_values *values = self->values;
    struct cairn_error *error = NULL;
    if (values->count == self->max)
        error = cairn_error_new(
            CAIRN_ERROR_TOO_LARGE, "stream_collect", NULL, "more than %zu values", self->max);
    else if (values->count == self->capacity && !collect_grow(self))
        error = &cairn_error_no_memory;
    if (error)
        cairn_type_drop(values->type, value);
    else
        values->values[values->count++] = value;
    return error;
}

static enum cairn_poll collect_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct collect_future *self = state;
    for (;;) {
        union cairn_outcome next;
        enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, &next);
        if (p == CAIRN_PENDING)
            return p;
        if (p == CAIRN_READY && !next.value)
            break;
        struct cairn_error *error = p == CAIRN_FAILED ? next.error : collect_add(self, next.value);
        if (error) {
            out->error = error;
            return CAIRN_FAILED;
        }
    }
    out->value = self->values;
    self->values = NULL;
    return CAIRN_READY;
}

static void collect_drop(void *state)
{
    struct collect_future *self = state;
    cairn_stream_drop(&self->inner);
    cairn_stream_values_free(self->values);
}

static const struct cairn_future_ops collect_ops = {
    .name = "stream_collect",
    .size = sizeof(struct collect_future),
    .poll = collect_poll,
    .drop = collect_drop,
};

struct cairn_future cairn_stream_collect(
    struct cairn_stream inner, size_t max, const struct cairn_type *type)
{
    struct collect_future state = {inner, max ? max : COLLECT_DEFAULT_MAX, 0, NULL};
    state.values = cairn_alloc(sizeof(*state.values));
    if (!state.values) {
        cairn_stream_drop(&state.inner);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    *state.values = (struct cairn_stream_values){.type = type};
    return cairn_future_box(&collect_ops, &state);
}

void cairn_stream_values_free(struct cairn_stream_values *values)
{
    if (!values)
        return;
    for (size_t i = 0; i < values->count; i++)
        cairn_type_drop(values->type, values->values[i]);
    cairn_free(values->values);
    cairn_free(values);
}
