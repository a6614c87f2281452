#include <cairn/service/combine.h>

#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

struct select {
    struct cairn_future *futures;
    size_t count;
    size_t *winner;
};

static enum cairn_poll select_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct select *self = state;
    for (size_t i = 0; i < self->count; i++) {
        enum cairn_poll p = cairn_future_poll(&self->futures[i], cx, out);
        if (p == CAIRN_PENDING)
            continue;
        if (self->winner)
            *self->winner = i;
        return p;
    }
    return CAIRN_PENDING;
}

static void select_drop(void *state)
{
    struct select *self = state;
    for (size_t i = 0; i < self->count; i++)
        cairn_future_drop(&self->futures[i]);
    cairn_free(self->futures);
}

static const struct cairn_future_ops select_ops = {
    .name = "select",
    .size = sizeof(struct select),
    .poll = select_poll,
    .drop = select_drop,
};

/* Drops all but FUTURES[KEPT], which may be COUNT: none. */
static void select_drop_others(const struct cairn_future *futures, size_t count, size_t kept)
{
    for (size_t i = 0; i < count; i++) {
        struct cairn_future f = futures[i];
        if (i != kept)
            cairn_future_drop(&f);
    }
}

struct cairn_future cairn_select(const struct cairn_future *futures, size_t count, size_t *winner)
{
    CAIRN_ASSERT(count > 0, "select", "needs at least one future");
    for (size_t i = 0; i < count; i++) {
        if (!cairn_future_is_complete(&futures[i]))
            continue;
        if (winner)
            *winner = i;
        select_drop_others(futures, count, i);
        return futures[i];
    }
    size_t bytes;
    struct select state = {NULL, count, winner};
    if (!__builtin_mul_overflow(count, sizeof(*futures), &bytes))
        state.futures = cairn_alloc(bytes);
    if (!state.futures) {
        select_drop_others(futures, count, count);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    memcpy(state.futures, futures, bytes);
    return cairn_future_box(&select_ops, &state);
}
