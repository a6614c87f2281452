#include <cairn/http/server.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cairn/http/server/activation.h>
#include <cairn/http/server/hand_over.h>
#include <cairn/http/server/server_options.h>
#include <cairn/http/server/signals.h>
#include <cairn/http/server/watchdog.h>
#include <cairn/http/server/worker.h>
#include <cairn/service/alloc.h>
#include <cairn/service/notify.h>

/* How long a server that is asked whether it is ready goes on when it no longer is; and how long
 * clients have to go over to the process that takes its place. */
#define SERVER_DRAIN_DELAY_MS 5000

struct cairn_http_server {
    cairn_http_app *app;
    void *cx;
    struct cairn_http_server_options options; /* resolved; host is a copy */
    struct cairn__worker **workers;           /* options.workers of them */
    struct cairn_trusted_peers *proxy_peers;  /* NULL: no PROXY protocol */
    int *listen_fds;                          /* until a worker takes its own */
    bool has_bound; /* the file of a Unix socket is this server's to remove */
    uint16_t port;
    bool is_draining; /* atomic, as all that follow to `ended_by` */
    bool is_stopping;
    bool is_listening; /* every worker does */
    bool is_probed;    /* somebody has asked whether it is ready */
    bool is_replaced;  /* another process accepts from the sockets */
    unsigned listening;
    unsigned threads;                  /* that run workers beside the calling one */
    int ended_by;                      /* the signal that did not wait for the drain; 0: none */
    struct cairn__hand_over hand_over; /* of the first worker's thread */
    struct cairn__watchdog watchdog;
    pthread_mutex_t mutex;
    struct cairn_error *error; /* the first that a worker met; under the mutex */
    FILE **prints;             /* where each worker is to print; under the mutex */
    char **last_prints;        /* what each printed at its end; under the mutex */
    pthread_mutex_t print_mutex;
};

/* Listening sockets of another process. */
struct server_inherited {
    int fds[CAIRN__ACTIVATION_MAX];
    size_t count;
};

bool cairn__server_is_draining(const struct cairn_http_server *server)
{
    return __atomic_load_n(&server->is_draining, __ATOMIC_ACQUIRE);
}

bool cairn__server_is_stopping(const struct cairn_http_server *server)
{
    return __atomic_load_n(&server->is_stopping, __ATOMIC_ACQUIRE);
}

bool cairn_http_server_is_ready(struct cairn_http_server *server)
{
    __atomic_store_n(&server->is_probed, true, __ATOMIC_RELAXED);
    return cairn__server_is_listening(server) && cairn_http_server_is_healthy(server);
}

bool cairn_http_server_is_healthy(const struct cairn_http_server *server)
{
    return cairn__watchdog_is_well(&server->watchdog);
}

struct cairn__watchdog *cairn__server_watchdog(struct cairn_http_server *server)
{
    return &server->watchdog;
}

bool cairn__server_is_replaced(const struct cairn_http_server *server)
{
    return __atomic_load_n(&server->is_replaced, __ATOMIC_ACQUIRE);
}

uint64_t cairn__server_drain_delay_ms(const struct cairn_http_server *server)
{
    if (server->options.drain_delay_ms)
        return server->options.drain_delay_ms;
    bool waits =
        cairn__server_is_replaced(server) || __atomic_load_n(&server->is_probed, __ATOMIC_RELAXED);
    return waits ? SERVER_DRAIN_DELAY_MS : 0;
}

/* To the service manager, to which a process belongs that has left its signals to this server. */
static void server_notify(const struct cairn_http_server *server, const char *state)
{
    if (!server->options.keep_signals)
        cairn_notify(state);
}

void cairn__server_worker_listens(struct cairn_http_server *server)
{
    if (__atomic_add_fetch(&server->listening, 1, __ATOMIC_ACQ_REL) != server->options.workers)
        return;
    __atomic_store_n(&server->is_listening, true, __ATOMIC_RELEASE);
    server_notify(server, "READY=1");
    cairn__activation_say_ready();
}

