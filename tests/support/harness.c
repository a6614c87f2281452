#include <cairn/testkit/harness.h>

#include <cairn/service/assert.h>

static void harness_woken(struct cairn_task *task)
{
    struct cairn_harness *self = (struct cairn_harness *)(void *)task;

    __atomic_store_n(&self->is_woken, 1, __ATOMIC_RELEASE);
}

static const struct cairn_task_ops harness_ops = {.name = "harness", .woken = harness_woken};

void cairn_harness_init(struct cairn_harness *harness, struct cairn_runtime *runtime)
{
    harness->is_woken = 0;
    cairn_task_init(&harness->task, &harness_ops, runtime);
}

void cairn_harness_fini(struct cairn_harness *harness)
{
    CAIRN_ASSERT(__atomic_load_n(&harness->task.references, __ATOMIC_ACQUIRE) == 1, "harness",
        "a waker still points to the task");
    cairn_task_unref(&harness->task);
}

struct cairn_context cairn_harness_context(struct cairn_harness *harness)
{
    return (struct cairn_context){.task = &harness->task, .runtime = harness->task.runtime};
}

bool cairn_harness_is_woken(struct cairn_harness *harness)
{
    return __atomic_exchange_n(&harness->is_woken, 0, __ATOMIC_ACQ_REL) != 0;
}

enum cairn_poll cairn_harness_poll(
    struct cairn_harness *harness, struct cairn_future *future, union cairn_outcome *out)
{
    const struct cairn_context cx = cairn_harness_context(harness);

    return cairn_future_poll(future, &cx, out);
}

enum cairn_poll cairn_harness_poll_ready(
    struct cairn_harness *harness, struct cairn_service *service, struct cairn_error **error)
{
    const struct cairn_context cx = cairn_harness_context(harness);

    return cairn_service_poll_ready(service, &cx, error);
}
