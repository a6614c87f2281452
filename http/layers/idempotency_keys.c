#include <cairn/http/layers/idempotency_keys.h>

#include <string.h>

#include <cairn/http/error_response.h>
#include <cairn/http/layers/idempotency_call.h>
#include <cairn/http/values/idempotency_key.h>
#include <cairn/service/alloc.h>

#define IDEMPOTENCY_KEYS_METHODS (1u << CAIRN_HTTP_POST | 1u << CAIRN_HTTP_PATCH)
#define IDEMPOTENCY_KEYS_KEEP_MS 86400000
#define IDEMPOTENCY_KEYS_KEEP_LEAST_MS 1000
#define IDEMPOTENCY_KEYS_KEEP_MOST_MS 2592000000
#define IDEMPOTENCY_KEYS_CLAIM_MS 300000
#define IDEMPOTENCY_KEYS_CLAIM_MOST_MS 86400000
#define IDEMPOTENCY_KEYS_RESPONSE_BYTES 65536

struct idempotency_keys {
    struct cairn_service base;
    struct cairn__idempotency *shared;
};

static struct cairn_future idempotency_keys_reject(
    struct cairn_service *base, struct cairn_http_request *req, const char *what)
{
    struct cairn__idempotency *shared = ((struct idempotency_keys *)base)->shared;
    struct cairn_str detail =
        cairn_arena_printf(req->arena, "the field %s is %s", shared->header.data, what);
    struct cairn_http_response *res =
        detail.data ? cairn_http_problem(req, 400, detail.data) : NULL;
    shared->rejected++;
    if (!res)
        return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
    return cairn_service_bypass(base, req, cairn_future_ready(res));
}

static struct cairn_future idempotency_keys_call(struct cairn_service *base, void *value)
{
    struct cairn__idempotency *shared = ((struct idempotency_keys *)base)->shared;
    struct cairn_http_request *req = value;
    char key[CAIRN__IDEMPOTENCY_KEY_MOST + 1];
    struct cairn_str field;
    struct cairn_str second;
    size_t cursor = 0;
    if (!(shared->opts.methods >> req->method & 1))
        return cairn_service_call(base->inner, req);
    if (!cairn_http_fields_next(&req->fields, shared->header, &cursor, &field)) {
        if (shared->opts.required)
            return idempotency_keys_reject(base, req, "missing");
        return cairn_service_call(base->inner, req);
    }
    size_t length = cairn__idempotency_key_read(field, key);
    if (length == 0 || cairn_http_fields_next(&req->fields, shared->header, &cursor, &second))
        return idempotency_keys_reject(base, req, "malformed");
    key[length] = '\0';
    return cairn__idempotency_run(shared, base, req, key);
}

static void idempotency_keys_cloned(struct cairn_service *base)
{
    ((struct idempotency_keys *)base)->shared->references++;
}

static void idempotency_keys_drop(struct cairn_service *base)
{
    cairn__idempotency_unref(((struct idempotency_keys *)base)->shared);
}

static void idempotency_keys_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cairn__idempotency *shared = ((const struct idempotency_keys *)base)->shared;
    const struct cairn_idempotency_store *store = shared->opts.store;
    cairn_describe_parameter(d, "keep", shared->opts.keep_ms, "ms");
    cairn_describe_text(d, "store", store->ops->name);
    if (store->ops->describe)
        store->ops->describe(store, d);
    cairn_describe_counter(d, "first", shared->first);
    cairn_describe_counter(d, "replayed", shared->replayed);
    cairn_describe_counter(d, "conflicts", shared->conflicts);
    cairn_describe_counter(d, "mismatches", shared->mismatches);
    cairn_describe_counter(d, "rejected", shared->rejected);
    cairn_describe_counter(d, "unkept", shared->unkept);
    cairn_describe_counter(d, "store_errors", shared->store_errors);
}

static const struct cairn_service_ops idempotency_keys_ops = {
    .name = "idempotency_keys",
    .size = sizeof(struct idempotency_keys),
    .call = idempotency_keys_call,
    .cloned = idempotency_keys_cloned,
    .drop = idempotency_keys_drop,
    .describe = idempotency_keys_describe,
};

/* NULL, or what is wrong. */
static const char *idempotency_keys_complaint(const struct cairn_idempotency_keys_options *opts)
{
    if (opts->header && !cairn_http_is_token(cairn_str_from(opts->header)))
        return "header must be the name of a header field";
    if (opts->methods >> CAIRN_HTTP_METHODS)
        return "methods must be made of 1u << enum cairn_http_method";
    if (opts->keep_ms && (opts->keep_ms < IDEMPOTENCY_KEYS_KEEP_LEAST_MS ||
                             opts->keep_ms > IDEMPOTENCY_KEYS_KEEP_MOST_MS))
        return "keep_ms must be 1000 to 2592000000";
    if (opts->claim_ms > IDEMPOTENCY_KEYS_CLAIM_MOST_MS)
        return "claim_ms must be 1 to 86400000";
    return NULL;
}

static void idempotency_keys_defaults(struct cairn_idempotency_keys_options *opts)
{
    if (!opts->header)
        opts->header = "Idempotency-Key";
    if (!opts->methods)
        opts->methods = IDEMPOTENCY_KEYS_METHODS;
    if (!opts->keep_ms)
        opts->keep_ms = IDEMPOTENCY_KEYS_KEEP_MS;
    if (!opts->claim_ms)
        opts->claim_ms = IDEMPOTENCY_KEYS_CLAIM_MS;
    if (!opts->max_response_bytes)
        opts->max_response_bytes = IDEMPOTENCY_KEYS_RESPONSE_BYTES;
}

static struct cairn__idempotency *idempotency_keys_shared_new(
    const struct cairn_idempotency_keys_options *opts)
{
    struct cairn_error *error = NULL;
    size_t length = strlen(opts->header);
    struct cairn__idempotency *shared = cairn_alloc_zero(sizeof(*shared) + length + 1);
    if (!shared)
        return NULL;
    char *header = (char *)(shared + 1);
    memcpy(header, opts->header, length);
    shared->references = 1;
    shared->opts = *opts;
    shared->header = cairn_str_of(header, length);
    shared->opts.store = opts->store ? cairn_idempotency_store_ref(opts->store)
                                     : cairn_idempotency_memory_new(NULL, &error);
    if (shared->opts.store)
        return shared;
    cairn_free(shared);
    return NULL;
}

static struct cairn_service *idempotency_keys_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_idempotency_keys_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = idempotency_keys_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    if (!cairn_service_is_cloneable(inner))
        return cairn_layer_refuse(
            layer, inner, CAIRN_ERROR_TYPE, "needs a service that can be cloned");
    idempotency_keys_defaults(&opts);
    struct cairn__idempotency *shared = idempotency_keys_shared_new(&opts);
    struct idempotency_keys *self = shared ? cairn_service_new(&idempotency_keys_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        cairn__idempotency_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_idempotency_keys_layer(
    const struct cairn_idempotency_keys_options *options)
{
    static const struct cairn_idempotency_keys_options defaults = {.size = sizeof(defaults)};
    const struct cairn_idempotency_keys_options *opts = options ? options : &defaults;
    return cairn_layer_of("idempotency_keys", idempotency_keys_apply, opts, opts->size);
}