void cairn__server_set_ended_by(struct cairn_http_server *server, int number)
{
    __atomic_store_n(&server->ended_by, number, __ATOMIC_RELAXED);
}

int cairn__server_ended_by(const struct cairn_http_server *server)
{
    return __atomic_load_n(&server->ended_by, __ATOMIC_RELAXED);
}

bool cairn__server_has_threads(const struct cairn_http_server *server)
{
    return __atomic_load_n(&server->threads, __ATOMIC_ACQUIRE) != 0;
}

struct cairn_service *cairn__server_make_app(
    struct cairn_http_server *server, const struct cairn_http_worker *about)
{
    return server->app(server->cx, about);
}

FILE *cairn__server_take_print(struct cairn_http_server *server, unsigned index)
{
    pthread_mutex_lock(&server->mutex);
    FILE *out = server->prints[index];
    server->prints[index] = NULL;
    pthread_mutex_unlock(&server->mutex);
    return out;
}

void cairn__server_lock_print(struct cairn_http_server *server)
{
    pthread_mutex_lock(&server->print_mutex);
}

void cairn__server_unlock_print(struct cairn_http_server *server)
{
    pthread_mutex_unlock(&server->print_mutex);
}

void cairn__server_set_running(
    struct cairn_http_server *server, struct cairn__worker *worker, bool is_running)
{
    pthread_mutex_lock(&server->mutex);
    worker->is_running = is_running;
    pthread_mutex_unlock(&server->mutex);
}

void cairn__server_set_listening(
    struct cairn_http_server *server, struct cairn__worker *worker, int fd)
{
    pthread_mutex_lock(&server->mutex);
    worker->listen_fd = fd;
    pthread_mutex_unlock(&server->mutex);
}

int cairn__server_copy_listeners(struct cairn_http_server *server, int *fds)
{
    int count = 0;
    int rc = 0;
    int above = CAIRN__HAND_OVER_FD + (int)server->options.workers + 1; /* one says ready */
    pthread_mutex_lock(&server->mutex);
    for (unsigned i = 0; i < server->options.workers && rc >= 0; i++) {
        rc = fcntl(server->workers[i]->listen_fd, F_DUPFD_CLOEXEC, above);
        if (rc >= 0)
            fds[count++] = rc;
    }
    pthread_mutex_unlock(&server->mutex);
    if (rc >= 0)
        return count;
    int error_number = errno;
    while (count > 0)
        close(fds[--count]);
    errno = error_number;
    return -1;
}

int cairn__server_copy_listener(struct cairn_http_server *server, unsigned index)
{
    pthread_mutex_lock(&server->mutex);
    int fd = fcntl(server->workers[index]->listen_fd, F_DUPFD_CLOEXEC, 0);
    pthread_mutex_unlock(&server->mutex);
    return fd;
}

bool cairn__server_is_listening(const struct cairn_http_server *server)
{
    return __atomic_load_n(&server->is_listening, __ATOMIC_ACQUIRE) &&
           !cairn__server_is_draining(server);
}

struct cairn__hand_over *cairn__server_hand_over(struct cairn_http_server *server)
{
    return &server->hand_over;
}

void cairn__server_replaced(struct cairn_http_server *server)
{
    server->has_bound = false;
    __atomic_store_n(&server->is_replaced, true, __ATOMIC_RELEASE);
    cairn_http_server_drain(server);
}

void cairn__server_worker_ended(struct cairn_http_server *server, struct cairn__worker *worker)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return;
    cairn__worker_print(worker, out);
    fclose(out);
    pthread_mutex_lock(&server->mutex);
    free(server->last_prints[worker->index]);
    server->last_prints[worker->index] = text;
    pthread_mutex_unlock(&server->mutex);
}

