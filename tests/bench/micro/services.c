#include "bench/micro/micro.h"

#include <stdio.h>

#include <cairn/service/error.h>

#define CALLS 200000

int micro_request;

static void *request_clone(const void *value)
{
    (void)value;
    return &micro_request;
}

static const struct cairn_type number = {.name = "number", .clone = request_clone};

static struct cairn_future ready_call(struct cairn_service *self, void *request)
{
    (void)self;
    return cairn_future_ready(request);
}

struct once {
    void *value;
    bool has_waited;
};

static enum cairn_poll once_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct once *self = state;
    (void)cx;
    if (!self->has_waited) {
        self->has_waited = true;
        return CAIRN_PENDING;
    }
    out->value = self->value;
    return CAIRN_READY;
}

static const struct cairn_future_ops once_future_ops = {
    .name = "once", .size = sizeof(struct once), .poll = once_poll};

static struct cairn_future once_call(struct cairn_service *self, void *request)
{
    (void)self;
    return cairn_future_box(&once_future_ops, &(struct once){request, false});
}

static const struct cairn_service_ops ready_ops = {
    .name = "ready", .size = sizeof(struct cairn_service), .call = ready_call};
static const struct cairn_service_ops once_ops = {
    .name = "once", .size = sizeof(struct cairn_service), .call = once_call};

struct cairn_service *micro_leaf(bool is_ready)
{
    struct cairn_service *self = cairn_service_new(is_ready ? &ready_ops : &once_ops, NULL);
    self->request_type = self->response_type = &number;
    return self;
}

static void service_run(void *state, unsigned calls)
{
    struct cairn_service *service = state;
    struct cairn_error *error;
    union cairn_outcome out;
    for (unsigned i = 0; i < calls; i++) {
        micro_check(cairn_service_poll_ready(service, &micro_context, &error) == CAIRN_READY,
            "a service is not ready");
        struct cairn_future future = cairn_service_call(service, &micro_request);
        while (cairn_future_poll(&future, &micro_context, &out) == CAIRN_PENDING)
            ;
        micro_check(out.value == &micro_request, "a service answers something else");
    }
}

static void service_end(void *state)
{
    cairn_service_drop(state);
}

void micro_add_service(const char *name, struct cairn_service *service)
{
    struct micro self = {.run = service_run, .end = service_end, .state = service, .calls = CALLS};
    const struct cairn_error *error = cairn_service_error(service);
    micro_check(!error, error ? error->message : "");
    snprintf(self.name, sizeof(self.name), "%s", name);
    micro_add(self);
}
