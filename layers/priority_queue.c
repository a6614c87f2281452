#include <cairn/layers/priority_queue.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/layers/codel.h>
#include <cairn/layers/deadline.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define PRIORITY_QUEUE_BOUND 1024
#define PRIORITY_QUEUE_MOST 1048576
#define PRIORITY_QUEUE_MAX_WAIT_MS 86400000
#define PRIORITY_QUEUE_TARGET_MS 5
#define PRIORITY_QUEUE_INTERVAL_MS 100
#define PRIORITY_QUEUE_MAX_MS 60000
#define PRIORITY_QUEUE_RANKS 3

/* The response future is the queue's node too: it is boxed before it is queued, and a box does not
 * move. */
struct priority_queue_call {
    struct cairn_future inner; /* empty until it was served, or has failed */
    struct priority_queue_shared *shared;
    void *request; /* NULL once inner has it */
    struct priority_queue_call *next;
    struct priority_queue_call *previous;
    unsigned rank;
    bool is_queued;
    uint64_t called_ms;
    uint64_t deadline_ms;           /* of the call, for what it makes inner do */
    struct cairn_sleep_state sleep; /* until it is too late; at_ms is 0 where it never is */
    struct cairn_waker waker;
};

/* Those of one priority, oldest first. */
struct priority_queue_lane {
    struct priority_queue_call *first;
    struct priority_queue_call *last;
    size_t count;
    struct cairn__codel codel;
};

/* What handles, calls and the worker share. */
struct priority_queue_shared {
    unsigned references;
    unsigned handles;
    struct cairn_priority_queue_options options;
    struct cairn_service *inner;         /* the worker's; NULL once that has ended */
    const struct cairn_type *type;       /* of requests */
    struct cairn_error *error;           /* why nothing is taken any more; NULL: it is open */
    struct priority_queue_call *serving; /* while inner is called for it */
    struct cairn_waker worker;
    bool is_in_call;      /* inner's call runs */
    bool is_inner_polled; /* and not called since: it may hold room for nobody */
    size_t queued;
    struct priority_queue_lane lanes[PRIORITY_QUEUE_RANKS];
    uint64_t expired;
    uint64_t refused;
    uint64_t displaced;
    uint64_t shed;
    uint64_t abandoned;
};

struct priority_queue {
    struct cairn_service base;
    struct priority_queue_shared *shared;
};

static struct cairn_error priority_queue_no_worker =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "priority_queue", "the worker is gone");
static struct cairn_error priority_queue_too_late =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_ELAPSED, "priority_queue", "waited until it was too late");
static struct cairn_error priority_queue_full =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_OVERLOADED, "priority_queue", "the queue is full");
static struct cairn_error priority_queue_gave_way = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_OVERLOADED, "priority_queue", "gave its place to a more important call");
static struct cairn_error priority_queue_stands =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_OVERLOADED, "priority_queue", "the queue does not drain");

static void priority_queue_shared_unref(struct priority_queue_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_error_unref(shared->error);
    cairn_free(shared);
}

static void priority_queue_enqueue(
    struct priority_queue_shared *shared, struct priority_queue_call *call)
{
    struct priority_queue_lane *lane = &shared->lanes[call->rank];
    call->previous = lane->last;
    if (lane->last)
        lane->last->next = call;
    else
        lane->first = call;
    lane->last = call;
    lane->count++;
    call->is_queued = true;
    /* With others there already it waits for inner, or was woken. */
    if (shared->queued++ == 0)
        cairn_wake(&shared->worker);
}

static void priority_queue_dequeue(struct priority_queue_call *call)
{
    struct priority_queue_lane *lane = &call->shared->lanes[call->rank];
    if (call->previous)
        call->previous->next = call->next;
    else
        lane->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        lane->last = call->previous;
    call->next = NULL;
    call->previous = NULL;
    call->is_queued = false;
    call->shared->queued--;
    /* An empty queue has drained. */
    if (--lane->count == 0)
        lane->codel.above_ms = 0;
}

static bool priority_queue_is_late(const struct priority_queue_call *call, uint64_t now_ms)
{
    return call->sleep.at_ms && now_ms >= call->sleep.at_ms;
}

