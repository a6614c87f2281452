#include <cairn/http/routing/route_others.h>

#include <cairn/http/error_response.h>
#include <cairn/service/alloc.h>

struct cairn__route_others *cairn__route_others_new(void)
{
    struct cairn__route_others *others = cairn_alloc_zero(sizeof(*others));
    if (others)
        others->references = 1;
    return others;
}

struct cairn__route_others *cairn__route_others_ref(struct cairn__route_others *others)
{
    others->references++;
    return others;
}

void cairn__route_others_unref(struct cairn__route_others *others)
{
    while (others && --others->references == 0) {
        struct cairn__route_others *outer = others->outer;
        cairn__route_target_fini(&others->target);
        cairn_free(others);
        others = outer;
    }
}

struct cairn_future cairn__route_others_call(
    struct cairn__route_others *others, struct cairn_http_request *req)
{
    if (req->method == CAIRN_HTTP_OPTIONS)
        return cairn__route_answer(req, cairn_http_response_new(req, 204));
    while (!others->target.service && others->outer)
        others = others->outer;
    if (others->target.service)
        return cairn__route_target_send(&others->target, req);
    return cairn__route_answer(req, cairn_http_problem(req, 405, NULL));
}

struct route_others {
    struct cairn_service base;
    struct cairn__route_others *shared;
};

static struct cairn_future route_others_call(struct cairn_service *base, void *req)
{
    return cairn__route_others_call(((struct route_others *)base)->shared, req);
}

static void route_others_cloned(struct cairn_service *base)
{
    cairn__route_others_ref(((struct route_others *)base)->shared);
}

static void route_others_drop(struct cairn_service *base)
{
    cairn__route_others_unref(((struct route_others *)base)->shared);
}

static void route_others_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cairn__route_others *shared = ((const struct route_others *)base)->shared;
    if (shared->target.service)
        cairn__route_target_describe(&shared->target, d);
}

static const struct cairn_service_ops route_others_ops = {
    .name = "not_allowed",
    .size = sizeof(struct route_others),
    .call = route_others_call,
    .cloned = route_others_cloned,
    .drop = route_others_drop,
    .describe = route_others_describe,
};

struct cairn_service *cairn__route_others_service(struct cairn__route_others *others)
{
    struct route_others *self = cairn_service_new(&route_others_ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->shared = cairn__route_others_ref(others);
    self->base.request_type = &cairn_http_request_type;
    self->base.response_type = &cairn_http_response_type;
    return &self->base;
}
