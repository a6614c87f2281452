#include <cairn/service/task.h>

#include <stddef.h>

#include <cairn/service/runtime_core.h>

void cairn_task_init(
    struct cairn_task *task, const struct cairn_task_ops *ops, struct cairn_runtime *runtime)
{
    *task = (struct cairn_task){.ops = ops, .references = 1};
    if (runtime)
        task->runtime = cairn__runtime_ref(runtime);
}

struct cairn_task *cairn_task_ref(struct cairn_task *task)
{
    __atomic_fetch_add(&task->references, 1, __ATOMIC_RELAXED);
    return task;
}

void cairn_task_unref(struct cairn_task *task)
{
    if (!task || __atomic_sub_fetch(&task->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    struct cairn_runtime *runtime = task->runtime;
    if (task->ops->free)
        task->ops->free(task);
    if (runtime)
        cairn__runtime_unref(runtime);
}

void cairn_task_wake(struct cairn_task *task)
{
    if (task->ops->woken) {
        task->ops->woken(task);
        return;
    }
    /* The exchange also hands what the waker's thread wrote over to the run that clears the mark.
     */
    if (__atomic_exchange_n(&task->is_queued, 1, __ATOMIC_ACQ_REL))
        return;
    cairn_task_ref(task);
    if (task->runtime == cairn__current)
        cairn__runtime_push(task->runtime, task);
    else if (!cairn__runtime_send(task->runtime, task))
        cairn_task_unref(task);
}

void cairn_waker_set(struct cairn_waker *waker, const struct cairn_context *cx)
{
    if (waker->task == cx->task)
        return;
    struct cairn_task *old = waker->task;
    waker->task = cairn_task_ref(cx->task);
    cairn_task_unref(old);
}

bool cairn_wake(struct cairn_waker *waker)
{
    struct cairn_task *task = waker->task;
    if (!task)
        return false;
    waker->task = NULL;
    cairn_task_wake(task);
    cairn_task_unref(task);
    return true;
}

void cairn_waker_clear(struct cairn_waker *waker)
{
    struct cairn_task *task = waker->task;
    waker->task = NULL;
    cairn_task_unref(task);
}
