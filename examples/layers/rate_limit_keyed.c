/* rate_limit_keyed.c - each customer may do five things at once, and twenty in a second. */
#include <stdio.h>
#include <string.h>

#include <cairn/layers/rate_limit_keyed.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

struct order {
    const char *customer;
    uint64_t remaining;
    uint64_t retry_after_ms;
};

static const struct cairn_type order_type = {.name = "order"};

static void *take_order(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

/* [functions] */
static struct cairn_str customer_of(void *cx, const void *request)
{
    (void)cx;
    return cairn_str_from(((const struct order *)request)->customer);
}

static void note(void *cx, void *request, const struct cairn_keyed_answer *answer)
{
    struct order *order = request;
    (void)cx;
    order->remaining = answer->remaining; /* RateLimit: remaining, reset … */
    order->retry_after_ms = answer->wait_ms;
}

static void rate_of(
    void *cx, const void *request, struct cairn_str key, struct cairn_keyed_rate *rate)
{
    (void)cx;
    (void)request;
    if (cairn_str_equal(key, CAIRN_STR("the boss")))
        rate->num = CAIRN_KEYED_UNLIMITED;
}
/* [/functions] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_service *shop =
        cairn_service_fn("shop", &order_type, &order_type, take_order, NULL);
    union cairn_outcome out;
    unsigned done[2] = {0, 0};
    if (!runtime)
        return 1;
    /* [snippet] */
    struct cairn_service *app =
        cairn_stack(shop, cairn_rate_limit_keyed(.key = customer_of, .rate = rate_of,
                              .report = note, .num = 20, .per_ms = 1000, .burst = 5));
    /* [/snippet] */
    for (int i = 0; i < 12; i++) {
        struct order order = {.customer = i % 2 ? "the boss" : "anybody"};
        struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), &order);
        if (cairn_block_on(runtime, call, &out) == CAIRN_READY) {
            done[i % 2]++;
            continue;
        }
        printf("%s: %s: try again in %u ms\n", order.customer, out.error->message,
            (unsigned)order.retry_after_ms);
        cairn_error_unref(out.error);
    }
    cairn_stack_print(app, stdout);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    /* A machine that takes a while gives anybody more than five. */
    return done[0] >= 5 && done[1] == 6 ? 0 : 1;
}
