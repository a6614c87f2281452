#include <cairn/http/server/watchdog.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <cairn/http/server/worker.h>
#include <cairn/service/alloc.h>
#include <cairn/service/notify.h>
#include <cairn/service/runtime_core.h>

#define WATCHDOG_MS UINT64_C(1000000)
/* Looks in the time after which a worker hangs. */
#define WATCHDOG_LOOKS 4

static uint64_t watchdog_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct cairn_error *cairn__watchdog_open(
    struct cairn__watchdog *self, struct cairn_http_server *server, unsigned count)
{
    *self = (struct cairn__watchdog){.server = server, .count = count, .wake_fd = -1};
    pthread_mutex_init(&self->mutex, NULL);
    self->workers = cairn_alloc_zero(count * sizeof(*self->workers));
    return self->workers ? NULL : &cairn_error_no_memory;
}

void cairn__watchdog_close(struct cairn__watchdog *self)
{
    if (!self->server)
        return;
    cairn_free(self->workers);
    pthread_mutex_destroy(&self->mutex);
    *self = (struct cairn__watchdog){.wake_fd = -1};
}

/* A worker sleeps, or has turned since the last look, or hangs since then. */
static bool watched_is_stuck(struct cairn__watched *self, uint64_t now_ns, uint64_t hang_ns)
{
    uint64_t beat = self->runtime ? cairn__runtime_beat(self->runtime) : 0;
    self->is_quiet = beat == self->beat && !cairn__runtime_beat_is_turn(beat);
    if (beat != self->beat || !cairn__runtime_beat_is_turn(beat)) {
        self->beat = beat;
        self->since_ns = now_ns;
    }
    return now_ns - self->since_ns >= hang_ns;
}

/* Standard error is written to as it is: a stuck worker may have the lock of its stream. */
static void watchdog_report(struct cairn__watchdog *self, unsigned index, uint64_t ms)
{
    struct cairn__watched *worker = &self->workers[index];
    if (!worker->is_hung) {
        dprintf(STDERR_FILENO, "worker %u turns again, after %" PRIu64 " ms\n", index, ms);
        return;
    }
    dprintf(STDERR_FILENO, "worker %u has not turned for %" PRIu64 " ms: %s\n", index, ms,
        worker->layers);
    if (self->traces)
        cairn__backtrace_ask(worker->thread);
}

/* Under the mutex. Returns whether WORKER hangs now and did not, or the other way round. */
static bool watchdog_look_at(struct cairn__watchdog *self, unsigned index, uint64_t now_ns)
{
    struct cairn__watched *worker = &self->workers[index];
    uint64_t since_ns = worker->since_ns;
    bool is_hung = watched_is_stuck(worker, now_ns, self->hang_ns);
    if (is_hung == worker->is_hung)
        return false;
    __atomic_store_n(&worker->is_hung, is_hung, __ATOMIC_RELEASE);
    if (is_hung)
        __atomic_fetch_add(&worker->hangs, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&self->hung, is_hung ? 1u : -1u, __ATOMIC_RELEASE);
    watchdog_report(self, index, (now_ns - since_ns) / WATCHDOG_MS);
    return true;
}

static void watchdog_look(struct cairn__watchdog *self, uint64_t now_ns)
{
    bool has_changed = false;
    pthread_mutex_lock(&self->mutex);
    for (unsigned i = 0; i < self->count; i++)
        has_changed |= watchdog_look_at(self, i, now_ns);
    pthread_mutex_unlock(&self->mutex);
    if (has_changed && self->is_supervised && !cairn__watchdog_is_well(self))
        cairn_notify(CAIRN__WATCHDOG_TRIGGER);
    if (has_changed)
        cairn__server_wake_workers(self->server);
}

/* The whole process stood still, this thread as well: no worker had a chance to turn. */
static void watchdog_begin_anew(struct cairn__watchdog *self, uint64_t now_ns)
{
    pthread_mutex_lock(&self->mutex);
    for (unsigned i = 0; i < self->count; i++) {
        if (!self->workers[i].is_hung)
            self->workers[i].since_ns = now_ns;
    }
    pthread_mutex_unlock(&self->mutex);
}

/*
 * Where nothing happens the thread does not wake up either. A worker that has not turned since the
 * last look is asked to tell when it begins a turn. One that begins in that moment may have missed
 * the question; so it counts only when it still stands at the next look, which sees that turn by
 * its beat.
 */
static void watchdog_ask_to_be_told(struct cairn__watchdog *self)
{
    self->naps = true;
    pthread_mutex_lock(&self->mutex);
    for (unsigned i = 0; i < self->count; i++) {
        const struct cairn__watched *worker = &self->workers[i];
        if (!worker->runtime)
            continue;
        self->naps = self->naps && worker->is_quiet && cairn__runtime_tells_turn(worker->runtime);
        if (worker->is_quiet)
            cairn__runtime_tell_turn(worker->runtime, true);
    }
    pthread_mutex_unlock(&self->mutex);
}

static void watchdog_wake(void *cx)
{
    const uint64_t one = 1;
    const struct cairn__watchdog *self = cx;
    ssize_t n = write(self->wake_fd, &one, sizeof(one));
    (void)n; /* full: it is awake */
}

static void watchdog_wait(struct cairn__watchdog *self)
{
    uint64_t count;
    struct pollfd wake = {.fd = self->wake_fd, .events = POLLIN};
    uint64_t wait_ns = self->naps ? self->notify_ns : self->period_ns;
    int ms = (int)((wait_ns + WATCHDOG_MS - 1) / WATCHDOG_MS);
    if (poll(&wake, 1, self->naps && !wait_ns ? -1 : ms) > 0 &&
        read(self->wake_fd, &count, sizeof(count)) < 0)
        return; /* nothing to take back */
}

