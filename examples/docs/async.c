/* async.c - an async function with two awaits, a loop, and a clean-up. */
#include <stdio.h>

#include <cairn/service/alloc.h>
#include <cairn/service/async.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

/* Stands for a call of a database: answers after a millisecond. */
static int prices[] = {100, 250, 75};

struct find_price {
    struct cairn_async async;
    int item;
};

static enum cairn_poll find_price_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error unknown =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_NOT_FOUND, "find_price", "no such item");
    struct find_price *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(1));
    if (self->item < 0 || self->item > 2)
        CAIRN_ASYNC_FAIL(&unknown);
    CAIRN_ASYNC_RETURN(&prices[self->item]);
    CAIRN_ASYNC_END();
}

static void find_price_drop(void *state)
{
    struct find_price *self = state;
    cairn_async_drop(&self->async);
}

static struct cairn_future find_price(int item)
{
    static const struct cairn_future_ops ops = {.name = "find_price",
        .size = sizeof(struct find_price),
        .poll = find_price_poll,
        .drop = find_price_drop};
    return cairn_future_start(&ops, &(struct find_price){.item = item});
}

/* [frame] */
struct sum_prices {
    struct cairn_async async; /* first */
    const int *items;         /* borrowed until the future is gone */
    int count;
    int i; /* lives over the await, so it is a field */
    int *price;
    int *total; /* ours */
};
/* [/frame] */

/* [body] */
static enum cairn_poll sum_prices_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct sum_prices *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    self->total = cairn_alloc_zero(sizeof(*self->total));
    if (!self->total)
        CAIRN_ASYNC_FAIL(&cairn_error_no_memory);
    for (self->i = 0; self->i < self->count; self->i++) {
        CAIRN_AWAIT(find_price(self->items[self->i]), self->price);
        *self->total += *self->price;
    }
    int *total = self->total;
    self->total = NULL; /* the caller's from now on */
    CAIRN_ASYNC_RETURN(total);
    CAIRN_ASYNC_END();
}
/* [/body] */

/* [drop] */
static void sum_prices_drop(void *state)
{
    struct sum_prices *self = state;
    cairn_async_drop(&self->async); /* what is being awaited, first */
    cairn_free(self->total);        /* then what is ours */
}

static const struct cairn_type total_type = {.name = "total", .drop = cairn_free};

static const struct cairn_future_ops sum_prices_ops = {
    .name = "sum_prices",
    .size = sizeof(struct sum_prices),
    .poll = sum_prices_poll,
    .drop = sum_prices_drop,
    .type = &total_type, /* the value needs a drop, if nobody polls for it */
};
/* [/drop] */

/* [start] */
static struct cairn_future sum_prices(const int *items, int count)
{
    return cairn_future_start(
        &sum_prices_ops, &(struct sum_prices){.items = items, .count = count});
}
/* [/start] */

/* [catch] */
struct price_or {
    struct cairn_async async;
    int item;
    int *fallback;
};

static enum cairn_poll price_or_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct price_or *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_CATCH(find_price(self->item));
    if (self->async.p == CAIRN_READY)
        CAIRN_ASYNC_RETURN(self->async.last.value);
    cairn_error_unref(self->async.last.error); /* it is ours: let go of it */
    CAIRN_ASYNC_RETURN(self->fallback);
    CAIRN_ASYNC_END();
}
/* [/catch] */

static void price_or_drop(void *state)
{
    struct price_or *self = state;
    cairn_async_drop(&self->async);
}

static struct cairn_future price_or(int item, int *fallback)
{
    static const struct cairn_future_ops ops = {.name = "price_or",
        .size = sizeof(struct price_or),
        .poll = price_or_poll,
        .drop = price_or_drop};
    return cairn_future_start(&ops, &(struct price_or){.item = item, .fallback = fallback});
}

static int check(int is_right, const char *what)
{
    if (!is_right)
        fprintf(stderr, "wrong: %s\n", what);
    return is_right ? 0 : 1;
}

int main(void)
{
    static const int items[] = {0, 1, 2};
    static const int unknown[] = {0, 9};
    int fallback = 1;
    union cairn_outcome out;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &out.error);
    if (!runtime)
        return check(0, "runtime");
    /* [block_on] */
    enum cairn_poll p = cairn_block_on(runtime, sum_prices(items, 3), &out);
    /* [/block_on] */
    int rc = check(p == CAIRN_READY && *(int *)out.value == 425, "sum");
    if (p == CAIRN_READY)
        cairn_free(out.value);
    p = cairn_block_on(runtime, sum_prices(unknown, 2), &out);
    rc |= check(p == CAIRN_FAILED && out.error->code == CAIRN_ERROR_NOT_FOUND, "unknown item");
    p = cairn_block_on(runtime, price_or(9, &fallback), &out);
    rc |= check(p == CAIRN_READY && out.value == &fallback, "fallback");
    for (int count = 0; count < 2; count++) { /* complete at once, and not */
        struct cairn_future given_up = sum_prices(items, count);
        cairn_future_drop(&given_up);
    }
    cairn_runtime_free(runtime);
    return rc;
}