void cairn__server_wake_workers(struct cairn_http_server *server)
{
    pthread_mutex_lock(&server->mutex);
    for (unsigned i = 0; i < server->options.workers; i++) {
        if (server->workers[i]->is_running)
            cairn_task_wake(&server->workers[i]->control);
    }
    pthread_mutex_unlock(&server->mutex);
}

/* The service manager is told how long it may take, so that it does not lose patience before. */
static void server_notify_drain(const struct cairn_http_server *server)
{
    char state[64];
    uint64_t ms = cairn__server_drain_delay_ms(server) + server->options.drain_ms;
    snprintf(state, sizeof(state), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64, (ms + 1000) * 1000);
    server_notify(server, state);
}

void cairn_http_server_drain(struct cairn_http_server *server)
{
    bool was_draining = __atomic_exchange_n(&server->is_draining, true, __ATOMIC_ACQ_REL);
    if (!was_draining && !cairn__server_is_replaced(server)) /* the service goes on elsewhere */
        server_notify_drain(server);
    cairn__server_wake_workers(server);
}

void cairn_http_server_stop(struct cairn_http_server *server)
{
    __atomic_store_n(&server->is_stopping, true, __ATOMIC_RELEASE);
    cairn_http_server_drain(server);
}

void cairn_http_server_print(struct cairn_http_server *server, FILE *out)
{
    pthread_mutex_lock(&server->mutex);
    for (unsigned i = 0; i < server->options.workers; i++) {
        if (server->workers[i]->is_running)
            server->prints[i] = out;
        else if (server->last_prints[i])
            fputs(server->last_prints[i], out);
    }
    pthread_mutex_unlock(&server->mutex);
    fflush(out);
    cairn__server_wake_workers(server);
}

uint16_t cairn_http_server_port(const struct cairn_http_server *server)
{
    return server->port;
}

struct cairn_http_counters cairn_http_server_counters(const struct cairn_http_server *server)
{
    struct cairn_http_counters sum = {0};
    for (unsigned i = 0; i < server->options.workers; i++) {
        const struct cairn_http_counters *c = &server->workers[i]->counters;
        sum.accepted += c->accepted;
        sum.requests += c->requests;
        sum.responses += c->responses;
        sum.refused += c->refused;
        sum.failed += c->failed;
        sum.cancelled += c->cancelled;
        sum.detached += c->detached;
        sum.timeouts += c->timeouts;
        sum.waited += c->waited;
        sum.accept_pauses += c->accept_pauses;
        sum.shed += c->shed;
        sum.crowded += c->crowded;
        sum.retired += c->retired;
        sum.hangs += cairn__watchdog_hangs(&server->watchdog, i);
    }
    return sum;
}

/* Sockets that were opened elsewhere; the workers beyond them share. -1 with *ERROR set. */
static int server_adopt(struct cairn_http_server *self, const struct server_inherited *inherited,
    unsigned index, struct cairn_error **error)
{
    int fd = inherited->fds[index % inherited->count];
    if (index >= inherited->count)
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0 || cairn__listener_port(fd, &self->port) != 0)
        *error = cairn_error_system("http_server", "a socket handed over", errno);
    return fd;
}

static struct cairn_error *server_add_worker(
    struct cairn_http_server *self, const struct server_inherited *inherited, unsigned index)
{
    struct cairn_error *error = NULL;
    struct cairn__worker *worker = cairn_alloc_zero(sizeof(*worker));
    if (!worker)
        return &cairn_error_no_memory;
    self->workers[index] = worker;
    worker->server = self;
    worker->options = &self->options;
    worker->proxy_peers = self->proxy_peers;
    worker->index = index;
    worker->listener.fd = -1;
    worker->listen_fd = -1;
    worker->connection_max = self->options.limits.connections;
    if (inherited->count) {
        worker->listener.is_shared = true;
        self->listen_fds[index] = server_adopt(self, inherited, index, &error);
        return error;
    }
    /* The first one finds out which port is free, the others join it there. */
    int first_fd = index ? self->listen_fds[0] : -1;
    self->listen_fds[index] = cairn__listener_bind(&self->options, first_fd, &self->port, &error);
    self->has_bound = self->has_bound || !error;
    return error;
}

