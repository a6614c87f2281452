#include <cairn/http/layers/authorizer.h>

#include <string.h>

#include <cairn/service/alloc.h>

/* What copies and futures share; a future may outlive every copy. */
struct cairn__authorizer_shared {
    unsigned references;
    struct cairn__authorizer_policy *policy;
    uint64_t passed;
    uint64_t refused;
    uint64_t failed;
    uint64_t waiting;
    struct cairn__spares spares;
};

/* `inner` is the check's future while there is a service, then the answer's. */
struct authorizer_future {
    struct cairn_future inner;
    struct cairn_service *service;
    struct cairn__authorizer_shared *shared;
    struct cairn_http_request *req;
};

static void authorizer_unref(struct cairn__authorizer_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn__spares_fini(&shared->spares);
    shared->policy->free(shared->policy);
    cairn_free(shared);
}

struct cairn_future cairn__authorizer_answer(struct cairn_http_response *res)
{
    return cairn_future_ready_or_no_memory(res);
}

/* ANSWER in place of inner's, or inner's where it is empty. SERVICE is called, or released. */
static struct cairn_future authorizer_go_on(struct cairn__authorizer_shared *shared,
    struct cairn_service *service, struct cairn_http_request *req, struct cairn_future answer)
{
    if (cairn_future_is_empty(&answer)) {
        shared->passed++;
        return cairn_service_call(service, req);
    }
    if (answer.ops == &cairn__future_failed_ops)
        shared->failed++;
    else
        shared->refused++;
    cairn_service_release(service);
    cairn_service_drop_request(service, req);
    return answer;
}

static enum cairn_poll authorizer_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct authorizer_future *self = state;
    struct cairn__authorizer_policy *policy = self->shared->policy;
    if (self->service) {
        union cairn_outcome verdict;
        enum cairn_poll p = cairn_future_poll(&self->inner, cx, &verdict);
        if (p == CAIRN_PENDING)
            return p;
        struct cairn_service *service = self->service;
        self->service = NULL;
        self->shared->waiting--;
        self->inner = authorizer_go_on(
            self->shared, service, self->req, policy->judge(policy, self->req, p, verdict));
        cairn__spares_give_back(&self->shared->spares, service);
    }
    return cairn_future_poll(&self->inner, cx, out);
}

static void authorizer_future_drop(void *state)
{
    struct authorizer_future *self = state;
    cairn_future_drop(&self->inner);
    if (self->service) {
        self->shared->waiting--;
        cairn_service_drop_request(self->service, self->req);
        cairn__spares_give_back(&self->shared->spares, self->service);
    }
    authorizer_unref(self->shared);
}

static const struct cairn_future_ops authorizer_future_ops = {
    .name = "authorizer",
    .size = sizeof(struct authorizer_future),
    .poll = authorizer_future_poll,
    .drop = authorizer_future_drop,
    .wraps = true,
};

/* CHECK waits: the readied inner service moves into the future. */
static struct cairn_future authorizer_wait(
    struct cairn__authorizer *self, struct cairn_http_request *req, struct cairn_future check)
{
    struct cairn__authorizer_shared *shared = self->shared;
    struct cairn_service *service = cairn__spares_take(&shared->spares, &self->base.inner);
    if (!service) {
        cairn_future_drop(&check);
        return authorizer_go_on(shared, self->base.inner, req, cairn__authorizer_answer(NULL));
    }
    shared->references++;
    shared->waiting++;
    return cairn_future_box(
        &authorizer_future_ops, &(struct authorizer_future){check, service, shared, req});
}

struct cairn_future cairn__authorizer_call(struct cairn_service *base, void *req)
{
    struct cairn__authorizer *self = (struct cairn__authorizer *)base;
    struct cairn__authorizer_policy *policy = self->shared->policy;
    const struct cairn_context spot = {NULL, NULL};
    union cairn_outcome out;
    struct cairn_future check;
    if (!policy->check(policy, req, &check))
        return authorizer_go_on(self->shared, base->inner, req, check);
    if (!cairn_future_is_complete(&check))
        return authorizer_wait(self, req, check);
    enum cairn_poll p = cairn_future_poll(&check, &spot, &out);
    return authorizer_go_on(self->shared, base->inner, req, policy->judge(policy, req, p, out));
}

void cairn__authorizer_cloned(struct cairn_service *base)
{
    ((struct cairn__authorizer *)base)->shared->references++;
}

void cairn__authorizer_drop(struct cairn_service *base)
{
    authorizer_unref(((struct cairn__authorizer *)base)->shared);
}

void cairn__authorizer_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cairn__authorizer_shared *shared =
        ((const struct cairn__authorizer *)base)->shared;
    cairn_describe_counter(d, "passed", shared->passed);
    cairn_describe_counter(d, "refused", shared->refused);
    cairn_describe_counter(d, "failed", shared->failed);
    if (shared->policy->can_wait)
        cairn_describe_gauge(d, "waiting", shared->waiting);
}

const void *cairn__authorizer_policy(const struct cairn_service *base)
{
    return ((const struct cairn__authorizer *)base)->shared->policy;
}

/* Which of INNER's services cannot be cloned; NULL: all can. */
static const char *authorizer_not_cloneable(const struct cairn_service *inner)
{
    while (inner && !inner->ops->not_cloneable)
        inner = inner->inner;
    return inner ? inner->ops->name : NULL;
}

struct cairn_service *cairn__authorizer_new(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_service_ops *ops,
    struct cairn__authorizer_policy *policy)
{
    const char *stuck = policy && policy->can_wait ? authorizer_not_cloneable(inner) : NULL;
    struct cairn__authorizer_shared *shared =
        policy && !stuck ? cairn_alloc_zero(sizeof(*shared)) : NULL;
    struct cairn__authorizer *self = shared ? cairn_service_new(ops, inner) : NULL;
    if (self) {
        shared->references = 1;
        shared->policy = policy;
        self->shared = shared;
        return &self->base;
    }
    cairn_free(shared);
    if (policy)
        policy->free(policy);
    if (stuck)
        return cairn_layer_refuse(
            layer, inner, CAIRN_ERROR_TYPE, "needs a service that can be cloned; %s cannot", stuck);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

bool cairn__authorizer_is_realm(const char *realm)
{
    struct cairn_str s = cairn_str_from(realm);
    return s.length > 0 && cairn_http_is_field_value(s) && !memchr(s.data, '\t', s.length);
}

void cairn__authorizer_wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    cairn_free(text);
}
