#include <cairn/layers/reconnect.h>

#include <string.h>

#include <cairn/service/assert.h>
#include <cairn/service/make_service.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define RECONNECT_MIN_MS 50
#define RECONNECT_MAX_MS 10000

/* Around the maker. One of these at a time: a connection, `making` one, asleep before it, or idle.
 */
struct reconnect {
    struct cairn_service base;
    struct cairn_reconnect_options opts;
    void *target; /* as the maker's request type has it; NULL: there is none */
    struct cairn_service *connection;
    struct cairn_future making;
    struct cairn_sleep_state sleep; /* at_ms 0: no back-off is to be waited for */
    struct cairn_error *error;      /* the last failure; NULL since a connection was ready */
    struct cairn_random random;
    unsigned failures; /* in a row */
    bool is_ready;     /* what readiness last said, until a call or a release */
    bool is_doomed;    /* ready only to fail the next call */
    bool was_ready;    /* the connection, ever */
    uint64_t connects;
    uint64_t failed;
};

static void reconnect_note_error(struct reconnect *self, struct cairn_error *error)
{
    cairn_error_unref(self->error);
    self->error = error;
}

/* A failure to connect. */
static void reconnect_fail(
    struct reconnect *self, struct cairn_runtime *runtime, struct cairn_error *error)
{
    uint64_t delay_ms = cairn_backoff_delay_ms(&self->opts.backoff, self->failures, &self->random);
    /* A maker that fails at once must not be asked again in the same poll, and so for ever. */
    if (self->opts.wait_ready && delay_ms == 0)
        delay_ms = 1;
    CAIRN_ASSERT(runtime, "reconnect", "polled without a runtime");
    self->sleep.at_ms = delay_ms ? cairn_runtime_deadline_ms(runtime, delay_ms) : 0;
    self->is_doomed = !self->opts.wait_ready;
    self->failures += self->failures < 64;
    self->failed++;
    reconnect_note_error(self, error);
}

static void reconnect_accept(
    struct reconnect *self, struct cairn_runtime *runtime, struct cairn_service *connection)
{
    static struct cairn_error other = CAIRN_ERROR_STATIC(
        CAIRN_ERROR_TYPE, "reconnect", "the maker gave a connection of other types");
    bool is_fit = cairn_service_error(connection) ||
                  (connection->request_type == self->base.request_type &&
                      connection->response_type == self->base.response_type);
    if (!is_fit) {
        cairn_service_drop(connection);
        reconnect_fail(self, runtime, &other);
        return;
    }
    self->connection = connection;
    self->was_ready = false;
    self->connects++;
}

static void *reconnect_copy_target(const struct cairn_type *type, const void *target)
{
    if (target && type && type->clone)
        return type->clone(target);
    return (void *)(size_t)target;
}

/* READY: an attempt to connect has ended, this way or the other. */
static enum cairn_poll reconnect_make(
    struct reconnect *self, const struct cairn_context *cx, struct cairn_error **error)
{
    union cairn_outcome out;
    enum cairn_poll p;
    if (cairn_future_is_empty(&self->making)) {
        if (self->sleep.at_ms && cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
            return CAIRN_PENDING;
        self->sleep.at_ms = 0;
        p = cairn_service_poll_ready(self->base.inner, cx, error);
        if (p)
            return p;
        void *target = reconnect_copy_target(self->base.inner->request_type, self->target);
        if (self->target && !target) {
            cairn_service_release(self->base.inner);
            reconnect_fail(self, cx->runtime, &cairn_error_no_memory);
            return CAIRN_READY;
        }
        self->making = cairn_service_call(self->base.inner, target);
    }
    p = cairn_future_poll(&self->making, cx, &out);
    if (p == CAIRN_READY)
        reconnect_accept(self, cx->runtime, out.value);
    else if (p == CAIRN_FAILED)
        reconnect_fail(self, cx->runtime, out.error);
    return p == CAIRN_PENDING ? p : CAIRN_READY;
}

/* The connection's readiness has failed with ERROR. */
static void reconnect_lose(
    struct reconnect *self, struct cairn_runtime *runtime, struct cairn_error *error)
{
    cairn_service_drop(self->connection);
    self->connection = NULL;
    if (!self->was_ready) {
        reconnect_fail(self, runtime, error);
        return;
    }
    reconnect_note_error(self, error);
    self->is_doomed = self->is_ready; /* who was told ready is not to be made to wait now */
}

static enum cairn_poll reconnect_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct reconnect *self = (struct reconnect *)base;
    while (!self->is_doomed) {
        enum cairn_poll p;
        if (!self->connection) {
            p = reconnect_make(self, cx, error);
            if (p)
                return p;
            continue;
        }
        p = cairn_service_poll_ready(self->connection, cx, error);
        if (p == CAIRN_PENDING)
            return p;
        if (p == CAIRN_FAILED) {
            reconnect_lose(self, cx->runtime, *error);
            continue;
        }
        if (!self->was_ready)
            reconnect_note_error(self, NULL);
        self->was_ready = true;
        self->failures = 0;
        break;
    }
    self->is_ready = true;
    return CAIRN_READY;
}

