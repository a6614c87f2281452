#include <cairn/service/combine.h>

#include <string.h>

#include <cairn/service/alloc.h>

/* One block holds the values, which the caller gets, and behind them the futures. */
struct join_all {
    void **values;
    struct cairn_future *futures; /* a complete one is empty */
    size_t count;
    const struct cairn_type *type;
};

static enum cairn_poll join_all_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct join_all *self = state;
    bool is_complete = true;
    for (size_t i = 0; i < self->count; i++) {
        union cairn_outcome one;
        if (cairn_future_is_empty(&self->futures[i]))
            continue;
        enum cairn_poll p = cairn_future_poll(&self->futures[i], cx, &one);
        if (p == CAIRN_FAILED) {
            out->error = one.error;
            return p;
        }
        if (p == CAIRN_READY)
            self->values[i] = one.value;
        else
            is_complete = false;
    }
    if (!is_complete)
        return CAIRN_PENDING;
    out->value = self->values;
    self->values = NULL;
    return CAIRN_READY;
}

/* A value that is there inline is one of the values, though nobody has polled for it yet. */
static void join_all_drop_future(struct cairn_future *f, const struct cairn_type *type)
{
    if (f->ops == &cairn__future_ready_ops)
        cairn_type_drop(type, f->state);
    cairn_future_drop(f);
}

static void join_all_drop(void *state)
{
    struct join_all *self = state;
    if (!self->values)
        return;
    for (size_t i = 0; i < self->count; i++) {
        cairn_type_drop(self->type, self->values[i]);
        join_all_drop_future(&self->futures[i], self->type);
    }
    cairn_free(self->values);
}

static const struct cairn_future_ops join_all_ops = {
    .name = "join_all",
    .size = sizeof(struct join_all),
    .poll = join_all_poll,
    .drop = join_all_drop,
};

static struct cairn_future join_all_refuse(
    const struct cairn_future *futures, size_t count, const struct cairn_type *type)
{
    for (size_t i = 0; i < count; i++) {
        struct cairn_future f = futures[i];
        join_all_drop_future(&f, type);
    }
    return cairn_future_failed(&cairn_error_no_memory);
}

/* Always a box: an inline result that nobody polls would leak its values. */
struct cairn_future cairn_join_all(
    const struct cairn_future *futures, size_t count, const struct cairn_type *type)
{
    if (count == 0)
        return cairn_future_ready(NULL);
    size_t bytes;
    void **values = NULL;
    if (!__builtin_mul_overflow(count, sizeof(*values) + sizeof(*futures), &bytes))
        values = cairn_alloc(bytes);
    if (!values)
        return join_all_refuse(futures, count, type);
    struct join_all state = {values, (struct cairn_future *)(void *)(values + count), count, type};
    memset(values, 0, count * sizeof(*values));
    memcpy(state.futures, futures, count * sizeof(*futures));
    return cairn_future_box(&join_all_ops, &state);
}
