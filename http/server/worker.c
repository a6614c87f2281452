#include <cairn/http/server/worker.h>

#include <time.h>

#include <cairn/http/error_response.h>
#include <cairn/http/server/hand_over.h>
#include <cairn/http/server/rescue.h>
#include <cairn/http/server/signals.h>
#include <cairn/http/server/watchdog.h>
#include <cairn/service/stack.h>

/* How long a client may take from our half of a handshake to its own. */
#define WORKER_HANDSHAKE_MS 50

const char *cairn__worker_date(struct cairn__worker *self)
{
    uint64_t second = cairn_runtime_now_ns(self->runtime) / 1000000000u + 1;
    if (second != self->date_second) {
        self->date_second = second;
        cairn_http_date((int64_t)time(NULL), self->date);
    }
    return self->date;
}

struct cairn_http_response *cairn__worker_error_response(struct cairn__worker *self,
    const struct cairn_http_request *req, const struct cairn_error *error)
{
    const struct cairn_http_server_options *options = self->options;
    struct cairn_http_response *res = NULL;
    if (options->error_response)
        res = options->error_response(options->error_cx, req, error);
    return res ? res : cairn_http_error_response(req, error);
}

/* The first worker stays to the end of all, for the signals are its. */
static bool worker_has_ended(const struct cairn__worker *self)
{
    return self->has_drained && self->connection_count == 0 &&
           (self->index != 0 || !cairn__server_has_threads(self->server));
}

static void worker_end_if_idle(struct cairn__worker *self)
{
    if (worker_has_ended(self))
        cairn_runtime_stop(self->runtime);
}

void cairn__worker_connection_gone(struct cairn__worker *self)
{
    self->connection_count--;
    cairn__listener_resume(&self->listener);
    cairn__rescue_resume(self);
    worker_end_if_idle(self);
}

static void worker_kill_all(struct cairn__worker *self)
{
    while (self->connections)
        cairn__connection_kill(self->connections);
}

static struct cairn__worker *worker_of_drain_timer(struct cairn_timer *timer)
{
    return (struct cairn__worker *)((char *)timer - offsetof(struct cairn__worker, drain_timer));
}

static void worker_on_drain_end(struct cairn_timer *timer)
{
    worker_kill_all(worker_of_drain_timer(timer));
}

static void worker_close_listener(struct cairn__worker *self)
{
    cairn__server_set_listening(self->server, self, -1);
    cairn__listener_close(&self->listener);
    cairn__rescue_end(self);
}

static void worker_drain(struct cairn__worker *self)
{
    self->has_drained = true;
    cairn_timer_arm(self->runtime, &self->drain_timer,
        cairn_runtime_deadline_ms(self->runtime, self->options->drain_ms), worker_on_drain_end);
    cairn__server_set_listening(self->server, self, -1);
    cairn__listener_drain(&self->listener);
    cairn__rescue_drain(self);
    struct cairn__connection *connection = self->connections;
    while (connection) {
        struct cairn__connection *next = connection->next;
        cairn__connection_drain(connection);
        connection = next;
    }
    worker_end_if_idle(self);
}

static void worker_on_all_admitted(struct cairn_timer *timer)
{
    worker_drain(worker_of_drain_timer(timer));
}

static void worker_on_delay_end(struct cairn_timer *timer)
{
    struct cairn__worker *self = worker_of_drain_timer(timer);
    if (self->listener.is_shared || self->listener.fd < 0) {
        worker_drain(self);
        return;
    }
    cairn__listener_admit_nobody(&self->listener);
    cairn_timer_arm(self->runtime, timer,
        cairn_runtime_deadline_ms(self->runtime, WORKER_HANDSHAKE_MS), worker_on_all_admitted);
}

/* The server is not ready any more. Who sends it requests learns that a little later, and until
 * then is served; clients that stay are asked to leave, so that at the end only idle ones are left.
 */
static void worker_leave(struct cairn__worker *self)
{
    uint64_t delay_ms = cairn__server_drain_delay_ms(self->server);
    self->is_leaving = true;
    if (cairn__server_is_replaced(self->server))
        worker_close_listener(self);
    if (delay_ms == 0)
        worker_drain(self);
    else
        cairn_timer_arm(self->runtime, &self->drain_timer,
            cairn_runtime_deadline_ms(self->runtime, delay_ms), worker_on_delay_end);
}

static void worker_stop(struct cairn__worker *self)
{
    if (!self->has_drained)
        worker_drain(self);
    worker_kill_all(self);
}

