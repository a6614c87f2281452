#include <cairn/http/routing/route_target.h>

#include <cairn/service/call.h>
#include <cairn/service/runtime.h>

static const char *route_target_type_name(const struct cairn_type *type)
{
    return type ? type->name : "anything";
}

/* What a user calls SERVICE: a checking layer in front of it goes unmentioned. */
static const char *route_target_name(const struct cairn_service *service)
{
    while (service->ops->is_hidden && service->inner)
        service = service->inner;
    return service->ops->name;
}

struct cairn_error *cairn__route_target_check(
    const char *where, const struct cairn_service *service)
{
    const struct cairn_error *broken = cairn_service_error(service);
    if (broken)
        return cairn_error_new(broken->code, "router",
            cairn_error_ref((struct cairn_error *)(size_t)broken), "%s", where);
    if (service->request_type != &cairn_http_request_type ||
        service->response_type != &cairn_http_response_type)
        return cairn_error_new(CAIRN_ERROR_TYPE, "router", NULL,
            "%s: needs a service from http.request to http.response, got one from %s to %s (%s)",
            where, route_target_type_name(service->request_type),
            route_target_type_name(service->response_type), route_target_name(service));
    if (!cairn_service_is_cloneable(service))
        return cairn_error_new(CAIRN_ERROR_TYPE, "router", NULL,
            "%s: needs a service that can be cloned, and %s cannot", where,
            route_target_name(service));
    return NULL;
}

struct cairn_future cairn__route_answer(
    struct cairn_http_request *req, struct cairn_http_response *res)
{
    cairn_type_drop(&cairn_http_request_type, req);
    return cairn_future_ready_or_no_memory(res);
}

struct cairn_future cairn__route_fail(struct cairn_http_request *req, struct cairn_error *error)
{
    cairn_type_drop(&cairn_http_request_type, req);
    return cairn_future_failed(error);
}

/* The request waits for a copy, whose reservation is its own; what the poll has left in the
 * original, a place in a queue or one permit of two, nobody would use. */
static struct cairn_future route_target_wait(
    struct cairn__route_target *target, struct cairn_http_request *req)
{
    cairn_service_release(target->service);
    struct cairn_service *copy = cairn_service_clone(target->service);
    return copy ? cairn_service_oneshot(copy, req) : cairn__route_fail(req, &cairn_error_no_memory);
}

struct cairn_future cairn__route_target_send(
    struct cairn__route_target *target, struct cairn_http_request *req)
{
    const struct cairn_context spot = {NULL, cairn_runtime_current()};
    target->hits++;
    if (CAIRN_UNLIKELY(target->dead))
        return cairn__route_fail(req, cairn_error_ref(target->dead));
    switch (cairn_service_poll_ready(target->service, &spot, &target->dead)) {
    case CAIRN_READY:
        return cairn_service_call(target->service, req);
    case CAIRN_PENDING:
        return route_target_wait(target, req);
    default:
        return cairn__route_fail(req, cairn_error_ref(target->dead));
    }
}

void cairn__route_target_describe(
    const struct cairn__route_target *target, struct cairn_describe *d)
{
    cairn_describe_counter(d, "hits", target->hits);
    cairn_describe_service(d, target->service);
}

void cairn__route_target_fini(struct cairn__route_target *target)
{
    cairn_service_drop(target->service);
    cairn_error_unref(target->dead);
}
