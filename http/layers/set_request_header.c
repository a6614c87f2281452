#include <cairn/http/layers/set_request_header.h>

#include <string.h>

#include <cairn/http/layers/header_edits_service.h>

static struct cairn_future set_request_header_call(struct cairn_service *base, void *req)
{
    if (cairn__header_edits_request(((struct cairn__header_edits_service *)base)->edits, req) == 0)
        return cairn_service_call(base->inner, req);
    return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
}

static const struct cairn_service_ops set_request_header_ops = {
    .name = "set_request_header",
    .size = sizeof(struct cairn__header_edits_service),
    .call = set_request_header_call,
    .cloned = cairn__header_edits_service_cloned,
    .drop = cairn__header_edits_service_drop,
    .describe = cairn__header_edits_service_describe,
};

/* The field of the options themselves, which is there unless all are in the list. */
static size_t set_request_header_own(const struct cairn_set_request_header_options *opts)
{
    return opts->name || opts->field_count == 0 ? 1 : 0;
}

static struct cairn__header_edit set_request_header_at(const void *options, size_t i)
{
    const struct cairn_set_request_header_options *opts = options;
    size_t own = set_request_header_own(opts);
    if (i < own)
        return (struct cairn__header_edit){.name = cairn_str_from(opts->name),
            .value = cairn_str_from(opts->value),
            .mode = opts->mode,
            .make_of_request = opts->make,
            .state = opts->state};
    const struct cairn_set_request_header_field *field = &opts->fields[i - own];
    return (struct cairn__header_edit){.name = cairn_str_from(field->name),
        .value = cairn_str_from(field->value),
        .mode = field->mode,
        .make_of_request = field->make,
        .state = field->state};
}

static struct cairn_service *set_request_header_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_set_request_header_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.field_count > 0 && !opts.fields)
        return cairn_layer_invalid(layer, inner, "fields is missing");
    const struct cairn__header_source source = {
        &opts, set_request_header_own(&opts) + opts.field_count, true, set_request_header_at};
    return cairn__header_edits_service_new(&set_request_header_ops, &source, layer, inner);
}

struct cairn_layer cairn_set_request_header_layer(
    const struct cairn_set_request_header_options *options)
{
    static const struct cairn_set_request_header_options defaults = {.size = sizeof(defaults)};
    const struct cairn_set_request_header_options *opts = options ? options : &defaults;
    return cairn_layer_of("set_request_header", set_request_header_apply, opts, opts->size);
}