void cairn__worker_print(struct cairn__worker *self, FILE *out)
{
    const struct cairn_http_counters *c = &self->counters;
    fprintf(out,
        "worker %u: accepted=%llu requests=%llu responses=%llu refused=%llu failed=%llu "
        "cancelled=%llu detached=%llu timeouts=%llu waited=%llu accept_pauses=%llu "
        "shed=%llu crowded=%llu retired=%llu hangs=%llu connections=%zu\n",
        self->index, (unsigned long long)c->accepted, (unsigned long long)c->requests,
        (unsigned long long)c->responses, (unsigned long long)c->refused,
        (unsigned long long)c->failed, (unsigned long long)c->cancelled,
        (unsigned long long)c->detached, (unsigned long long)c->timeouts,
        (unsigned long long)c->waited, (unsigned long long)c->accept_pauses,
        (unsigned long long)c->shed, (unsigned long long)c->crowded, (unsigned long long)c->retired,
        (unsigned long long)cairn__watchdog_hangs(
            cairn__server_watchdog(self->server), self->index),
        self->connection_count);
    if (self->app)
        cairn_stack_print(self->app, out);
    fflush(out);
}

static void worker_control_run(struct cairn_task *task)
{
    struct cairn__worker *self =
        (struct cairn__worker *)((char *)task - offsetof(struct cairn__worker, control));
    FILE *out = cairn__server_take_print(self->server, self->index);
    if (out) {
        cairn__server_lock_print(self->server);
        cairn__worker_print(self, out);
        cairn__server_unlock_print(self->server);
    }
    if (cairn__server_is_stopping(self->server))
        worker_stop(self);
    else if (cairn__server_is_draining(self->server) && !self->is_leaving)
        worker_leave(self);
    cairn__rescue_look(self);
    worker_end_if_idle(self);
}

static struct cairn_error *worker_make_app(struct cairn__worker *self)
{
    const struct cairn_http_worker about = {
        self->index, self->options->workers, self->runtime, self->server};
    self->app = cairn__server_make_app(self->server, &about);
    if (!self->app)
        return &cairn_error_no_memory;
    const struct cairn_error *error = cairn_service_error(self->app);
    if (error)
        return cairn_error_ref((struct cairn_error *)(size_t)error);
    if (self->app->request_type == &cairn_http_request_type &&
        self->app->response_type == &cairn_http_response_type)
        return NULL;
    return cairn_error_new(CAIRN_ERROR_TYPE, "http_server", NULL,
        "the app must be a service from http.request to http.response, got one from %s to %s (%s)",
        self->app->request_type ? self->app->request_type->name : "anything",
        self->app->response_type ? self->app->response_type->name : "anything",
        self->app->ops->name);
}

static struct cairn_error *worker_open(struct cairn__worker *self)
{
    const struct cairn_http_limits *limits = &self->options->limits;
    struct cairn_error *error = NULL;
    cairn_random_init(&self->random, 0);
    self->arenas = cairn_arena_cache_new(0);
    if (!self->arenas || (limits->connections_per_address &&
                             cairn__address_table_init(&self->addresses, limits->connections) != 0))
        return &cairn_error_no_memory;
    error = worker_make_app(self);
    return error ? error : cairn__listener_open(&self->listener, self, self->listener.fd);
}

static void worker_listens(struct cairn__worker *self)
{
    cairn__server_set_listening(self->server, self, self->listener.fd);
    cairn__server_worker_listens(self->server);
}

static void worker_loop(struct cairn__worker *self)
{
    static const struct cairn_task_ops ops = {.name = "worker", .run = worker_control_run};
    cairn_task_init(&self->control, &ops, self->runtime);
    struct cairn__watchdog *watchdog = cairn__server_watchdog(self->server);
    cairn__server_set_running(self->server, self, true);
    cairn_task_wake(&self->control); /* for what was asked before */
    cairn__watchdog_watch(watchdog, self->index, self->runtime, self->app);
    worker_listens(self);
    while (!worker_has_ended(self))
        cairn_runtime_run(self->runtime);
    cairn__watchdog_unwatch(watchdog, self->index);
    cairn__server_set_running(self->server, self, false);
    cairn_timer_cancel(&self->drain_timer);
    cairn_task_unref(&self->control);
}

/* The first worker, on the caller's thread, also minds the signals. */
static struct cairn_error *worker_serve(struct cairn__worker *self)
{
    struct cairn__signals signals = {0};
    struct cairn_error *error = NULL;
    bool minds_signals = self->index == 0 && !self->options->keep_signals;
    if (minds_signals)
        error = cairn__signals_open(&signals, self->server, self->options, self->runtime);
    if (!error)
        worker_loop(self);
    if (self->index == 0)
        cairn__hand_over_end(cairn__server_hand_over(self->server));
    cairn__signals_close(&signals);
    return error;
}

struct cairn_error *cairn__worker_run(struct cairn__worker *self, int listen_fd)
{
    struct cairn_error *error = NULL;
    self->listener.fd = listen_fd;
    self->runtime = cairn_runtime_new(NULL, &error);
    if (self->runtime) {
        cairn__gate_init(&self->gate, self->runtime);
        error = worker_open(self);
        if (!error)
            error = worker_serve(self);
    }
    worker_close_listener(self);
    if (self->runtime) {
        cairn__server_worker_ended(self->server, self);
        cairn_service_drop(self->app);
        self->app = NULL;
        cairn__gate_fini(&self->gate);
        cairn_runtime_free(self->runtime);
    }
    cairn_arena_cache_free(self->arenas);
    cairn__address_table_fini(&self->addresses);
    return error;
}
