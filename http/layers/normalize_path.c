#include <cairn/http/layers/normalize_path.h>

#include <string.h>

#include <cairn/http/message.h>
#include <cairn/service/alloc.h>

/* What copies share. */
struct normalize_path_shared {
    unsigned references;
    enum cairn_normalize_path_slash slash;
    bool is_merging;
    uint64_t changed;
};

struct normalize_path {
    struct cairn_service base;
    struct normalize_path_shared *shared;
};

static bool normalize_path_has_double(struct cairn_str path)
{
    for (size_t i = 1; i < path.length; i++) {
        if (path.data[i] == '/' && path.data[i - 1] == '/')
            return true;
    }
    return false;
}

/* Absent without memory. */
static struct cairn_str normalize_path_merge(struct cairn_arena *arena, struct cairn_str path)
{
    char *text = cairn_arena_alloc_text(arena, path.length);
    size_t length = 0;
    if (!text)
        return cairn_str_of(NULL, 0);
    for (size_t i = 0; i < path.length; i++) {
        if (path.data[i] != '/' || length == 0 || text[length - 1] != '/')
            text[length++] = path.data[i];
    }
    return cairn_str_of(text, length);
}

/* Absent without memory. Where there is a slash to keep, the path need not be copied. */
static struct cairn_str normalize_path_end(
    struct cairn_arena *arena, struct cairn_str path, enum cairn_normalize_path_slash slash)
{
    size_t end = path.length;
    while (end > 0 && path.data[end - 1] == '/')
        end--;
    if (end == 0)
        return cairn_str_of(path.data, 1);
    if (slash == CAIRN_NORMALIZE_PATH_TRIM)
        return cairn_str_of(path.data, end);
    if (end < path.length)
        return cairn_str_of(path.data, end + 1);
    char *text = cairn_arena_alloc_text(arena, end + 1);
    if (!text)
        return cairn_str_of(NULL, 0);
    memcpy(text, path.data, end);
    text[end] = '/';
    return cairn_str_of(text, end + 1);
}

/* Returns 0, or -1 without memory. */
static int normalize_path_change(
    struct normalize_path_shared *shared, struct cairn_http_request *req)
{
    struct cairn_str path = req->path;
    if (path.length == 0 || path.data[0] != '/')
        return 0;
    if (shared->is_merging && normalize_path_has_double(path))
        path = normalize_path_merge(req->arena, path);
    if (path.data && shared->slash != CAIRN_NORMALIZE_PATH_KEEP)
        path = normalize_path_end(req->arena, path, shared->slash);
    if (!path.data)
        return -1;
    if (!cairn_str_equal(path, req->path))
        shared->changed++;
    req->path = path;
    return 0;
}

static struct cairn_future normalize_path_call(struct cairn_service *base, void *req)
{
    if (normalize_path_change(((struct normalize_path *)base)->shared, req) == 0)
        return cairn_service_call(base->inner, req);
    return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
}

static void normalize_path_cloned(struct cairn_service *base)
{
    ((struct normalize_path *)base)->shared->references++;
}

static void normalize_path_drop(struct cairn_service *base)
{
    struct normalize_path_shared *shared = ((struct normalize_path *)base)->shared;
    if (--shared->references == 0)
        cairn_free(shared);
}

static void normalize_path_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    static const char *const slashes[] = {"trim", "append", "keep"};
    const struct normalize_path_shared *shared = ((const struct normalize_path *)base)->shared;
    cairn_describe_text(d, "slash", slashes[shared->slash]);
    cairn_describe_text(d, "merge", shared->is_merging ? "yes" : "no");
    cairn_describe_counter(d, "changed", shared->changed);
}

static const struct cairn_service_ops normalize_path_ops = {
    .name = "normalize_path",
    .size = sizeof(struct normalize_path),
    .call = normalize_path_call,
    .cloned = normalize_path_cloned,
    .drop = normalize_path_drop,
    .describe = normalize_path_describe,
};

static struct cairn_service *normalize_path_new(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_normalize_path_options *opts)
{
    struct normalize_path_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct normalize_path *self = shared ? cairn_service_new(&normalize_path_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->slash = opts->slash;
    shared->is_merging = opts->merge;
    self->shared = shared;
    return &self->base;
}

static struct cairn_service *normalize_path_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_normalize_path_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if ((unsigned)opts.slash > CAIRN_NORMALIZE_PATH_KEEP)
        return cairn_layer_invalid(
            layer, inner, "slash must be one of enum cairn_normalize_path_slash");
    if (opts.slash == CAIRN_NORMALIZE_PATH_KEEP && !opts.merge)
        return cairn_layer_invalid(
            layer, inner, "merge must be set where slash is CAIRN_NORMALIZE_PATH_KEEP");
    return normalize_path_new(layer, inner, &opts);
}

struct cairn_layer cairn_normalize_path_layer(const struct cairn_normalize_path_options *options)
{
    static const struct cairn_normalize_path_options defaults = {.size = sizeof(defaults)};
    const struct cairn_normalize_path_options *opts = options ? options : &defaults;
    return cairn_layer_of("normalize_path", normalize_path_apply, opts, opts->size);
}
