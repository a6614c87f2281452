#include <cairn/testkit/mock.h>

#include <cairn/testkit/value.h>

static struct cairn_future echo_call(struct cairn_service *self, void *req)
{
    return cairn_future_ready_of(self->response_type, req);
}

static const struct cairn_service_ops echo_ops = {
    .name = "echo", .size = sizeof(struct cairn_service), .call = echo_call};

struct pending_once {
    const struct cairn_type *type;
    void *value;
    bool has_waited;
};

static enum cairn_poll pending_once_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct pending_once *self = state;

    if (!self->has_waited) {
        if (cairn_context_can_wait(cx)) {
            self->has_waited = true;
            cairn_task_wake(cx->task);
        }
        return CAIRN_PENDING;
    }
    out->value = self->value;
    self->value = NULL;
    return CAIRN_READY;
}

static void pending_once_drop(void *state)
{
    struct pending_once *self = state;

    cairn_type_drop(self->type, self->value);
}

static const struct cairn_future_ops pending_once_future_ops = {.name = "pending_once",
    .size = sizeof(struct pending_once),
    .poll = pending_once_poll,
    .drop = pending_once_drop};

static struct cairn_future pending_once_call(struct cairn_service *self, void *req)
{
    return cairn_future_box(
        &pending_once_future_ops, &(struct pending_once){self->response_type, req, false});
}

static const struct cairn_service_ops pending_once_ops = {
    .name = "pending_once", .size = sizeof(struct cairn_service), .call = pending_once_call};

static struct cairn_service *leaf_new(
    const struct cairn_service_ops *ops, const struct cairn_type *type)
{
    struct cairn_service *self = cairn_service_new(ops, NULL);

    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->request_type = self->response_type = type ? type : &cairn_test_value_type;
    return self;
}

struct cairn_service *cairn_test_echo(const struct cairn_type *type)
{
    return leaf_new(&echo_ops, type);
}

struct cairn_service *cairn_test_pending_once(const struct cairn_type *type)
{
    return leaf_new(&pending_once_ops, type);
}
