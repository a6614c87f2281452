#include <cairn/http/layers/cache_control.h>

#include <string.h>

#include <cairn/http/layers/cache_rules.h>
#include <cairn/service/alloc.h>

struct cache_control {
    struct cairn_service base;
    struct cairn__cache_rules *shared;
};

struct cache_control_future {
    struct cairn_future inner;
    struct cairn__cache_rules *shared;
    struct cairn_str path; /* of the request, as it came */
};

/* The response may outlive the layer. Returns 0, or -1 without memory. */
static int cache_control_edit(
    struct cairn__cache_rules *shared, struct cairn_http_response *res, struct cairn_str path)
{
    const struct cairn_str name = CAIRN_STR("Cache-Control");
    if (!shared->is_overriding &&
        (cairn_http_fields_get(&res->fields, name).data ||
            cairn_http_fields_get(&res->fields, CAIRN_STR("Expires")).data))
        return 0;
    struct cairn_str value = cairn__cache_rules_choose(shared, res, path);
    if (!value.data)
        return 0;
    struct cairn_str copy = cairn_arena_copy(res->arena, value);
    if (!copy.data)
        return -1;
    shared->set++;
    return cairn_http_fields_set(&res->fields, name, copy);
}

static enum cairn_poll cache_control_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cache_control_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p || cache_control_edit(self->shared, out->value, self->path) == 0)
        return p;
    cairn_type_drop(&cairn_http_response_type, out->value);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void cache_control_future_drop(void *state)
{
    struct cache_control_future *self = state;
    cairn_future_drop(&self->inner);
    cairn__cache_rules_unref(self->shared);
}

static const struct cairn_future_ops cache_control_future_ops = {
    .name = "cache_control",
    .size = sizeof(struct cache_control_future),
    .poll = cache_control_future_poll,
    .drop = cache_control_future_drop,
    .wraps = true,
};

static struct cairn_future cache_control_call(struct cairn_service *base, void *request)
{
    struct cairn__cache_rules *shared = ((struct cache_control *)base)->shared;
    const struct cairn_http_request *req = request;
    if (req->method != CAIRN_HTTP_GET && req->method != CAIRN_HTTP_HEAD)
        return cairn_service_call(base->inner, request);
    struct cairn_str path = req->path;
    shared->references++;
    return cairn_future_wrap(&cache_control_future_ops,
        &(struct cache_control_future){cairn_service_call(base->inner, request), shared, path});
}

static void cache_control_cloned(struct cairn_service *base)
{
    ((struct cache_control *)base)->shared->references++;
}

static void cache_control_drop(struct cairn_service *base)
{
    cairn__cache_rules_unref(((struct cache_control *)base)->shared);
}

static void cache_control_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cairn__cache_rules *shared = ((const struct cache_control *)base)->shared;
    if (shared->count == 1)
        cairn_describe_text(d, "value", shared->rules[0].value);
    else
        cairn_describe_parameter(d, "rules", shared->count, NULL);
    cairn_describe_counter(d, "set", shared->set);
}

static const struct cairn_service_ops cache_control_ops = {
    .name = "cache_control",
    .size = sizeof(struct cache_control),
    .call = cache_control_call,
    .cloned = cache_control_cloned,
    .drop = cache_control_drop,
    .describe = cache_control_describe,
};

static struct cairn_service *cache_control_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_cache_control_options opts;
    size_t rule;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = cairn__cache_rules_complaint(&opts, &rule);
    if (complaint && rule)
        return cairn_layer_invalid(layer, inner, "rule %zu: %s", rule, complaint);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    struct cairn__cache_rules *shared = cairn__cache_rules_new(&opts);
    struct cache_control *self = shared ? cairn_service_new(&cache_control_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    cairn_free(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_cache_control_layer(const struct cairn_cache_control_options *options)
{
    static const struct cairn_cache_control_options defaults = {.size = sizeof(defaults)};
    const struct cairn_cache_control_options *opts = options ? options : &defaults;
    return cairn_layer_of("cache_control", cache_control_apply, opts, opts->size);
}
