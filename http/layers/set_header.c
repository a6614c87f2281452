#include <cairn/http/layers/set_header.h>

#include <stdint.h>
#include <string.h>

#include <cairn/http/json_escape.h>
#include <cairn/http/message.h>
#include <cairn/service/alloc.h>

#define SET_HEADER_PRINTED 64

/* What copies and futures share: name and value, behind it in one block. */
struct set_header_shared {
    unsigned references;
    enum cairn_set_header_mode mode;
    struct cairn_str name;
    struct cairn_str value;
};

struct set_header {
    struct cairn_service base;
    struct set_header_shared *shared;
};

struct set_header_future {
    struct cairn_future inner;
    struct set_header_shared *shared;
};

static void set_header_unref(struct set_header_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

/* Name and value are copied once more: the response may outlive every copy of the layer. */
static int set_header_edit(const struct set_header_shared *shared, struct cairn_http_response *res)
{
    if (shared->mode == CAIRN_SET_HEADER_IF_NOT_PRESENT &&
        cairn_http_fields_get(&res->fields, shared->name).data)
        return 0;
    struct cairn_str name = cairn_arena_copy(res->arena, shared->name);
    struct cairn_str value = cairn_arena_copy(res->arena, shared->value);
    if (!name.data || !value.data)
        return -1;
    if (shared->mode == CAIRN_SET_HEADER_OVERRIDE)
        return cairn_http_fields_set(&res->fields, name, value);
    return cairn_http_fields_add(&res->fields, name, value);
}

static enum cairn_poll set_header_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct set_header_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p || set_header_edit(self->shared, out->value) == 0)
        return p;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void set_header_future_drop(void *state)
{
    struct set_header_future *self = state;
    cairn_future_drop(&self->inner);
    set_header_unref(self->shared);
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
    struct set_header_shared *shared = ((struct set_header *)base)->shared;
    shared->references++;
    return cairn_future_wrap(&set_header_future_ops,
        &(struct set_header_future){cairn_service_call(base->inner, req), shared});
}

static void set_header_cloned(struct cairn_service *base)
{
    ((struct set_header *)base)->shared->references++;
}

static void set_header_drop(struct cairn_service *base)
{
    set_header_unref(((struct set_header *)base)->shared);
}

static void set_header_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    static const char *const modes[] = {"override", "append", "if_not_present"};
    const struct set_header_shared *shared = ((const struct set_header *)base)->shared;
    cairn_describe_text(d, "name", shared->name.data);
    cairn_describe_text(d, "mode", modes[shared->mode]);
}

static const struct cairn_service_ops set_header_ops = {
    .name = "set_header",
    .size = sizeof(struct set_header),
    .call = set_header_call,
    .cloned = set_header_cloned,
    .drop = set_header_drop,
    .describe = set_header_describe,
};

static struct set_header_shared *set_header_shared_new(const struct cairn_set_header_options *opts)
{
    size_t name = strlen(opts->name) + 1;
    size_t value = strlen(opts->value) + 1;
    struct set_header_shared *shared = cairn_alloc(sizeof(*shared) + name + value);
    if (!shared)
        return NULL;
    char *text = (char *)(shared + 1);
    memcpy(text, opts->name, name);
    memcpy(text + name, opts->value, value);
    *shared = (struct set_header_shared){
        1, opts->mode, cairn_str_of(text, name - 1), cairn_str_of(text + name, value - 1)};
    return shared;
}

static bool set_header_is_framing(struct cairn_str name)
{
    static const char *const names[] = {
        "Connection", "Content-Length", "Date", "Transfer-Encoding"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (cairn_str_equal_nocase(name, cairn_str_from(names[i])))
            return true;
    }
    return false;
}

/* NULL, or what is wrong, of which NAME says where. */
static const char *set_header_complaint(const struct cairn_set_header_options *opts)
{
    struct cairn_str name = cairn_str_from(opts->name);
    if (!opts->name)
        return "name is missing";
    if (!cairn_http_is_token(name))
        return "name must be the name of a header field";
    if (set_header_is_framing(name))
        return "name must not be a field that the server writes itself";
    if (!opts->value)
        return "value is missing";
    if (!cairn_http_is_field_value(cairn_str_from(opts->value)))
        return "value must have no control characters and no space at an end";
    if ((unsigned)opts->mode > CAIRN_SET_HEADER_IF_NOT_PRESENT)
        return "mode must be one of enum cairn_set_header_mode";
    return NULL;
}

static struct cairn_service *set_header_invalid(const struct cairn_layer *layer,
    struct cairn_service *inner, const char *name, const char *complaint)
{
    char text[SET_HEADER_PRINTED + 1];
    size_t length = cairn__json_escape(cairn_str_from(name), text, SET_HEADER_PRINTED);
    text[length] = '\0';
    if (!name)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    return cairn_layer_invalid(layer, inner, "\"%s\": %s", text, complaint);
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
    const char *complaint = set_header_complaint(&opts);
    if (complaint)
        return set_header_invalid(layer, inner, opts.name, complaint);
    struct set_header_shared *shared = set_header_shared_new(&opts);
    struct set_header *self = shared ? cairn_service_new(&set_header_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    cairn_free(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_set_header_layer(const struct cairn_set_header_options *options)
{
    static const struct cairn_set_header_options defaults = {.size = sizeof(defaults)};
    const struct cairn_set_header_options *opts = options ? options : &defaults;
    return cairn_layer_of("set_header", set_header_apply, opts, opts->size);
}
