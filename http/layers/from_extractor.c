#include <cairn/http/layers/from_extractor.h>

#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

#define FROM_EXTRACTOR_MOST_BYTES 65536

/* What copies share. */
struct from_extractor_shared {
    unsigned references;
    struct cairn_from_extractor_options opts;
    uint64_t passed;
    uint64_t rejected;
};

struct from_extractor {
    struct cairn_service base;
    struct from_extractor_shared *shared;
};

static const struct cairn_http_rejection from_extractor_no_memory = {
    .reason = CAIRN_HTTP_REJECTION_NO_MEMORY, .status = 503};

static bool from_extractor_bind(const struct cairn_from_extractor_options *opts,
    struct cairn_http_request *req, struct cairn_http_rejection *no)
{
    void *value = cairn_arena_alloc(req->arena, opts->bytes);
    if (!value) {
        *no = from_extractor_no_memory;
        return false;
    }
    if (opts->defaults)
        memcpy(value, opts->defaults, opts->bytes);
    else
        memset(value, 0, opts->bytes);
    if (!opts->bind(req, opts->record, value, no))
        return false;
    if (cairn_http_extension_set(req, opts->key, value) == 0)
        return true;
    *no = from_extractor_no_memory;
    return false;
}

static struct cairn_future from_extractor_reject(struct cairn_service *base,
    struct cairn_http_request *req, const struct cairn_http_rejection *no)
{
    CAIRN_ASSERT(no->status >= 400 && no->status <= 599, "from_extractor",
        "the extractor rejected a request with a status that is not from 400 to 599");
    struct cairn_http_response *res = cairn_http_reject(req, no);
    return cairn_service_bypass(base, req, cairn_future_ready_or_no_memory(res));
}

static struct cairn_future from_extractor_call(struct cairn_service *base, void *req)
{
    struct from_extractor_shared *shared = ((struct from_extractor *)base)->shared;
    const struct cairn_from_extractor_options *opts = &shared->opts;
    struct cairn_http_rejection no = {0};
    bool passes = opts->f ? opts->f(req, opts->state, &no) : from_extractor_bind(opts, req, &no);
    *(passes ? &shared->passed : &shared->rejected) += 1;
    return passes ? cairn_service_call(base->inner, req) : from_extractor_reject(base, req, &no);
}

static void from_extractor_cloned(struct cairn_service *base)
{
    ((struct from_extractor *)base)->shared->references++;
}

static void from_extractor_drop(struct cairn_service *base)
{
    struct from_extractor_shared *shared = ((struct from_extractor *)base)->shared;
    if (--shared->references == 0)
        cairn_free(shared);
}

static void from_extractor_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct from_extractor_shared *shared = ((const struct from_extractor *)base)->shared;
    if (shared->opts.name)
        cairn_describe_text(d, "name", shared->opts.name);
    cairn_describe_counter(d, "passed", shared->passed);
    cairn_describe_counter(d, "rejected", shared->rejected);
}

static const struct cairn_service_ops from_extractor_ops = {
    .name = "from_extractor",
    .size = sizeof(struct from_extractor),
    .call = from_extractor_call,
    .cloned = from_extractor_cloned,
    .drop = from_extractor_drop,
    .describe = from_extractor_describe,
};

/* NULL: they will do. */
static struct cairn_service *from_extractor_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_from_extractor_options *opts)
{
    if ((opts->f != NULL) == (opts->bind != NULL))
        return cairn_layer_invalid(layer, inner, "f or bind must be set, and not both");
    if (opts->bind && !opts->record)
        return cairn_layer_invalid(layer, inner, "record must be set with bind");
    if (opts->bind && !opts->key)
        return cairn_layer_invalid(layer, inner, "key must be set with bind");
    if (opts->bind && (opts->bytes == 0 || opts->bytes > FROM_EXTRACTOR_MOST_BYTES))
        return cairn_layer_invalid(layer, inner, "bytes must be 1 to %d with bind, got %zu",
            FROM_EXTRACTOR_MOST_BYTES, opts->bytes);
    return NULL;
}

static struct cairn_service *from_extractor_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_from_extractor_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    broken = from_extractor_refuse(layer, inner, &opts);
    if (broken)
        return broken;
    struct from_extractor_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct from_extractor *self = shared ? cairn_service_new(&from_extractor_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->opts = opts;
    self->shared = shared;
    return &self->base;
}

struct cairn_layer cairn_from_extractor_layer(const struct cairn_from_extractor_options *options)
{
    static const struct cairn_from_extractor_options defaults = {.size = sizeof(defaults)};
    const struct cairn_from_extractor_options *opts = options ? options : &defaults;
    return cairn_layer_of("from_extractor", from_extractor_apply, opts, opts->size);
}
