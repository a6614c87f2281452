#include <cairn/service/runtime.h>

#include <pthread.h>

#include <cairn/service/runtime_core.h>
#include <cairn/service/waker.h>

/* What a spawned task and the future that waits for it share, on any two threads. */
struct join {
    pthread_mutex_t mutex;
    unsigned references;            /* of the two, under the mutex */
    struct cairn__spawned *spawned; /* NULL once it has ended */
    const struct cairn_type *type;
    struct cairn_waker waker;
    enum cairn_poll p; /* PENDING until it has ended */
    union cairn_outcome out;
    bool is_aborted;
};

struct cairn__spawned {
    struct cairn_task task;
    struct cairn_future future;
    const struct cairn_type *type;
    struct join *join;           /* NULL: nobody waits */
    struct cairn__spawned *next; /* in the runtime's list, once it has been seen there */
    struct cairn__spawned **link;
};

static struct join *join_new(const struct cairn_type *type)
{
    struct join *join = cairn_alloc_zero(sizeof(*join));
    if (!join)
        return NULL;
    pthread_mutex_init(&join->mutex, NULL);
    join->references = 2;
    join->type = type;
    join->p = CAIRN_PENDING;
    return join;
}

/* With the mutex held; gives it back. */
static void join_unref_locked(struct join *join)
{
    unsigned left = --join->references;
    pthread_mutex_unlock(&join->mutex);
    if (left)
        return;
    if (join->p == CAIRN_READY)
        cairn_type_drop(join->type, join->out.value);
    else if (join->p == CAIRN_FAILED)
        cairn_error_unref(join->out.error);
    pthread_mutex_destroy(&join->mutex);
    cairn_free(join);
}

static void join_settle(struct join *join, enum cairn_poll p, union cairn_outcome out)
{
    pthread_mutex_lock(&join->mutex);
    join->p = p;
    join->out = out;
    join->spawned = NULL;
    struct cairn_waker waker = cairn_waker_take(&join->waker);
    join_unref_locked(join);
    cairn_wake(&waker);
}

static bool join_is_aborted(struct join *join)
{
    pthread_mutex_lock(&join->mutex);
    bool is_aborted = join->is_aborted;
    pthread_mutex_unlock(&join->mutex);
    return is_aborted;
}

static void spawned_enlist(struct cairn__spawned *self)
{
    struct cairn_runtime *runtime = self->task.runtime;
    self->next = runtime->spawned;
    if (self->next)
        self->next->link = &self->next;
    self->link = &runtime->spawned;
    runtime->spawned = self;
    runtime->spawned_count++;
}

static void spawned_delist(struct cairn__spawned *self)
{
    if (!self->link)
        return;
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    self->link = NULL;
    self->task.runtime->spawned_count--;
}

static void spawned_end(struct cairn__spawned *self, enum cairn_poll p, union cairn_outcome out)
{
    struct join *join = self->join;
    self->join = NULL;
    spawned_delist(self);
    if (join)
        join_settle(join, p, out);
    else if (p == CAIRN_READY)
        cairn_type_drop(self->type, out.value);
    else
        cairn_error_unref(out.error);
    cairn_task_unref(&self->task);
}

static void spawned_cancel(struct cairn__spawned *self)
{
    static struct cairn_error cancelled =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CANCELLED, "spawn", "the task was given up before its end");
    cairn_future_drop(&self->future);
    spawned_end(self, CAIRN_FAILED, (union cairn_outcome){.error = &cancelled});
}

static void spawned_run(struct cairn_task *task)
{
    struct cairn__spawned *self = (struct cairn__spawned *)task;
    const struct cairn_context cx = {task, task->runtime};
    union cairn_outcome out;
    if (cairn_future_is_empty(&self->future))
        return; /* a late wake */
    if (!self->link)
        spawned_enlist(self);
    if (self->join && join_is_aborted(self->join)) {
        spawned_cancel(self);
        return;
    }
    enum cairn_poll p = cairn_future_poll(&self->future, &cx, &out);
    if (p != CAIRN_PENDING)
        spawned_end(self, p, out);
}

/* A task that never ran, because its runtime ended first, still has its future. */
static void spawned_free(struct cairn_task *task)
{
    struct cairn__spawned *self = (struct cairn__spawned *)task;
    static struct cairn_error ended =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CANCELLED, "spawn", "the runtime has ended");
    cairn_future_drop(&self->future);
    if (self->join)
        join_settle(self->join, CAIRN_FAILED, (union cairn_outcome){.error = &ended});
    cairn_free(self);
}

