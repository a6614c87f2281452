#include <cairn/http/layers/set_request_header.h>

#include <string.h>

#include <cairn/http/layers/header_edits.h>

struct set_request_header {
    struct cairn_service base;
    struct cairn__header_edits *edits;
};

static struct cairn_future set_request_header_call(struct cairn_service *base, void *req)
{
    if (cairn__header_edits_request(((struct set_request_header *)base)->edits, req) == 0)
        return cairn_service_call(base->inner, req);
    cairn_service_release(base->inner);
    cairn_service_drop_request(base, req);
    return cairn_future_failed(&cairn_error_no_memory);
}

static void set_request_header_cloned(struct cairn_service *base)
{
    ((struct set_request_header *)base)->edits->references++;
}

static void set_request_header_drop(struct cairn_service *base)
{
    cairn__header_edits_unref(((struct set_request_header *)base)->edits);
}

static void set_request_header_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn__header_edits_describe(((const struct set_request_header *)base)->edits, d);
}

static const struct cairn_service_ops set_request_header_ops = {
    .name = "set_request_header",
    .size = sizeof(struct set_request_header),
    .call = set_request_header_call,
    .cloned = set_request_header_cloned,
    .drop = set_request_header_drop,
    .describe = set_request_header_describe,
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
    struct cairn__header_edits *edits = cairn__header_edits_new(&source, layer, inner, &broken);
    if (!edits)
        return broken;
    struct set_request_header *self = cairn_service_new(&set_request_header_ops, inner);
    if (!self) {
        cairn__header_edits_unref(edits);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->edits = edits;
    return &self->base;
}

struct cairn_layer cairn_set_request_header_layer(
    const struct cairn_set_request_header_options *options)
{
    static const struct cairn_set_request_header_options defaults = {.size = sizeof(defaults)};
    const struct cairn_set_request_header_options *opts = options ? options : &defaults;
    return cairn_layer_of("set_request_header", set_request_header_apply, opts, opts->size);
}
