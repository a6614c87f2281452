#include <cairn/service/describe.h>

#include <cairn/service/service.h>

static void describe_number(struct cairn_describe *d, enum cairn_describe_kind kind,
    const char *key, uint64_t value, const char *unit)
{
    if (d->ops->number)
        d->ops->number(d->cx, kind, key, value, unit);
}

void cairn_describe_parameter(
    struct cairn_describe *d, const char *key, uint64_t value, const char *unit)
{
    describe_number(d, CAIRN_DESCRIBE_PARAMETER, key, value, unit);
}

void cairn_describe_text(struct cairn_describe *d, const char *key, const char *value)
{
    if (d->ops->text)
        d->ops->text(d->cx, key, value);
}

void cairn_describe_counter(struct cairn_describe *d, const char *key, uint64_t value)
{
    describe_number(d, CAIRN_DESCRIBE_COUNTER, key, value, NULL);
}

void cairn_describe_gauge(struct cairn_describe *d, const char *key, uint64_t value)
{
    describe_number(d, CAIRN_DESCRIBE_GAUGE, key, value, NULL);
}

void cairn_describe_service(struct cairn_describe *d, const struct cairn_service *service)
{
    for (; service; service = service->inner) {
        if (service->ops->is_hidden)
            continue;
        if (d->ops->begin)
            d->ops->begin(d->cx, service->ops->name);
        if (service->ops->describe)
            service->ops->describe(service, d);
        if (d->ops->end)
            d->ops->end(d->cx);
    }
}
