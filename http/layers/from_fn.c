#include <cairn/http/layers/from_fn.h>

#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/spares.h>

/* What copies and futures share; a future may outlive every copy. */
struct from_fn_shared {
    unsigned references;
    uint64_t passed;
    uint64_t answered;
    uint64_t waiting;
    struct cairn__spares spares;
    char name[];
};

struct from_fn {
    struct cairn_service base;
    struct from_fn_shared *shared;
    struct cairn_future (*f)(
        struct cairn_http_request *req, struct cairn_http_next *next, void *state);
    void *state;
};

/* `service` is the layer's own inner one while `f` runs, and then, if it was not called, the one
 * that moved into the call. NULL: it was called, or the call is over. */
struct cairn_http_next {
    struct cairn_service *service;
    struct from_fn_shared *shared;
    bool is_moved;
};

struct from_fn_future {
    struct cairn_future inner;
    struct cairn_http_next *next;
    struct from_fn_shared *shared;
};

static void from_fn_unref(struct from_fn_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn__spares_fini(&shared->spares);
    cairn_free(shared);
}

/* SERVICE is called or not: either way it has done its part. */
static void from_fn_give_back(struct cairn_http_next *next, struct cairn_service *service)
{
    if (!next->is_moved)
        return;
    next->shared->waiting--;
    cairn__spares_give_back(&next->shared->spares, service);
}

struct cairn_future cairn_http_next_run(
    struct cairn_http_next *next, struct cairn_http_request *req)
{
    struct cairn_service *service = next->service;
    CAIRN_ASSERT(service, "from_fn", "next was run twice, or after its call was over");
    next->service = NULL;
    next->shared->passed++;
    struct cairn_future future = cairn_service_call(service, req);
    from_fn_give_back(next, service);
    return future;
}

static enum cairn_poll from_fn_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct from_fn_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_PENDING)
        return p;
    if (self->next->service)
        self->shared->answered++;
    if (p == CAIRN_FAILED || out->value)
        return p;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void from_fn_future_drop(void *state)
{
    struct from_fn_future *self = state;
    struct cairn_service *service = self->next->service;
    self->next->service = NULL;
    cairn_future_drop(&self->inner);
    if (service) {
        cairn_service_release(service);
        from_fn_give_back(self->next, service);
    }
    from_fn_unref(self->shared);
}

static const struct cairn_future_ops from_fn_future_ops = {
    .name = "from_fn",
    .size = sizeof(struct from_fn_future),
    .poll = from_fn_future_poll,
    .drop = from_fn_future_drop,
    .wraps = true,
};

static struct cairn_future from_fn_fail(struct cairn_service *base)
{
    cairn_service_release(base->inner);
    return cairn_future_failed(&cairn_error_no_memory);
}

/* FUTURE goes on and may run NEXT: the readied service must stay where NEXT finds it. */
static bool from_fn_move(struct from_fn *self, struct cairn_http_next *next)
{
    next->service = cairn__spares_take(&self->shared->spares, &self->base.inner);
    if (!next->service)
        return false;
    next->is_moved = true;
    self->shared->waiting++;
    return true;
}

static struct cairn_future from_fn_call(struct cairn_service *base, void *req)
{
    struct from_fn *self = (struct from_fn *)base;
    struct cairn_http_next *next =
        cairn_arena_alloc(((struct cairn_http_request *)req)->arena, sizeof(*next));
    if (!next) {
        cairn_service_drop_request(base, req);
        return from_fn_fail(base);
    }
    *next = (struct cairn_http_next){.service = base->inner, .shared = self->shared};
    struct from_fn_future future = {self->f(req, next, self->state), next, self->shared};
    CAIRN_ASSERT(
        !cairn_future_is_empty(&future.inner), "from_fn", "the function returned no future");
    if (next->service && !cairn_future_is_complete(&future.inner) && !from_fn_move(self, next)) {
        cairn_future_drop(&future.inner);
        return from_fn_fail(base);
    }
    self->shared->references++;
    return cairn_future_wrap(&from_fn_future_ops, &future);
}

static void from_fn_cloned(struct cairn_service *base)
{
    ((struct from_fn *)base)->shared->references++;
}

static void from_fn_drop(struct cairn_service *base)
{
    from_fn_unref(((struct from_fn *)base)->shared);
}

static void from_fn_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct from_fn_shared *shared = ((const struct from_fn *)base)->shared;
    if (shared->name[0])
        cairn_describe_text(d, "name", shared->name);
    cairn_describe_counter(d, "passed", shared->passed);
    cairn_describe_counter(d, "answered", shared->answered);
    cairn_describe_gauge(d, "waiting", shared->waiting);
}

static const struct cairn_service_ops from_fn_ops = {
    .name = "from_fn",
    .size = sizeof(struct from_fn),
    .call = from_fn_call,
    .cloned = from_fn_cloned,
    .drop = from_fn_drop,
    .describe = from_fn_describe,
};

static struct from_fn_shared *from_fn_shared_new(const char *name)
{
    size_t length = name ? strlen(name) : 0;
    struct from_fn_shared *shared = cairn_alloc_zero(sizeof(*shared) + length + 1);
    if (!shared)
        return NULL;
    shared->references = 1;
    if (name)
        memcpy(shared->name, name, length);
    return shared;
}

static struct cairn_service *from_fn_new(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_from_fn_options *opts)
{
    struct from_fn_shared *shared = from_fn_shared_new(opts->name);
    struct from_fn *self = shared ? cairn_service_new(&from_fn_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->shared = shared;
    self->f = opts->f;
    self->state = opts->state;
    return &self->base;
}

static struct cairn_service *from_fn_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_from_fn_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (!opts.f)
        return cairn_layer_invalid(layer, inner, "f must be set");
    for (const struct cairn_service *s = inner; s; s = s->inner)
        if (s->ops->not_cloneable)
            return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
                "needs a service that can be cloned; %s cannot", s->ops->name);
    return from_fn_new(layer, inner, &opts);
}

struct cairn_layer cairn_from_fn_layer(const struct cairn_from_fn_options *options)
{
    static const struct cairn_from_fn_options defaults = {.size = sizeof(defaults)};
    const struct cairn_from_fn_options *opts = options ? options : &defaults;
    return cairn_layer_of("from_fn", from_fn_apply, opts, opts->size);
}
