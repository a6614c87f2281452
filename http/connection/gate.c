#include <cairn/http/server/worker.h>

static struct cairn__worker *gate_worker(struct cairn__gate *self)
{
    return (struct cairn__worker *)((char *)self - offsetof(struct cairn__worker, gate));
}

static void gate_append(struct cairn__gate *self, struct cairn__connection *connection)
{
    connection->exchange->gate_next = NULL;
    *self->last = connection;
    self->last = &connection->exchange->gate_next;
}

static struct cairn__connection *gate_pop(struct cairn__gate *self)
{
    struct cairn__connection *first = self->first;
    self->first = first->exchange->gate_next;
    if (!self->first)
        self->last = &self->first;
    return first;
}

static enum cairn_poll gate_poll(struct cairn__gate *self, struct cairn_error **error)
{
    const struct cairn_context cx = {&self->task, self->task.runtime};
    if (!self->dead) {
        enum cairn_poll p = cairn_service_poll_ready(gate_worker(self)->app, &cx, &self->dead);
        if (p != CAIRN_FAILED)
            return p;
    }
    *error = cairn_error_ref(self->dead);
    return CAIRN_FAILED;
}

static void gate_run(struct cairn_task *task)
{
    struct cairn__gate *self = (struct cairn__gate *)task;
    struct cairn_error *error = NULL;
    while (self->first) {
        enum cairn_poll p = gate_poll(self, &error);
        if (p == CAIRN_PENDING)
            return;
        cairn__connection_admit(gate_pop(self), p == CAIRN_FAILED ? error : NULL);
    }
}

void cairn__gate_init(struct cairn__gate *self, struct cairn_runtime *runtime)
{
    static const struct cairn_task_ops ops = {.name = "gate", .run = gate_run};
    cairn_task_init(&self->task, &ops, runtime);
    self->first = NULL;
    self->last = &self->first;
    self->dead = NULL;
}

void cairn__gate_fini(struct cairn__gate *self)
{
    cairn_task_unref(&self->task);
    cairn_error_unref(self->dead);
}

enum cairn_poll cairn__gate_pass(struct cairn__gate *self, struct cairn__worker *worker,
    struct cairn__connection *connection, struct cairn_error **error)
{
    enum cairn_poll p = self->first ? CAIRN_PENDING : gate_poll(self, error);
    if (p == CAIRN_PENDING) {
        worker->counters.waited++;
        gate_append(self, connection);
    }
    return p;
}

void cairn__gate_leave(
    struct cairn__gate *self, struct cairn__worker *worker, struct cairn__connection *connection)
{
    struct cairn__connection **at = &self->first;
    while (*at != connection)
        at = &(*at)->exchange->gate_next;
    *at = connection->exchange->gate_next;
    if (self->last == &connection->exchange->gate_next)
        self->last = at;
    /* A place in a queue, or a permit that is on its way, must not wait here for nobody. */
    if (!self->first)
        cairn_service_release(worker->app);
}