/* Not by the worker, which may have to let go of what it asked inner for. */
static void priority_queue_leave(struct priority_queue_call *call)
{
    struct priority_queue_shared *shared = call->shared;
    struct cairn_runtime *runtime = cairn_runtime_current();
    if (!call->is_queued)
        return;
    priority_queue_dequeue(call);
    if (runtime && priority_queue_is_late(call, cairn_runtime_now_ms(runtime)))
        shared->expired++;
    else
        shared->abandoned++;
    if (shared->queued == 0)
        cairn_wake(&shared->worker);
}

static enum cairn_poll priority_queue_call_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct priority_queue_call *self = state;
    if (!cairn_future_is_empty(&self->inner)) {
        cairn_sleep_stop(&self->sleep);
        return cairn_future_poll(&self->inner, cx, out);
    }
    if (self->sleep.at_ms && cairn_sleep_poll(&self->sleep, cx) == CAIRN_READY) {
        priority_queue_leave(self);
        out->error = &priority_queue_too_late;
        return CAIRN_FAILED;
    }
    cairn_waker_set(&self->waker, cx);
    return CAIRN_PENDING;
}

static void priority_queue_call_drop(void *state)
{
    struct priority_queue_call *self = state;
    struct priority_queue_shared *shared = self->shared;
    cairn_sleep_stop(&self->sleep);
    cairn_future_drop(&self->inner);
    cairn_waker_clear(&self->waker);
    if (shared->serving == self)
        shared->serving = NULL;
    priority_queue_leave(self);
    cairn_type_drop(shared->type, self->request);
    priority_queue_shared_unref(shared);
}

static const struct cairn_future_ops priority_queue_call_ops = {
    .name = "priority_queue",
    .size = sizeof(struct priority_queue_call),
    .poll = priority_queue_call_poll,
    .drop = priority_queue_call_drop,
};

/* Takes ERROR. */
static void priority_queue_fail(struct priority_queue_call *call, struct cairn_error *error)
{
    const struct cairn_type *type = call->shared->type;
    void *req = call->request;
    if (call->is_queued)
        priority_queue_dequeue(call);
    call->request = NULL;
    call->inner = cairn_future_failed(error);
    cairn_wake(&call->waker);
    cairn_type_drop(type, req);
}

/* Takes ERROR. */
static void priority_queue_close(struct priority_queue_shared *shared, struct cairn_error *error)
{
    shared->error = error;
    for (unsigned rank = 0; rank < PRIORITY_QUEUE_RANKS; rank++)
        while (shared->lanes[rank].first)
            priority_queue_fail(shared->lanes[rank].first, cairn_error_ref(error));
}

static void priority_queue_inner_failed(
    struct priority_queue_shared *shared, struct cairn_error *error)
{
    priority_queue_close(shared,
        cairn_error_new(error->code, "priority_queue", error, "%s", "the service has failed"));
}

/* Whether CALL, the first of its lane, may be served; else it has failed. */
static bool priority_queue_accepts(struct priority_queue_call *call, uint64_t now_ms)
{
    struct priority_queue_shared *shared = call->shared;
    struct priority_queue_lane *lane = &shared->lanes[call->rank];
    if (priority_queue_is_late(call, now_ms)) {
        shared->expired++;
        priority_queue_fail(call, &priority_queue_too_late);
        return false;
    }
    if (shared->options.target_ms != CAIRN_PRIORITY_QUEUE_NO_TARGET &&
        cairn__codel_drops(&lane->codel, now_ms - call->called_ms, lane->count == 1, now_ms)) {
        shared->shed++;
        priority_queue_fail(call, &priority_queue_stands);
        return false;
    }
    priority_queue_dequeue(call);
    return true;
}

/* The next to be served, taken from the queue; NULL: nobody is left. */
static struct priority_queue_call *priority_queue_next(
    struct priority_queue_shared *shared, uint64_t now_ms)
{
    for (unsigned rank = 0; rank < PRIORITY_QUEUE_RANKS; rank++)
        while (shared->lanes[rank].first) {
            struct priority_queue_call *call = shared->lanes[rank].first;
            if (priority_queue_accepts(call, now_ms))
                return call;
        }
    return NULL;
}

static struct cairn_future priority_queue_call_inner(
    struct priority_queue_shared *shared, void *req)
{
    shared->is_inner_polled = false;
    shared->is_in_call = true;
    struct cairn_future inner = cairn_service_call(shared->inner, req);
    shared->is_in_call = false;
    return inner;
}