/* Sockets that nobody accepts from would keep their clients waiting. */
static struct cairn_error *server_inherit(
    struct cairn_http_server *self, struct server_inherited *inherited, bool may_add_workers)
{
    struct cairn_error *error = NULL;
    inherited->count = cairn__activation_take(&self->options, inherited->fds, &error);
    if (error || inherited->count <= self->options.workers)
        return error;
    if (!may_add_workers)
        return cairn_error_new(CAIRN_ERROR_INVALID, "http_server", NULL,
            "workers must be %zu or more for the %zu sockets handed over, got %u", inherited->count,
            inherited->count, self->options.workers);
    self->options.workers = (unsigned)inherited->count;
    return NULL;
}

static struct cairn_error *server_open(
    struct cairn_http_server *self, const struct server_inherited *inherited)
{
    unsigned count = self->options.workers;
    self->workers = cairn_alloc_zero(count * sizeof(*self->workers));
    self->listen_fds = cairn_alloc(count * sizeof(*self->listen_fds));
    for (unsigned i = 0; self->listen_fds && i < count; i++)
        self->listen_fds[i] = -1;
    self->prints = cairn_alloc_zero(count * sizeof(*self->prints));
    self->last_prints = cairn_alloc_zero(count * sizeof(*self->last_prints));
    if (!self->workers || !self->listen_fds || !self->prints || !self->last_prints)
        return &cairn_error_no_memory;
    struct cairn_error *error = NULL;
    for (unsigned i = 0; i < count && !error; i++)
        error = server_add_worker(self, inherited, i);
    return error;
}

static struct cairn_error *server_begin(
    struct cairn_http_server *self, const struct cairn_http_server_options *options)
{
    struct server_inherited inherited;
    struct cairn_error *error = cairn__server_options_resolve(options, &self->options);
    if (!error)
        error = cairn__server_options_proxy(&self->options, &self->proxy_peers);
    if (!error)
        error = server_inherit(self, &inherited, !options || !options->workers);
    if (!error && !self->options.no_watchdog)
        error = cairn__watchdog_open(&self->watchdog, self, self->options.workers);
    self->port = self->options.port;
    return error ? error : server_open(self, &inherited);
}

struct cairn_http_server *cairn_http_server_new(cairn_http_app *app, void *cx,
    const struct cairn_http_server_options *options, struct cairn_error **error)
{
    struct cairn_http_server *self = cairn_alloc_zero(sizeof(*self));
    if (!self) {
        *error = &cairn_error_no_memory;
        return NULL;
    }
    self->app = app;
    self->cx = cx;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_mutex_init(&self->print_mutex, NULL);
    *error = server_begin(self, options);
    if (*error) {
        cairn_http_server_free(self);
        return NULL;
    }
    return self;
}

void cairn_http_server_free(struct cairn_http_server *self)
{
    if (!self)
        return;
    for (unsigned i = 0; i < self->options.workers; i++) {
        if (self->listen_fds && self->workers && self->listen_fds[i] >= 0)
            close(self->listen_fds[i]);
        if (self->workers)
            cairn_free(self->workers[i]);
        if (self->last_prints)
            free(self->last_prints[i]); /* of open_memstream */
    }
    cairn__watchdog_close(&self->watchdog);
    cairn_free(self->workers);
    cairn_free(self->listen_fds);
    cairn_trusted_peers_free(self->proxy_peers);
    cairn_free(self->prints);
    cairn_free(self->last_prints);
    if (self->has_bound)
        cairn__listener_unbind(&self->options);
    cairn_free((char *)(size_t)self->options.host);
    cairn_error_unref(self->error);
    pthread_mutex_destroy(&self->mutex);
    pthread_mutex_destroy(&self->print_mutex);
    cairn_free(self);
}

