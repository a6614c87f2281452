#include <cairn/service/optional.h>

#include <cairn/service/layer.h>

static struct cairn_error optional_absent =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_NOT_FOUND, "optional", "there is no service");

static struct cairn_future optional_call(struct cairn_service *base, void *req)
{
    cairn_service_drop_request(base, req);
    return cairn_future_failed(&optional_absent);
}

static void optional_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    (void)base;
    cairn_describe_text(d, "service", "none");
}

static const struct cairn_service_ops optional_ops = {
    .name = "optional",
    .size = sizeof(struct cairn_service),
    .call = optional_call,
    .describe = optional_describe,
};

static struct cairn_service *optional_check(struct cairn_service *service,
    const struct cairn_type *request, const struct cairn_type *response)
{
    const struct cairn_layer name = {.name = "optional"};
    struct cairn_service *broken;
    if (cairn_service_error(service) ||
        cairn_layer_types_fit(&name, service, request, response, &broken))
        return service;
    return broken;
}

struct cairn_service *cairn_optional(struct cairn_service *service,
    const struct cairn_type *request, const struct cairn_type *response)
{
    if (service)
        return optional_check(service, request, response);
    struct cairn_service *self = cairn_service_new(&optional_ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->request_type = request;
    self->response_type = response;
    return self;
}