/* Who is served may be dropped by the very call. */
static void priority_queue_serve(
    struct priority_queue_shared *shared, struct priority_queue_call *call)
{
    void *req = call->request;
    call->request = NULL;
    shared->serving = call;
    uint64_t before = cairn_deadline_swap(call->deadline_ms);
    struct cairn_future inner = priority_queue_call_inner(shared, req);
    cairn_deadline_swap(before);
    if (shared->serving != call) {
        cairn_future_drop(&inner);
        return;
    }
    shared->serving = NULL;
    call->inner = inner;
    cairn_wake(&call->waker);
}

static enum cairn_poll priority_queue_worker_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct priority_queue_shared *shared = *(struct priority_queue_shared **)state;
    cairn_waker_set(&shared->worker, cx);
    out->value = NULL;
    if (shared->error)
        return CAIRN_READY;
    while (shared->queued) {
        struct cairn_error *error = NULL;
        enum cairn_poll p = cairn_service_poll_ready(shared->inner, cx, &error);
        shared->is_inner_polled = true;
        if (p == CAIRN_PENDING)
            return p;
        if (p == CAIRN_FAILED) {
            priority_queue_inner_failed(shared, error);
            return CAIRN_READY;
        }
        struct priority_queue_call *call =
            priority_queue_next(shared, cairn_runtime_now_ms(cx->runtime));
        if (call)
            priority_queue_serve(shared, call);
    }
    if (shared->is_inner_polled)
        cairn_service_release(shared->inner);
    shared->is_inner_polled = false;
    return shared->handles ? CAIRN_PENDING : CAIRN_READY;
}

static void priority_queue_worker_drop(void *state)
{
    struct priority_queue_shared *shared = *(struct priority_queue_shared **)state;
    struct cairn_service *inner = shared->inner;
    cairn_waker_clear(&shared->worker);
    if (!shared->error)
        priority_queue_close(shared, &priority_queue_no_worker);
    shared->inner = NULL;
    cairn_service_drop(inner);
    priority_queue_shared_unref(shared);
}

static const struct cairn_future_ops priority_queue_worker_ops = {
    .name = "priority_queue_worker",
    .size = sizeof(struct priority_queue_shared *),
    .poll = priority_queue_worker_poll,
    .drop = priority_queue_worker_drop,
};

static enum cairn_poll priority_queue_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    const struct priority_queue_shared *shared = ((struct priority_queue *)base)->shared;
    (void)cx;
    if (!shared->error)
        return CAIRN_READY;
    *error = cairn_error_ref(shared->error);
    return CAIRN_FAILED;
}

static unsigned priority_queue_rank(
    const struct cairn_priority_queue_options *opts, const void *req)
{
    enum cairn_priority priority =
        opts->classify ? opts->classify(opts->classify_cx, req) : CAIRN_PRIORITY_NORMAL;
    if (priority == CAIRN_PRIORITY_CRITICAL)
        return 0;
    return priority == CAIRN_PRIORITY_BULK ? 2 : 1;
}

/* Whether there is a place for one more of RANK, if need be that of another. */
static bool priority_queue_make_room(struct priority_queue_shared *shared, unsigned rank)
{
    if (shared->queued < shared->options.bound)
        return true;
    for (unsigned least = PRIORITY_QUEUE_RANKS - 1; least > rank; least--)
        if (shared->lanes[least].last) {
            shared->displaced++;
            priority_queue_fail(shared->lanes[least].last, &priority_queue_gave_way);
            return true;
        }
    shared->refused++;
    return false;
}

/* The least of deadline and longest wait; 0: neither. */
static uint64_t priority_queue_late_ms(
    const struct cairn_priority_queue_options *opts, struct cairn_runtime *runtime)
{
    uint64_t late_ms = cairn_deadline_ms();
    if (opts->max_wait_ms) {
        uint64_t wait_ms = cairn_runtime_deadline_ms(runtime, opts->max_wait_ms);
        late_ms = wait_ms < late_ms ? wait_ms : late_ms;
    }
    return late_ms == CAIRN_DEADLINE_NONE ? 0 : late_ms;
}

