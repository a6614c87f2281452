#include <cairn/http/layers/sensitive_headers.h>

#include <string.h>

#include <cairn/http/layers/field_names.h>
#include <cairn/http/message.h>
#include <cairn/service/alloc.h>

/* What copies and futures share. */
struct sensitive_headers_shared {
    unsigned references;
    enum cairn_sensitive_headers_of of;
    struct cairn__field_names *names;
};

struct sensitive_headers {
    struct cairn_service base;
    struct sensitive_headers_shared *shared;
};

struct sensitive_headers_future {
    struct cairn_future inner;
    struct sensitive_headers_shared *shared;
};

static void sensitive_headers_unref(struct sensitive_headers_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_free(shared->names);
    cairn_free(shared);
}

static int sensitive_headers_mark(
    const struct sensitive_headers_shared *shared, struct cairn_http_fields *fields)
{
    return cairn_http_fields_mark_sensitive(fields, shared->names->names, shared->names->count);
}

static enum cairn_poll sensitive_headers_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct sensitive_headers_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p)
        return p;
    struct cairn_http_response *res = out->value;
    if (sensitive_headers_mark(self->shared, &res->fields) == 0)
        return p;
    cairn_type_drop(&cairn_http_response_type, res);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void sensitive_headers_future_drop(void *state)
{
    struct sensitive_headers_future *self = state;
    cairn_future_drop(&self->inner);
    sensitive_headers_unref(self->shared);
}

static const struct cairn_future_ops sensitive_headers_future_ops = {
    .name = "sensitive_headers",
    .size = sizeof(struct sensitive_headers_future),
    .poll = sensitive_headers_future_poll,
    .drop = sensitive_headers_future_drop,
    .wraps = true,
};

static struct cairn_future sensitive_headers_call(struct cairn_service *base, void *value)
{
    struct sensitive_headers_shared *shared = ((struct sensitive_headers *)base)->shared;
    struct cairn_http_request *req = value;
    if (shared->of != CAIRN_SENSITIVE_HEADERS_RESPONSE &&
        sensitive_headers_mark(shared, &req->fields) != 0)
        return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
    struct cairn_future inner = cairn_service_call(base->inner, req);
    if (shared->of == CAIRN_SENSITIVE_HEADERS_REQUEST)
        return inner;
    shared->references++;
    return cairn_future_wrap(
        &sensitive_headers_future_ops, &(struct sensitive_headers_future){inner, shared});
}

static void sensitive_headers_cloned(struct cairn_service *base)
{
    ((struct sensitive_headers *)base)->shared->references++;
}

static void sensitive_headers_drop(struct cairn_service *base)
{
    sensitive_headers_unref(((struct sensitive_headers *)base)->shared);
}

static void sensitive_headers_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    static const char *const of[] = {"both", "request", "response"};
    const struct sensitive_headers_shared *shared =
        ((const struct sensitive_headers *)base)->shared;
    for (size_t i = 0; i < shared->names->count; i++)
        cairn_describe_text(d, "name", shared->names->names[i].data);
    cairn_describe_text(d, "of", of[shared->of]);
}

static const struct cairn_service_ops sensitive_headers_ops = {
    .name = "sensitive_headers",
    .size = sizeof(struct sensitive_headers),
    .call = sensitive_headers_call,
    .cloned = sensitive_headers_cloned,
    .drop = sensitive_headers_drop,
    .describe = sensitive_headers_describe,
};

static struct sensitive_headers_shared *sensitive_headers_shared_new(
    const struct cairn_sensitive_headers_options *opts)
{
    struct sensitive_headers_shared *shared = cairn_alloc(sizeof(*shared));
    if (!shared)
        return NULL;
    *shared = (struct sensitive_headers_shared){1, opts->of, cairn__field_names_new(opts->names)};
    if (shared->names)
        return shared;
    cairn_free(shared);
    return NULL;
}

/* NULL, or what is wrong. */
static const char *sensitive_headers_complaint(const struct cairn_sensitive_headers_options *opts)
{
    size_t count = cairn__field_names_count(opts->names, CAIRN_SENSITIVE_HEADERS_MOST);
    if (count == 0 || count > CAIRN_SENSITIVE_HEADERS_MOST)
        return "names must be 1 to 64 names and a NULL";
    if (!cairn__field_names_are_valid(opts->names))
        return "names must be names of header fields";
    if ((unsigned)opts->of > CAIRN_SENSITIVE_HEADERS_RESPONSE)
        return "of must be one of enum cairn_sensitive_headers_of";
    return NULL;
}

static struct cairn_service *sensitive_headers_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_sensitive_headers_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = sensitive_headers_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    struct sensitive_headers_shared *shared = sensitive_headers_shared_new(&opts);
    struct sensitive_headers *self =
        shared ? cairn_service_new(&sensitive_headers_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        sensitive_headers_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_sensitive_headers_layer(
    const struct cairn_sensitive_headers_options *options)
{
    static const struct cairn_sensitive_headers_options defaults = {.size = sizeof(defaults)};
    const struct cairn_sensitive_headers_options *opts = options ? options : &defaults;
    return cairn_layer_of("sensitive_headers", sensitive_headers_apply, opts, opts->size);
}