/* One worker that cannot begin ends them all: half a server helps nobody. */
static void server_report(struct cairn_http_server *self, struct cairn_error *error)
{
    if (!error)
        return;
    pthread_mutex_lock(&self->mutex);
    if (self->error)
        cairn_error_unref(error);
    else
        self->error = error;
    pthread_mutex_unlock(&self->mutex);
    cairn_http_server_stop(self);
}

const struct cairn_http_server_options *cairn__server_options(
    const struct cairn_http_server *server)
{
    return &server->options;
}

static void server_close_listener(struct cairn_http_server *server, unsigned index)
{
    if (server->listen_fds[index] >= 0)
        close(server->listen_fds[index]);
    server->listen_fds[index] = -1;
}

void cairn__server_close_listeners(struct cairn_http_server *server)
{
    for (unsigned i = 0; i < server->options.workers; i++)
        server_close_listener(server, i);
}

void cairn__server_keep(struct cairn_http_server *server, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < server->options.workers; i++) {
        if (i >= first && i < first + count)
            continue;
        server_close_listener(server, i);
        cairn_free(server->workers[i]);
    }
    for (unsigned i = 0; i < count; i++) {
        server->workers[i] = server->workers[first + i];
        server->workers[i]->index = i;
        server->listen_fds[i] = server->listen_fds[first + i];
    }
    server->options.workers = count;
    server->has_bound = false;
    server->watchdog.count = count;
    server->watchdog.is_supervised = true;
}

static void server_run_worker(struct cairn_http_server *self, unsigned index)
{
    int fd = self->listen_fds[index];
    self->listen_fds[index] = -1;
    server_report(self, cairn__worker_run(self->workers[index], fd));
}

static void *server_thread(void *cx)
{
    struct cairn__worker *worker = cx;
    struct cairn_http_server *self = worker->server;
    server_run_worker(self, worker->index);
    __atomic_fetch_sub(&self->threads, 1, __ATOMIC_RELEASE);
    cairn__server_wake_workers(self); /* the first one waits for the others */
    return NULL;
}

/* Threads are made with every signal blocked: signals belong to the calling thread's loop. */
static unsigned server_start_threads(struct cairn_http_server *self)
{
    sigset_t all;
    sigset_t before;
    unsigned started = 1;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; started < self->options.workers; started++) {
        struct cairn__worker *worker = self->workers[started];
        __atomic_fetch_add(&self->threads, 1, __ATOMIC_RELAXED);
        int rc = pthread_create(&worker->thread, NULL, server_thread, worker);
        if (rc != 0) {
            __atomic_fetch_sub(&self->threads, 1, __ATOMIC_RELAXED);
            server_report(self, cairn_error_system("http_server", "pthread_create", rc));
            break;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static struct cairn_error *server_start_watchdog(struct cairn_http_server *self)
{
    const struct cairn_http_server_options *options = &self->options;
    if (options->no_watchdog)
        return NULL;
    return cairn__watchdog_start(&self->watchdog, options->hang_ms, options->keep_signals);
}

struct cairn_error *cairn_http_server_run(struct cairn_http_server *server)
{
    static struct cairn_error second = CAIRN_ERROR_STATIC(
        CAIRN_ERROR_RUNTIME, "http_server", "the calling thread has a runtime already");
    if (cairn_runtime_current())
        return &second;
    sigset_t mask;
    if (server->options.keep_signals)
        cairn__signals_hold_pipe(&mask);
    else
        cairn__signals_hold(&server->options, &mask);
    server_report(server, server_start_watchdog(server));
    unsigned started = server_start_threads(server);
    server_run_worker(server, 0);
    for (unsigned i = 1; i < started; i++)
        pthread_join(server->workers[i]->thread, NULL);
    cairn__watchdog_stop(&server->watchdog);
    cairn__signals_restore(&mask);
    struct cairn_error *error = server->error;
    server->error = NULL;
    return error;
}