/* Takes REQ and ERROR. */
static struct cairn_future priority_queue_refuse(
    struct priority_queue_shared *shared, void *req, struct cairn_error *error)
{
    cairn_type_drop(shared->type, req);
    return cairn_future_failed(error);
}

static struct cairn_future priority_queue_wait(
    struct priority_queue_shared *shared, struct cairn_runtime *runtime, void *req)
{
    unsigned rank = priority_queue_rank(&shared->options, req);
    if (!priority_queue_make_room(shared, rank))
        return priority_queue_refuse(shared, req, &priority_queue_full);
    shared->references++;
    struct cairn_future future = cairn_future_box(&priority_queue_call_ops,
        &(struct priority_queue_call){.shared = shared,
            .request = req,
            .rank = rank,
            .called_ms = cairn_runtime_now_ms(runtime),
            .deadline_ms = cairn_deadline_ms(),
            .sleep.at_ms = priority_queue_late_ms(&shared->options, runtime)});
    if (!cairn_future_is_complete(&future))
        priority_queue_enqueue(shared, future.state);
    return future;
}

static struct cairn_future priority_queue_call(struct cairn_service *base, void *req)
{
    struct priority_queue_shared *shared = ((struct priority_queue *)base)->shared;
    struct cairn_runtime *runtime = cairn_runtime_current();
    struct cairn_error *error = NULL;
    CAIRN_ASSERT(runtime, "priority_queue", "called on a thread without a runtime");
    if (shared->error)
        return priority_queue_refuse(shared, req, cairn_error_ref(shared->error));
    if (cairn_deadline_left_ms(runtime) == 0) {
        shared->expired++;
        return priority_queue_refuse(shared, req, &priority_queue_too_late);
    }
    if (shared->queued || shared->is_in_call)
        return priority_queue_wait(shared, runtime, req);
    /* Straight through. A poll that cannot wait leaves no waker; the worker then asks again. */
    const struct cairn_context spot = {.runtime = runtime};
    enum cairn_poll p = cairn_service_poll_ready(shared->inner, &spot, &error);
    if (p == CAIRN_READY)
        return priority_queue_call_inner(shared, req);
    if (p == CAIRN_FAILED) {
        priority_queue_inner_failed(shared, error);
        cairn_wake(&shared->worker);
        return priority_queue_refuse(shared, req, cairn_error_ref(shared->error));
    }
    shared->is_inner_polled = true;
    return priority_queue_wait(shared, runtime, req);
}

static void priority_queue_cloned(struct cairn_service *base)
{
    struct priority_queue_shared *shared = ((struct priority_queue *)base)->shared;
    shared->references++;
    shared->handles++;
}

static void priority_queue_drop(struct cairn_service *base)
{
    struct priority_queue_shared *shared = ((struct priority_queue *)base)->shared;
    if (--shared->handles == 0)
        cairn_wake(&shared->worker);
    priority_queue_shared_unref(shared);
}

static void priority_queue_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct priority_queue_shared *shared = ((const struct priority_queue *)base)->shared;
    const struct cairn_priority_queue_options *opts = &shared->options;
    cairn_describe_parameter(d, "bound", opts->bound, NULL);
    if (opts->max_wait_ms)
        cairn_describe_parameter(d, "max_wait", opts->max_wait_ms, "ms");
    if (opts->target_ms != CAIRN_PRIORITY_QUEUE_NO_TARGET) {
        cairn_describe_parameter(d, "target", opts->target_ms, "ms");
        cairn_describe_parameter(d, "interval", opts->interval_ms, "ms");
    }
    cairn_describe_gauge(d, "critical", shared->lanes[0].count);
    cairn_describe_gauge(d, "normal", shared->lanes[1].count);
    cairn_describe_gauge(d, "bulk", shared->lanes[2].count);
    cairn_describe_counter(d, "expired", shared->expired);
    cairn_describe_counter(d, "refused", shared->refused);
    cairn_describe_counter(d, "displaced", shared->displaced);
    cairn_describe_counter(d, "shed", shared->shed);
    cairn_describe_counter(d, "abandoned", shared->abandoned);
    cairn_describe_service(d, shared->inner);
}

