#include <cairn/http/layers/http_coalesce.h>

#include <string.h>

#include <cairn/http/layers/share_key.h>
#include <cairn/http/message/message_copy.h>
#include <cairn/layers/coalesce.h>

/* Around coalesce, whose key it owns. */
struct http_coalesce {
    struct cairn_service base;
    struct cairn__share_key *key;
};

/* A call with a copy of the request, in an arena that its response takes over. */
struct detached_future {
    struct cairn_future inner;
    struct cairn_arena *arena;
};

static enum cairn_poll detached_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct detached_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    struct cairn_http_response *res = p == CAIRN_READY ? out->value : NULL;
    if (res && res->arena == self->arena) { /* else it has one of its own already */
        res->owns_arena = true;
        self->arena = NULL;
    }
    return p;
}

static void detached_future_drop(void *state)
{
    struct detached_future *self = state;
    cairn_future_drop(&self->inner);
    cairn_arena_free(self->arena);
}

static const struct cairn_future_ops detached_future_ops = {
    .name = "http_coalesce",
    .size = sizeof(struct detached_future),
    .poll = detached_future_poll,
    .drop = detached_future_drop,
    .wraps = true,
    .type = &cairn_http_response_type,
};

static struct cairn_future http_coalesce_begin(void *cx, struct cairn_service *inner, void *request)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *copy = arena ? cairn__message_copy_head(arena, request) : NULL;
    (void)cx;
    cairn_service_drop_request(inner, request);
    if (!copy) {
        cairn_service_release(inner);
        cairn_arena_free(arena);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    return cairn_future_wrap(
        &detached_future_ops, &(struct detached_future){cairn_service_call(inner, copy), arena});
}

static struct cairn_str http_coalesce_key(void *key, const void *request)
{
    return cairn__share_key_of(key, request, 0);
}

static void http_coalesce_cloned(struct cairn_service *base)
{
    ((struct http_coalesce *)base)->key->references++;
}

static void http_coalesce_drop(struct cairn_service *base)
{
    cairn__share_key_unref(((struct http_coalesce *)base)->key);
}

static void http_coalesce_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn__share_key_describe(((const struct http_coalesce *)base)->key, d);
}

static const struct cairn_service_ops http_coalesce_ops = {
    .name = "http_coalesce",
    .size = sizeof(struct http_coalesce),
    .cloned = http_coalesce_cloned,
    .drop = http_coalesce_drop,
    .describe = http_coalesce_describe,
};

/* Takes KEY. */
static struct cairn_service *http_coalesce_new(
    const struct cairn_layer *layer, struct cairn_service *inner, struct cairn__share_key *key)
{
    struct cairn_layer coalesce =
        cairn_coalesce(.key = http_coalesce_key, .call = http_coalesce_begin, .cx = key);
    coalesce.name = layer->name; /* who refuses */
    struct cairn_service *group = cairn_layer_apply(&coalesce, inner);
    struct http_coalesce *self =
        cairn_service_error(group) ? NULL : cairn_service_new(&http_coalesce_ops, group);
    if (self) {
        self->key = key;
        return &self->base;
    }
    cairn__share_key_unref(key);
    return cairn_service_error(group)
               ? group
               : cairn_layer_refuse(layer, group, CAIRN_ERROR_MEMORY, "out of memory");
}

static struct cairn_service *http_coalesce_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_http_coalesce_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const struct cairn__share_key_options key_opts = {.vary = opts.vary,
        .ignores_authorization = opts.ignores_authorization,
        .ignores_cookies = opts.ignores_cookies};
    struct cairn__share_key *key = cairn__share_key_new(&key_opts, layer, inner, &broken);
    return key ? http_coalesce_new(layer, inner, key) : broken;
}

struct cairn_layer cairn_http_coalesce_layer(const struct cairn_http_coalesce_options *options)
{
    static const struct cairn_http_coalesce_options defaults = {.size = sizeof(defaults)};
    const struct cairn_http_coalesce_options *opts = options ? options : &defaults;
    return cairn_layer_of("http_coalesce", http_coalesce_apply, opts, opts->size);
}