void cairn__spawned_adopt(struct cairn_task *task)
{
    struct cairn__spawned *self = (struct cairn__spawned *)task;
    if (task->ops->run == spawned_run && !self->link && !cairn_future_is_empty(&self->future))
        spawned_enlist(self);
}

void cairn__spawned_abort_all(struct cairn_runtime *runtime)
{
    while (runtime->spawned)
        spawned_cancel(runtime->spawned);
}

static struct cairn_error *spawn_check(
    struct cairn_runtime *runtime, const struct cairn_future *future)
{
    if (runtime == cairn__current)
        return NULL;
    const char *part = cairn_future_not_send(future);
    return part ? cairn_error_new(CAIRN_ERROR_SEND, "spawn", NULL,
                      "%s may not move to another thread; spawn it on its own runtime", part)
                : NULL;
}

static struct cairn__spawned *spawn_new(struct cairn_runtime *runtime, struct cairn_future *future,
    const struct cairn_type *type, struct join *join)
{
    static const struct cairn_task_ops ops = {
        .name = "spawned", .run = spawned_run, .free = spawned_free};
    struct cairn__spawned *self = cairn_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    cairn_task_init(&self->task, &ops, runtime);
    self->future = cairn_future_take(future);
    self->type = type;
    self->join = join;
    if (runtime == cairn__current)
        spawned_enlist(self);
    return self;
}

/* The reference made by spawn_new is the task's own until it has ended. On another thread it is the
 * inbox that must not lose it: a runtime that has ended refuses the task. */
static void spawn_begin(struct cairn__spawned *self)
{
    struct cairn_task *task = &self->task;
    if (task->runtime == cairn__current) {
        cairn_task_wake(task);
        return;
    }
    task->is_queued = 1;
    cairn_task_ref(task);
    /* One for the time of the send: the task may have ended, and its runtime with it, before the
     * wake-up is written. */
    cairn_task_ref(task);
    if (!cairn__runtime_send(task->runtime, task)) {
        cairn_task_unref(task);
        cairn_task_unref(task);
    }
    cairn_task_unref(task);
}

struct cairn_error *cairn_spawn(
    struct cairn_runtime *runtime, struct cairn_future future, const struct cairn_type *type)
{
    struct cairn_error *error = spawn_check(runtime, &future);
    struct cairn__spawned *self = error ? NULL : spawn_new(runtime, &future, type, NULL);
    if (!self) {
        cairn_future_drop(&future);
        return error ? error : &cairn_error_no_memory;
    }
    spawn_begin(self);
    return NULL;
}

struct join_future {
    struct join *join;
};

static enum cairn_poll join_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct join *join = ((struct join_future *)state)->join;
    struct cairn_waker other = {0};
    pthread_mutex_lock(&join->mutex);
    enum cairn_poll p = join->p;
    if (p == CAIRN_PENDING) {
        other = cairn__waker_replace(&join->waker, cx);
    } else {
        *out = join->out;
        join->p = CAIRN_PENDING; /* moved out */
    }
    pthread_mutex_unlock(&join->mutex);
    cairn_waker_clear(&other);
    return p;
}

static void join_drop(void *state)
{
    struct join *join = ((struct join_future *)state)->join;
    struct cairn_task *task = NULL;
    pthread_mutex_lock(&join->mutex);
    join->is_aborted = true;
    if (join->spawned)
        task = cairn_task_ref(&join->spawned->task);
    struct cairn_waker waker = cairn_waker_take(&join->waker);
    join_unref_locked(join);
    cairn_waker_clear(&waker);
    if (task)
        cairn_task_wake(task);
    cairn_task_unref(task);
}

struct cairn_future cairn_spawn_join(
    struct cairn_runtime *runtime, struct cairn_future future, const struct cairn_type *type)
{
    static const struct cairn_future_ops ops = {.name = "join",
        .size = sizeof(struct join_future),
        .poll = join_poll,
        .drop = join_drop,
        .send = true};
    struct cairn_error *error = spawn_check(runtime, &future);
    struct join *join = error ? NULL : join_new(type);
    struct cairn__spawned *self = join ? spawn_new(runtime, &future, type, join) : NULL;
    if (!self) {
        if (join) {
            pthread_mutex_destroy(&join->mutex);
            cairn_free(join);
        }
        cairn_future_drop(&future);
        return cairn_future_failed(error ? error : &cairn_error_no_memory);
    }
    join->spawned = self;
    spawn_begin(self);
    return cairn_future_box(&ops, &(struct join_future){join});
}

unsigned cairn_runtime_tasks(const struct cairn_runtime *runtime)
{
    return runtime->spawned_count;
}
