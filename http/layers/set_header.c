#include <cairn/http/layers/set_header.h>

#include <string.h>

#include <cairn/http/layers/header_edits.h>

struct set_header {
    struct cairn_service base;
    struct cairn__header_edits *edits;
};

struct set_header_future {
    struct cairn_future inner;
    struct cairn__header_edits *edits;
};

static enum cairn_poll set_header_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct set_header_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p || cairn__header_edits_response(self->edits, out->value) == 0)
        return p;
    cairn_type_drop(&cairn_http_response_type, out->value);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void set_header_future_drop(void *state)
{
    struct set_header_future *self = state;
    cairn_future_drop(&self->inner);
    cairn__header_edits_unref(self->edits);
}

static const struct cairn_future_ops set_header_future_ops = {
    .name = "set_header",
    .size = sizeof(struct set_header_future),
    .poll = set_header_future_poll,
    .drop = set_header_future_drop,
    .wraps = true,
};

static struct cairn_future set_header_call(struct cairn_service *base, void *req)
{
    struct cairn__header_edits *edits = ((struct set_header *)base)->edits;
    edits->references++;
    return cairn_future_wrap(&set_header_future_ops,
        &(struct set_header_future){cairn_service_call(base->inner, req), edits});
}

static void set_header_cloned(struct cairn_service *base)
{
    ((struct set_header *)base)->edits->references++;
}

static void set_header_drop(struct cairn_service *base)
{
    cairn__header_edits_unref(((struct set_header *)base)->edits);
}

static void set_header_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn__header_edits_describe(((const struct set_header *)base)->edits, d);
}

static const struct cairn_service_ops set_header_ops = {
    .name = "set_header",
    .size = sizeof(struct set_header),
    .call = set_header_call,
    .cloned = set_header_cloned,
    .drop = set_header_drop,
    .describe = set_header_describe,
};

/* The field of the options themselves, which is there unless all are in the list. */
static size_t set_header_own(const struct cairn_set_header_options *opts)
{
    return opts->name || opts->field_count == 0 ? 1 : 0;
}

static struct cairn__header_edit set_header_at(const void *options, size_t i)
{
    const struct cairn_set_header_options *opts = options;
    size_t own = set_header_own(opts);
    if (i < own)
        return (struct cairn__header_edit){.name = cairn_str_from(opts->name),
            .value = cairn_str_from(opts->value),
            .mode = opts->mode,
            .make_of_response = opts->make,
            .state = opts->state};
    const struct cairn_set_header_field *field = &opts->fields[i - own];
    return (struct cairn__header_edit){.name = cairn_str_from(field->name),
        .value = cairn_str_from(field->value),
        .mode = field->mode,
        .make_of_response = field->make,
        .state = field->state};
}

static struct cairn_service *set_header_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_set_header_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.field_count > 0 && !opts.fields)
        return cairn_layer_invalid(layer, inner, "fields is missing");
    const struct cairn__header_source source = {
        &opts, set_header_own(&opts) + opts.field_count, false, set_header_at};
    struct cairn__header_edits *edits = cairn__header_edits_new(&source, layer, inner, &broken);
    if (!edits)
        return broken;
    struct set_header *self = cairn_service_new(&set_header_ops, inner);
    if (!self) {
        cairn__header_edits_unref(edits);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->edits = edits;
    return &self->base;
}

struct cairn_layer cairn_set_header_layer(const struct cairn_set_header_options *options)
{
    static const struct cairn_set_header_options defaults = {.size = sizeof(defaults)};
    const struct cairn_set_header_options *opts = options ? options : &defaults;
    return cairn_layer_of("set_header", set_header_apply, opts, opts->size);
}