static void watchdog_notify(struct cairn__watchdog *self, uint64_t now_ns)
{
    if (!self->notify_ns || now_ns - self->notified_ns < self->notify_ns ||
        !cairn__watchdog_is_well(self))
        return;
    cairn_notify("WATCHDOG=1");
    self->notified_ns = now_ns;
}

void cairn__watchdog_turn(struct cairn__watchdog *self, uint64_t now_ns)
{
    if (now_ns < self->looked_ns) /* the clock went back, which a monotonic one must not */
        now_ns = self->looked_ns;
    if (now_ns - self->looked_ns > 2 * self->period_ns)
        watchdog_begin_anew(self, now_ns);
    self->looked_ns = now_ns;
    watchdog_look(self, now_ns);
    watchdog_notify(self, now_ns);
    watchdog_ask_to_be_told(self);
}

static void *watchdog_run(void *cx)
{
    struct cairn__watchdog *self = cx;
    while (!__atomic_load_n(&self->is_stopping, __ATOMIC_ACQUIRE)) {
        cairn__watchdog_turn(self, watchdog_now_ns());
        watchdog_wait(self);
    }
    return NULL;
}

uint64_t cairn__watchdog_granted_ns(void)
{
    const char *usec = getenv("WATCHDOG_USEC"); /* NOLINT(concurrency-mt-unsafe) */
    const char *pid = getenv("WATCHDOG_PID");   /* NOLINT(concurrency-mt-unsafe) */
    if (!usec || (pid && strtoumax(pid, NULL, 10) != (uintmax_t)getpid()))
        return 0;
    uintmax_t value = strtoumax(usec, NULL, 10);
    return value > UINT64_MAX / 1000 ? 0 : value * 1000;
}

void cairn__watchdog_plan(struct cairn__watchdog *self, uint64_t hang_ms, bool keep_signals)
{
    uint64_t granted_ns = keep_signals ? 0 : cairn__watchdog_granted_ns();
    self->hang_ns = hang_ms * WATCHDOG_MS;
    self->period_ns = self->hang_ns / WATCHDOG_LOOKS;
    self->notify_ns = granted_ns / 4; /* half of it, with a look more to spare */
    if (self->notify_ns && self->notify_ns < self->period_ns)
        self->period_ns = self->notify_ns;
}

/* A thread of ours takes no signal that is meant for the process. */
static int watchdog_create_thread(struct cairn__watchdog *self)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&self->thread, NULL, watchdog_run, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

struct cairn_error *cairn__watchdog_start(
    struct cairn__watchdog *self, uint64_t hang_ms, bool keep_signals)
{
    cairn__watchdog_plan(self, hang_ms, keep_signals);
    self->traces = !keep_signals && cairn__backtrace_open();
    self->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (self->wake_fd < 0)
        return cairn_error_system("http_server", "the watchdog's eventfd", errno);
    int rc = watchdog_create_thread(self);
    if (rc != 0)
        return cairn_error_system("http_server", "the watchdog's thread", rc);
    self->is_running = true;
    return NULL;
}

void cairn__watchdog_stop(struct cairn__watchdog *self)
{
    if (!self->server)
        return;
    if (self->is_running) {
        __atomic_store_n(&self->is_stopping, true, __ATOMIC_RELEASE);
        watchdog_wake(self);
        pthread_join(self->thread, NULL);
        self->is_running = false;
    }
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    self->wake_fd = -1;
}

/* Written down before anything runs: what a stack describes of itself later changes under the hands
 * of the worker. */
static void watched_name_layers(struct cairn__watched *self, const struct cairn_service *app)
{
    size_t used = 0;
    for (; app && used < sizeof(self->layers); app = app->inner) {
        const char *arrow = used ? " > " : "";
        if (app->ops->is_hidden)
            continue;
        int n = snprintf(
            self->layers + used, sizeof(self->layers) - used, "%s%s", arrow, app->ops->name);
        used += n > 0 ? (size_t)n : 0;
    }
}

void cairn__watchdog_watch(struct cairn__watchdog *self, unsigned index,
    struct cairn_runtime *runtime, const struct cairn_service *app)
{
    if (!self->workers)
        return;
    struct cairn__watched *worker = &self->workers[index];
    if (self->traces)
        cairn__backtrace_allow();
    cairn__runtime_set_teller(runtime, watchdog_wake, self);
    pthread_mutex_lock(&self->mutex);
    worker->thread = pthread_self();
    worker->runtime = runtime;
    worker->since_ns = watchdog_now_ns();
    watched_name_layers(worker, app);
    pthread_mutex_unlock(&self->mutex);
    if (self->is_running)
        watchdog_wake(self);
}

void cairn__watchdog_unwatch(struct cairn__watchdog *self, unsigned index)
{
    if (!self->workers)
        return;
    pthread_mutex_lock(&self->mutex);
    cairn__runtime_tell_turn(self->workers[index].runtime, false);
    self->workers[index].runtime = NULL;
    pthread_mutex_unlock(&self->mutex);
}

bool cairn__watchdog_is_hung(const struct cairn__watchdog *self, unsigned index)
{
    return self->workers && __atomic_load_n(&self->workers[index].is_hung, __ATOMIC_ACQUIRE);
}

bool cairn__watchdog_is_well(const struct cairn__watchdog *self)
{
    return __atomic_load_n(&self->hung, __ATOMIC_ACQUIRE) == 0;
}

uint64_t cairn__watchdog_hangs(const struct cairn__watchdog *self, unsigned index)
{
    return self->workers ? __atomic_load_n(&self->workers[index].hangs, __ATOMIC_RELAXED) : 0;
}
