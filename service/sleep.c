#include <cairn/service/sleep.h>

#include <cairn/service/runtime.h>

/* The timer is the state's first member. */
static void sleep_fire(struct cairn_timer *timer)
{
    struct cairn_sleep_state *self = (struct cairn_sleep_state *)timer;
    cairn_wake(&self->waker);
}

enum cairn_poll cairn_sleep_poll(struct cairn_sleep_state *sleep, const struct cairn_context *cx)
{
    if (!cairn_context_can_wait(cx))
        return CAIRN_PENDING;
    if (cairn_runtime_now_ms(cx->runtime) >= sleep->at_ms) {
        cairn_sleep_stop(sleep);
        return CAIRN_READY;
    }
    cairn_waker_set(&sleep->waker, cx);
    if (!cairn_timer_is_armed(&sleep->timer))
        cairn_timer_arm(cx->runtime, &sleep->timer, sleep->at_ms, sleep_fire);
    return CAIRN_PENDING;
}

void cairn_sleep_stop(struct cairn_sleep_state *sleep)
{
    cairn_timer_cancel(&sleep->timer);
    cairn_waker_clear(&sleep->waker);
}

struct sleep_future {
    struct cairn_sleep_state sleep;
    uint64_t after_ms; /* counts from the first poll; 0 once at_ms is set */
};

static enum cairn_poll sleep_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct sleep_future *self = state;
    if (self->after_ms) {
        self->sleep.at_ms = cairn_runtime_deadline_ms(cx->runtime, self->after_ms);
        self->after_ms = 0;
    }
    enum cairn_poll p = cairn_sleep_poll(&self->sleep, cx);
    if (p == CAIRN_READY)
        out->value = NULL;
    return p;
}

static void sleep_future_drop(void *state)
{
    struct sleep_future *self = state;
    cairn_sleep_stop(&self->sleep);
}

static const struct cairn_future_ops sleep_future_ops = {
    .name = "sleep",
    .size = sizeof(struct sleep_future),
    .poll = sleep_future_poll,
    .drop = sleep_future_drop,
};

struct cairn_future cairn_sleep(uint64_t after_ms)
{
    if (after_ms == 0)
        return cairn_future_ready(NULL);
    return cairn_future_box(&sleep_future_ops, &(struct sleep_future){.after_ms = after_ms});
}
