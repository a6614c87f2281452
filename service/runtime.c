#include <cairn/service/runtime.h>

#include <time.h>

#include <cairn/service/assert.h>
#include <cairn/service/runtime_core.h>
#include <cairn/service/timer.h>

_Thread_local struct cairn_runtime *cairn__current;
_Thread_local struct cairn_context cairn__spot;

/* Stands in the inbox of a runtime that has ended: whoever finds it keeps his task. */
static struct cairn_task inbox_closed;

static uint64_t clock_monotonic_ns(const struct cairn_clock *self)
{
    struct timespec t;
    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static const struct cairn_clock clock_monotonic = {clock_monotonic_ns};

static void runtime_set_current(struct cairn_runtime *runtime)
{
    cairn__current = runtime;
    cairn__spot.runtime = runtime;
}

struct cairn_runtime *cairn__runtime_ref(struct cairn_runtime *runtime)
{
    __atomic_fetch_add(&runtime->references, 1, __ATOMIC_RELAXED);
    return runtime;
}

void cairn__runtime_unref(struct cairn_runtime *runtime)
{
    if (__atomic_sub_fetch(&runtime->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    cairn__loop_close_wake(&runtime->loop);
    cairn_free(runtime);
}

struct cairn_runtime *cairn_runtime_new(
    const struct cairn_runtime_options *options, struct cairn_error **error)
{
    static struct cairn_error second = CAIRN_ERROR_STATIC(
        CAIRN_ERROR_RUNTIME, "runtime", "this thread has a runtime already; free that one first");
    if (cairn__current) {
        *error = &second;
        return NULL;
    }
    struct cairn_runtime *runtime = cairn_alloc_zero(sizeof(*runtime));
    if (!runtime) {
        *error = &cairn_error_no_memory;
        return NULL;
    }
    runtime->references = 1;
    runtime->clock = options && options->clock ? options->clock : &clock_monotonic;
    runtime->queue_end = &runtime->queue;
    runtime->now_ns = runtime->clock->now_ns(runtime->clock);
    cairn__wheel_init(&runtime->wheel, runtime->now_ns / 1000000);
    *error = cairn__loop_open(&runtime->loop, options ? options->base : NULL, runtime);
    runtime_set_current(runtime);
    if (*error) {
        cairn_runtime_free(runtime);
        return NULL;
    }
    return runtime;
}

static struct cairn_task *queue_pop(struct cairn_runtime *runtime)
{
    struct cairn_task *task = runtime->queue;
    if (task) {
        runtime->queue = task->next;
        if (!runtime->queue)
            runtime->queue_end = &runtime->queue;
    }
    return task;
}

static void queue_append(struct cairn_runtime *runtime, struct cairn_task *task)
{
    task->next = NULL;
    *runtime->queue_end = task;
    runtime->queue_end = &task->next;
}

/* Latest first in the inbox, oldest first in the queue. */
static void inbox_collect(struct cairn_runtime *runtime, struct cairn_task *replacement)
{
    struct cairn_task *list = __atomic_exchange_n(&runtime->inbox, replacement, __ATOMIC_ACQUIRE);
    struct cairn_task *reversed = NULL;
    while (list) {
        struct cairn_task *next = list->next;
        list->next = reversed;
        reversed = list;
        list = next;
    }
    while (reversed) {
        struct cairn_task *next = reversed->next;
        queue_append(runtime, reversed);
        reversed = next;
    }
}

void cairn_runtime_free(struct cairn_runtime *runtime)
{
    if (!runtime)
        return;
    CAIRN_ASSERT(runtime == cairn__current, "runtime", "freed on another thread than its own");
    inbox_collect(runtime, &inbox_closed);
    for (struct cairn_task *task = runtime->queue; task; task = task->next)
        cairn__spawned_adopt(task);
    cairn__spawned_abort_all(runtime);
    for (struct cairn_task *task; (task = queue_pop(runtime));)
        cairn_task_unref(task);
    cairn__box_pool_fini(&runtime->boxes);
    cairn__loop_close(&runtime->loop);
    runtime_set_current(NULL);
    cairn__runtime_unref(runtime);
}

struct cairn_runtime *cairn_runtime_current(void)
{
    return cairn__current;
}

struct event_base *cairn_runtime_base(struct cairn_runtime *runtime)
{
    return runtime->loop.base;
}

/* Only this thread writes: a plain store. Two turns may follow each other without an end. */
static void runtime_set_in_turn(struct cairn_runtime *runtime, bool is_in_turn)
{
    uint64_t next = is_in_turn ? (runtime->beat + 1) | 1 : (runtime->beat + 1) & ~UINT64_C(1);
    __atomic_store_n(&runtime->beat, next, __ATOMIC_RELAXED);
}

static void runtime_begin_turn(struct cairn_runtime *runtime)
{
    runtime_set_in_turn(runtime, true);
    uint64_t now_ns = runtime->clock->now_ns(runtime->clock);
    /* A clock that goes back, which a monotonic one must not, stands. */
    if (now_ns > runtime->now_ns)
        runtime->now_ns = now_ns;
    if (CAIRN_UNLIKELY(cairn__runtime_tells_turn(runtime))) {
        cairn__runtime_tell_turn(runtime, false);
        runtime->turn_begins(runtime->turn_cx);
    }
}

void cairn__runtime_enter(struct cairn_runtime *runtime)
{
    if (cairn__runtime_is_in_turn(runtime))
        return;
    runtime_begin_turn(runtime);
    cairn__loop_ask_turn(&runtime->loop);
}

uint64_t cairn_runtime_now_ns(struct cairn_runtime *runtime)
{
    return cairn__runtime_now_ns(runtime);
}

uint64_t cairn_runtime_now_ms(struct cairn_runtime *runtime)
{
    return cairn__runtime_now_ms(runtime);
}

uint64_t cairn_runtime_deadline_ms(struct cairn_runtime *runtime, uint64_t after_ms)
{
    uint64_t now = (cairn_runtime_now_ns(runtime) + 999999) / 1000000;
    return after_ms > UINT64_MAX - now ? UINT64_MAX : now + after_ms;
}

void cairn__runtime_push(struct cairn_runtime *runtime, struct cairn_task *task)
{
    cairn__runtime_enter(runtime);
    queue_append(runtime, task);
}

bool cairn__runtime_send(struct cairn_runtime *runtime, struct cairn_task *task)
{
    struct cairn_task *head = __atomic_load_n(&runtime->inbox, __ATOMIC_RELAXED);
    do {
        if (head == &inbox_closed)
            return false;
        task->next = head;
    } while (!__atomic_compare_exchange_n(
        &runtime->inbox, &head, task, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (!head)
        cairn__loop_wake(&runtime->loop);
    return true;
}

static void runtime_run_task(struct cairn_task *task)
{
    /* Cleared before the run: a wake during it queues the task again. */
    __atomic_exchange_n(&task->is_queued, 0, __ATOMIC_ACQ_REL);
    task->ops->run(task);
    cairn_task_unref(task);
}

/* Timers are due and were left for the next turn. */
static bool runtime_has_due(const struct cairn_runtime *runtime)
{
    return runtime->now_ns / 1000000 >= runtime->wheel.next;
}

static void runtime_set_alarm(struct cairn_runtime *runtime)
{
    /* Later deadlines leave the alarm alone: a timer for each request costs no system call. */
    uint64_t next = runtime->wheel.next;
    if (runtime->clock == &clock_monotonic && next < runtime->loop.alarm_ms &&
        !runtime_has_due(runtime))
        cairn__loop_set_alarm(&runtime->loop, next);
}

/* One look at the descriptors does not show all that can be read: until one shows nothing, or for
 * long enough, late timers wait. */
static bool runtime_reads_first(struct cairn_runtime *runtime)
{
    bool is_late = runtime->now_ns / 1000000 - runtime->wheel.next >= CAIRN__LATE_MS;
    if (!is_late || !runtime->has_io || runtime->late_turns >= CAIRN__LATE_TURNS)
        return false;
    runtime->late_turns++;
    return true;
}

static void runtime_fire_timers(struct cairn_runtime *runtime)
{
    if (!runtime_has_due(runtime) || runtime_reads_first(runtime))
        return;
    cairn__wheel_advance(&runtime->wheel, runtime->now_ns / 1000000, CAIRN__TIMER_BUDGET);
    /* Those that are still late are not held back again. */
    runtime->late_turns = runtime_has_due(runtime) ? CAIRN__LATE_TURNS : 0;
}

void cairn__runtime_on_turn(struct cairn_runtime *runtime)
{
    struct cairn_task *task;
    unsigned budget = CAIRN__TURN_BUDGET;
    if (!cairn__runtime_is_in_turn(runtime))
        runtime_begin_turn(runtime);
    runtime->is_running = true;
    runtime_fire_timers(runtime);
    while (budget-- > 0 && (task = queue_pop(runtime)))
        runtime_run_task(task);
    runtime->is_running = false;
    runtime_set_alarm(runtime);
    /* Also when more is queued: the next turn reads the clock. */
    runtime_set_in_turn(runtime, false);
    runtime->has_io = false;
    if (runtime->queue || runtime_has_due(runtime))
        cairn__loop_ask_next_turn(&runtime->loop);
}

void cairn__runtime_on_wake(struct cairn_runtime *runtime)
{
    cairn__runtime_enter(runtime);
    inbox_collect(runtime, NULL);
    if (__atomic_load_n(&runtime->is_stopping, __ATOMIC_ACQUIRE))
        cairn__loop_break(&runtime->loop);
}

void cairn__runtime_on_alarm(struct cairn_runtime *runtime)
{
    cairn__runtime_enter(runtime);
    runtime->loop.alarm_ms = UINT64_MAX;
}

void cairn_runtime_run(struct cairn_runtime *runtime)
{
    /* The clock is read again: what was done before took its time. */
    runtime_set_in_turn(runtime, false);
    if (!__atomic_load_n(&runtime->is_stopping, __ATOMIC_ACQUIRE))
        cairn__loop_run(&runtime->loop);
    __atomic_store_n(&runtime->is_stopping, false, __ATOMIC_RELEASE);
}

void cairn_runtime_stop(struct cairn_runtime *runtime)
{
    /* Its thread may see the mark, and free the runtime, before the wake-up is written. */
    cairn__runtime_ref(runtime);
    __atomic_store_n(&runtime->is_stopping, true, __ATOMIC_RELEASE);
    cairn__loop_wake(&runtime->loop);
    cairn__runtime_unref(runtime);
}

bool cairn_runtime_turn(struct cairn_runtime *runtime)
{
    runtime_begin_turn(runtime);
    cairn__loop_ask_next_turn(&runtime->loop); /* its end, after what can be read */
    cairn__loop_once(&runtime->loop, false);
    return runtime->queue != NULL || runtime_has_due(runtime);
}

/* The task of cairn_block_on: it only notes that it was woken. Allocated, for a waker may outlive
 * the call. */
struct block_task {
    struct cairn_task task;
    bool is_woken;
};

static void block_run(struct cairn_task *task)
{
    ((struct block_task *)task)->is_woken = true;
}

static void block_free(struct cairn_task *task)
{
    cairn_free(task);
}

enum cairn_poll cairn_block_on(
    struct cairn_runtime *runtime, struct cairn_future future, union cairn_outcome *out)
{
    static const struct cairn_task_ops ops = {
        .name = "block_on", .run = block_run, .free = block_free};
    CAIRN_ASSERT(runtime == cairn__current, "block_on", "called on another thread's runtime");
    CAIRN_ASSERT(!runtime->is_running, "block_on", "called from within a task or a timer");
    struct block_task *block = cairn_alloc_zero(sizeof(*block));
    if (!block) {
        cairn_future_drop(&future);
        out->error = &cairn_error_no_memory;
        return CAIRN_FAILED;
    }
    cairn_task_init(&block->task, &ops, runtime);
    const struct cairn_context cx = {&block->task, runtime};
    enum cairn_poll p;
    while ((p = cairn_future_poll(&future, &cx, out)) == CAIRN_PENDING) {
        while (!block->is_woken)
            cairn__loop_once(&runtime->loop, true);
        block->is_woken = false;
    }
    cairn_task_unref(&block->task);
    return p;
}

void cairn_timer_arm(struct cairn_runtime *runtime, struct cairn_timer *timer, uint64_t at_ms,
    void (*fire)(struct cairn_timer *self))
{
    cairn_timer_cancel(timer);
    timer->fire = fire;
    cairn__runtime_enter(runtime); /* its end sets the alarm */
    cairn__wheel_add(&runtime->wheel, timer, at_ms);
}

void cairn_timer_cancel(struct cairn_timer *timer)
{
    if (timer->slot)
        cairn__wheel_remove(timer);
}