static const struct cairn_service_ops priority_queue_ops = {
    .name = "priority_queue",
    .size = sizeof(struct priority_queue),
    .poll_ready = priority_queue_poll_ready,
    .call = priority_queue_call,
    .cloned = priority_queue_cloned,
    .drop = priority_queue_drop,
    .describe = priority_queue_describe,
};

/* With the handle's reference. */
static struct priority_queue_shared *priority_queue_shared_new(
    const struct cairn_priority_queue_options *opts)
{
    struct priority_queue_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->handles = 1;
    shared->options = *opts;
    for (unsigned rank = 0; rank < PRIORITY_QUEUE_RANKS; rank++) {
        shared->lanes[rank].codel.target_ms = opts->target_ms;
        shared->lanes[rank].codel.interval_ms = opts->interval_ms;
    }
    return shared;
}

/* Returns the handle; or NULL without memory, INNER then remaining the caller's. */
static struct priority_queue *priority_queue_new(
    const struct cairn_priority_queue_options *opts, struct cairn_service *inner)
{
    struct priority_queue_shared *shared = priority_queue_shared_new(opts);
    struct priority_queue *self = shared ? cairn_service_new(&priority_queue_ops, NULL) : NULL;
    if (!self) {
        cairn_free(shared);
        return NULL;
    }
    shared->type = inner->request_type;
    self->shared = shared;
    self->base.request_type = inner->request_type;
    self->base.response_type = inner->response_type;
    return self;
}

static struct cairn_service *priority_queue_build(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_priority_queue_options *opts)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    if (!runtime)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_RUNTIME,
            "needs a runtime on this thread, for its worker to run on");
    struct priority_queue *self = priority_queue_new(opts, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    struct priority_queue_shared *shared = self->shared;
    shared->references++;
    shared->inner = inner;
    /* From here on inner is the worker's: without memory for its box it is gone. */
    struct cairn_future worker = cairn_future_box(&priority_queue_worker_ops, &shared);
    if (cairn_future_is_complete(&worker)) {
        cairn_future_drop(&worker);
        cairn_service_drop(&self->base);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    struct cairn_error *error = cairn_spawn(runtime, worker, NULL);
    if (!error)
        return &self->base;
    cairn_service_drop(&self->base);
    return cairn_service_broken(error);
}

static void priority_queue_defaults(struct cairn_priority_queue_options *opts)
{
    if (!opts->bound)
        opts->bound = PRIORITY_QUEUE_BOUND;
    if (!opts->target_ms)
        opts->target_ms = PRIORITY_QUEUE_TARGET_MS;
    if (!opts->interval_ms)
        opts->interval_ms = PRIORITY_QUEUE_INTERVAL_MS;
}

static struct cairn_service *priority_queue_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_priority_queue_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    priority_queue_defaults(&opts);
    if (opts.bound > PRIORITY_QUEUE_MOST)
        return cairn_layer_invalid(
            layer, inner, "bound must be 1 to %d, got %zu", PRIORITY_QUEUE_MOST, opts.bound);
    if (opts.max_wait_ms > PRIORITY_QUEUE_MAX_WAIT_MS)
        return cairn_layer_invalid(layer, inner, "max_wait_ms must be 1 to %d, got %" PRIu64,
            PRIORITY_QUEUE_MAX_WAIT_MS, opts.max_wait_ms);
    if (opts.target_ms > PRIORITY_QUEUE_MAX_MS && opts.target_ms != CAIRN_PRIORITY_QUEUE_NO_TARGET)
        return cairn_layer_invalid(layer, inner, "target_ms must be 1 to %d, got %" PRIu64,
            PRIORITY_QUEUE_MAX_MS, opts.target_ms);
    if (opts.interval_ms > PRIORITY_QUEUE_MAX_MS)
        return cairn_layer_invalid(layer, inner, "interval_ms must be 1 to %d, got %" PRIu64,
            PRIORITY_QUEUE_MAX_MS, opts.interval_ms);
    return priority_queue_build(layer, inner, &opts);
}

struct cairn_layer cairn_priority_queue_layer(const struct cairn_priority_queue_options *options)
{
    static const struct cairn_priority_queue_options defaults = {.size = sizeof(defaults)};
    const struct cairn_priority_queue_options *opts = options ? options : &defaults;
    return cairn_layer_of("priority_queue", priority_queue_apply, opts, opts->size);
}