static struct cairn_future reconnect_call(struct cairn_service *base, void *req)
{
    struct reconnect *self = (struct reconnect *)base;
    CAIRN_ASSERT(self->is_ready, "reconnect", "called without having been ready");
    self->is_ready = false;
    if (!self->is_doomed)
        return cairn_service_call(self->connection, req);
    self->is_doomed = false;
    cairn_service_drop_request(base, req);
    return cairn_future_failed(cairn_error_ref(self->error));
}

static void reconnect_release(struct cairn_service *base)
{
    struct reconnect *self = (struct reconnect *)base;
    self->is_ready = false;
    self->is_doomed = false;
    cairn_sleep_stop(&self->sleep);
    cairn_service_release(self->connection);
}

static void reconnect_drop(struct cairn_service *base)
{
    struct reconnect *self = (struct reconnect *)base;
    cairn_future_drop(&self->making);
    cairn_service_drop(self->connection);
    cairn_error_unref(self->error);
    cairn_type_drop(base->inner->request_type, self->target);
}

static void reconnect_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct reconnect *self = (const struct reconnect *)base;
    cairn_describe_parameter(d, "wait_ready", self->opts.wait_ready, NULL);
    cairn_describe_counter(d, "connects", self->connects);
    cairn_describe_counter(d, "failures", self->failed);
    cairn_describe_gauge(d, "is_connected", self->connection != NULL);
    if (self->error)
        cairn_describe_text(d, "last_error", self->error->message);
    cairn_describe_service(d, self->connection);
}

static const struct cairn_service_ops reconnect_ops = {
    .name = "reconnect",
    .size = sizeof(struct reconnect),
    .poll_ready = reconnect_poll_ready,
    .call = reconnect_call,
    .release = reconnect_release,
    .drop = reconnect_drop,
    .describe = reconnect_describe,
    .not_cloneable = true,
};

static struct cairn_backoff reconnect_backoff(const struct cairn_reconnect_options *opts)
{
    const struct cairn_backoff *chosen = &opts->backoff;
    if (chosen->min_ms || chosen->max_ms || chosen->jitter != 0)
        return *chosen;
    if (opts->wait_ready)
        return (struct cairn_backoff){
            RECONNECT_MIN_MS, RECONNECT_MAX_MS, CAIRN_BACKOFF_DEFAULT_JITTER};
    return (struct cairn_backoff){.min_ms = 0, .max_ms = 1};
}

/* NULL: they will do. Fills in the defaults. */
static struct cairn_error *reconnect_check(
    struct cairn_reconnect_options *opts, const struct cairn_service *maker)
{
    const struct cairn_type *target = maker->request_type;
    const struct cairn_service *first = opts->connection;
    if (maker->response_type != &cairn_service_type)
        return cairn_error_new(CAIRN_ERROR_TYPE, "reconnect", NULL,
            "needs a make service, got one that gives %s",
            maker->response_type ? maker->response_type->name : "anything");
    if (first && !opts->request_type)
        opts->request_type = first->request_type;
    if (first && !opts->response_type)
        opts->response_type = first->response_type;
    if (!first && !(opts->request_type && opts->response_type))
        return cairn_error_new(CAIRN_ERROR_INVALID, "reconnect", NULL, "%s must be set",
            opts->request_type ? "response_type" : "request_type");
    if (first &&
        (first->request_type != opts->request_type || first->response_type != opts->response_type))
        return cairn_error_new(CAIRN_ERROR_TYPE, "reconnect", NULL,
            "connection must be of request_type and response_type");
    if (opts->target && target && target->drop && !target->clone)
        return cairn_error_new(CAIRN_ERROR_TYPE, "reconnect", NULL,
            "needs a target that can be cloned; %s cannot", target->name);
    opts->backoff = reconnect_backoff(opts);
    return cairn_backoff_check(&opts->backoff);
}

/* NULL without memory; nothing is taken then. */
static struct reconnect *reconnect_build(
    struct cairn_service *maker, const struct cairn_reconnect_options *opts)
{
    const struct cairn_type *type = maker->request_type;
    void *target = reconnect_copy_target(type, opts->target);
    bool is_whole = target || !opts->target;
    struct reconnect *self = is_whole ? cairn_service_new(&reconnect_ops, maker) : NULL;
    if (!self) {
        cairn_type_drop(type, target);
        return NULL;
    }
    self->base.request_type = opts->request_type;
    self->base.response_type = opts->response_type;
    self->opts = *opts;
    self->target = target;
    self->connection = opts->connection;
    self->was_ready = opts->connection != NULL;
    cairn_random_init(&self->random, opts->seed);
    return self;
}

struct cairn_service *cairn_reconnect_new(
    struct cairn_service *maker, const struct cairn_reconnect_options *options)
{
    struct cairn_reconnect_options opts = {.size = sizeof(opts)};
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    if (cairn_service_error(maker)) {
        cairn_service_drop(opts.connection);
        return maker;
    }
    if (opts.connection && cairn_service_error(opts.connection)) {
        cairn_service_drop(maker);
        return opts.connection;
    }
    struct cairn_error *error = reconnect_check(&opts, maker);
    struct reconnect *self = error ? NULL : reconnect_build(maker, &opts);
    if (self)
        return &self->base;
    cairn_service_drop(maker);
    cairn_service_drop(opts.connection);
    return cairn_service_broken(error ? error : &cairn_error_no_memory);
}
