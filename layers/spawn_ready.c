#include <cairn/layers/spawn_ready.h>

#include <cairn/layers/deadline.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/task.h>

struct spawn_ready;

/* Wakers that inner has stored may outlive the copy, so it is counted as any task. */
struct spawn_ready_task {
    struct cairn_task task; /* first */
    struct spawn_ready *owner;
};

struct spawn_ready {
    struct cairn_service base;
    struct spawn_ready_task *task; /* NULL until it is needed */
    struct cairn_waker waker;      /* who waits for the task's news */
    struct cairn_error *error;     /* why inner is dead */
    uint64_t deadline_ms;          /* of who began to wait, for what he makes inner do */
    bool is_driving;
};

static void spawn_ready_run(struct cairn_task *task)
{
    struct spawn_ready *owner = ((struct spawn_ready_task *)task)->owner;
    if (!owner || !owner->is_driving)
        return; /* a late wake */
    const struct cairn_context cx = {task, task->runtime};
    struct cairn_error *error = NULL;
    uint64_t before = cairn_deadline_swap(owner->deadline_ms);
    enum cairn_poll p = cairn_service_poll_ready(owner->base.inner, &cx, &error);
    cairn_deadline_swap(before);
    if (p == CAIRN_PENDING)
        return;
    owner->is_driving = false;
    owner->error = error;
    cairn_wake(&owner->waker);
}

static void spawn_ready_free(struct cairn_task *task)
{
    cairn_free(task);
}

static struct spawn_ready_task *spawn_ready_task_new(
    struct spawn_ready *owner, struct cairn_runtime *runtime)
{
    static const struct cairn_task_ops ops = {
        .name = "spawn_ready", .run = spawn_ready_run, .free = spawn_ready_free};
    CAIRN_ASSERT(runtime, "spawn_ready", "polled without a runtime");
    struct spawn_ready_task *self = cairn_alloc(sizeof(*self));
    if (!self)
        return NULL;
    cairn_task_init(&self->task, &ops, runtime);
    self->owner = owner;
    return self;
}

/* The task's first poll, here and now: inner knows from this moment on who waits. */
static enum cairn_poll spawn_ready_begin(
    struct spawn_ready *self, const struct cairn_context *cx, struct cairn_error **error)
{
    if (!self->task)
        self->task = spawn_ready_task_new(self, cx->runtime);
    if (!self->task)
        return cairn_service_poll_ready(self->base.inner, cx, error);
    const struct cairn_context own = {&self->task->task, cx->runtime};
    enum cairn_poll p = cairn_service_poll_ready(self->base.inner, &own, error);
    self->is_driving = p == CAIRN_PENDING;
    self->deadline_ms = cairn_deadline_ms();
    if (self->is_driving)
        cairn_waker_set(&self->waker, cx);
    return p;
}

static enum cairn_poll spawn_ready_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct spawn_ready *self = (struct spawn_ready *)base;
    if (self->error) {
        *error = cairn_error_ref(self->error);
        return CAIRN_FAILED;
    }
    if (self->is_driving) {
        if (cairn_context_can_wait(cx))
            cairn_waker_set(&self->waker, cx);
        return CAIRN_PENDING;
    }
    const struct cairn_context spot = {NULL, cx->runtime};
    enum cairn_poll p = cairn_service_poll_ready(base->inner, &spot, error);
    if (p == CAIRN_PENDING && cairn_context_can_wait(cx))
        p = spawn_ready_begin(self, cx, error);
    if (p == CAIRN_FAILED)
        self->error = cairn_error_ref(*error);
    return p;
}

static void spawn_ready_release(struct cairn_service *base)
{
    struct spawn_ready *self = (struct spawn_ready *)base;
    self->is_driving = false;
    cairn_waker_clear(&self->waker);
}

static void spawn_ready_cloned(struct cairn_service *base)
{
    struct spawn_ready *self = (struct spawn_ready *)base;
    self->task = NULL;
    self->waker = (struct cairn_waker){0};
    self->error = NULL;
    self->is_driving = false;
}

static void spawn_ready_drop(struct cairn_service *base)
{
    struct spawn_ready *self = (struct spawn_ready *)base;
    cairn_error_unref(self->error);
    if (!self->task)
        return;
    self->task->owner = NULL;
    cairn_task_unref(&self->task->task);
}

static void spawn_ready_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_gauge(d, "is_driving", ((const struct spawn_ready *)base)->is_driving);
}

static const struct cairn_service_ops spawn_ready_ops = {
    .name = "spawn_ready",
    .size = sizeof(struct spawn_ready),
    .poll_ready = spawn_ready_poll_ready,
    .release = spawn_ready_release,
    .cloned = spawn_ready_cloned,
    .drop = spawn_ready_drop,
    .describe = spawn_ready_describe,
};

static struct cairn_service *spawn_ready_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct spawn_ready *self = cairn_service_new(&spawn_ready_ops, inner);
    return self ? &self->base
                : cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_spawn_ready_layer(const struct cairn_spawn_ready_options *options)
{
    static const struct cairn_spawn_ready_options defaults = {.size = sizeof(defaults)};
    const struct cairn_spawn_ready_options *opts = options ? options : &defaults;
    return cairn_layer_of("spawn_ready", spawn_ready_apply, opts, opts->size);
}
