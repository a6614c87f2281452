#include <cairn/service/call.h>

struct ready_future {
    struct cairn_service *service;
};

static enum cairn_poll ready_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct ready_future *self = state;
    enum cairn_poll p = cairn_service_poll_ready(self->service, cx, &out->error);
    if (p == CAIRN_READY)
        out->value = self->service;
    return p;
}

struct cairn_future cairn_service_ready(struct cairn_service *service)
{
    static const struct cairn_future_ops ops = {
        .name = "ready", .size = sizeof(struct ready_future), .poll = ready_poll};
    return cairn_future_box(&ops, &(struct ready_future){service});
}

/* Waits for the service, then for its answer. */
struct oneshot_future {
    struct cairn_service *service;
    void *request; /* NULL once it was called */
    struct cairn_future answer;
    bool is_called;
};

static enum cairn_poll oneshot_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct oneshot_future *self = state;
    if (!self->is_called) {
        enum cairn_poll p = cairn_service_poll_ready(self->service, cx, &out->error);
        if (p)
            return p;
        void *request = self->request;
        self->request = NULL;
        self->is_called = true;
        self->answer = cairn_service_call(self->service, request);
    }
    return cairn_future_poll(&self->answer, cx, out);
}

static void oneshot_drop(void *state)
{
    struct oneshot_future *self = state;
    cairn_future_drop(&self->answer);
    if (!self->is_called)
        cairn_service_drop_request(self->service, self->request);
    cairn_service_drop(self->service);
}

struct cairn_future cairn_service_oneshot(struct cairn_service *service, void *request)
{
    static const struct cairn_future_ops ops = {.name = "oneshot",
        .size = sizeof(struct oneshot_future),
        .poll = oneshot_poll,
        .drop = oneshot_drop};
    return cairn_future_box(&ops, &(struct oneshot_future){.service = service, .request = request});
}
