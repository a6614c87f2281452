#include <cairn/http/named.h>

struct named {
    struct cairn_service base;
    const char *name;
};

static void named_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_text(d, "name", ((const struct named *)base)->name);
}

static const struct cairn_service_ops named_ops = {
    .name = "named",
    .size = sizeof(struct named),
    .describe = named_describe,
};

struct cairn_service *cairn_http_named(const char *name, struct cairn_service *service)
{
    if (!service)
        return cairn_service_broken(&cairn_error_no_memory);
    if (cairn_service_error(service))
        return service;
    struct named *self = cairn_service_new(&named_ops, service);
    if (self) {
        self->name = name;
        return &self->base;
    }
    cairn_service_drop(service);
    return cairn_service_broken(&cairn_error_no_memory);
}
