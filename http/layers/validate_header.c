#include <cairn/http/layers/validate_header.h>

#include <string.h>

#include <cairn/http/accept.h>
#include <cairn/http/codec/list.h>
#include <cairn/http/error_response.h>
#include <cairn/http/layers/option_text.h>
#include <cairn/http/media_type.h>
#include <cairn/http/secret.h>
#include <cairn/http/vary.h>
#include <cairn/service/alloc.h>

/* What copies share, with the texts behind it. */
struct validate_header_shared {
    unsigned references;
    struct cairn_validate_header_options opts;
    char *secret; /* the value */
    size_t offer_count;
    const char *offers[CAIRN_VALIDATE_HEADER_MOST];
    uint64_t forbidden;
    uint64_t not_acceptable;
    uint64_t answered;
};

struct validate_header {
    struct cairn_service base;
    struct validate_header_shared *shared;
};

/* The field occurs once and has the value. */
static bool validate_header_has_value(
    const struct validate_header_shared *shared, const struct cairn_http_request *req)
{
    struct cairn_str name = cairn_str_from(shared->opts.name);
    struct cairn_str value;
    struct cairn_str second;
    size_t cursor = 0;
    if (!cairn_http_fields_next(&req->fields, name, &cursor, &value) ||
        cairn_http_fields_next(&req->fields, name, &cursor, &second))
        return false;
    return cairn_secret_equal(value, cairn_str_from(shared->secret));
}

static struct cairn_http_response *validate_header_not_acceptable(
    const struct validate_header_shared *shared, const struct cairn_http_request *req)
{
    struct cairn_str detail =
        cairn_arena_printf(req->arena, "there is only %s", shared->opts.accept);
    struct cairn_http_response *res =
        detail.data ? cairn_http_problem(req, 406, detail.data) : NULL;
    return res && cairn_http_vary_add(&res->fields, CAIRN_STR("Accept")) == 0 ? res : NULL;
}

/* Whether REQ passes; else *ANSWER is the answer, or NULL without memory. */
static bool validate_header_passes(struct validate_header_shared *shared,
    struct cairn_http_request *req, struct cairn_http_response **answer)
{
    if (shared->opts.name && !validate_header_has_value(shared, req)) {
        shared->forbidden++;
        *answer = cairn_http_problem(req, 403, NULL);
        return false;
    }
    if (shared->opts.accept &&
        cairn_http_accept_media(&req->fields, shared->offers, shared->offer_count) < 0) {
        shared->not_acceptable++;
        *answer = validate_header_not_acceptable(shared, req);
        return false;
    }
    if (!shared->opts.validate || shared->opts.validate(shared->opts.cx, req, answer))
        return true;
    shared->answered++;
    return false;
}

static struct cairn_future validate_header_call(struct cairn_service *base, void *request)
{
    struct cairn_http_response *answer = NULL;
    if (validate_header_passes(((struct validate_header *)base)->shared, request, &answer))
        return cairn_service_call(base->inner, request);
    return cairn_service_bypass(base, request, cairn_future_ready_or_no_memory(answer));
}

static void validate_header_cloned(struct cairn_service *base)
{
    ((struct validate_header *)base)->shared->references++;
}

static void validate_header_unref(struct validate_header_shared *shared)
{
    if (--shared->references != 0)
        return;
    if (shared->secret)
        explicit_bzero(shared->secret, strlen(shared->secret));
    cairn_free(shared);
}

static void validate_header_drop(struct cairn_service *base)
{
    validate_header_unref(((struct validate_header *)base)->shared);
}

/* The value may be a secret. */
static void validate_header_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct validate_header_shared *shared = ((const struct validate_header *)base)->shared;
    if (shared->opts.name)
        cairn_describe_text(d, "name", shared->opts.name);
    if (shared->opts.accept)
        cairn_describe_text(d, "accept", shared->opts.accept);
    cairn_describe_counter(d, "forbidden", shared->forbidden);
    cairn_describe_counter(d, "not_acceptable", shared->not_acceptable);
    cairn_describe_counter(d, "answered", shared->answered);
}

static const struct cairn_service_ops validate_header_ops = {
    .name = "validate_header",
    .size = sizeof(struct validate_header),
    .call = validate_header_call,
    .cloned = validate_header_cloned,
    .drop = validate_header_drop,
    .describe = validate_header_describe,
};

/* A list is split at one place, and shown whole at another. */
static size_t validate_header_bytes(const struct cairn_validate_header_options *opts)
{
    return cairn__option_bytes(opts->name) + cairn__option_bytes(opts->value) +
           2 * cairn__option_bytes(opts->accept);
}

/* Cuts LIST, which is valid, into the offers. */
static void validate_header_cut(struct validate_header_shared *shared, char *list)
{
    struct cairn_str rest = cairn_str_from(list);
    struct cairn_str element;
    while (cairn__list_next(&rest, &element)) {
        char *offer = list + (element.data - list);
        shared->offers[shared->offer_count++] = offer;
        offer[element.length] = '\0';
    }
}

static struct validate_header_shared *validate_header_shared_new(
    const struct cairn_validate_header_options *opts)
{
    struct validate_header_shared *shared =
        cairn_alloc_zero(sizeof(*shared) + validate_header_bytes(opts));
    if (!shared)
        return NULL;
    char *at = (char *)(shared + 1);
    shared->references = 1;
    shared->opts = *opts;
    shared->opts.name = cairn__option_copy(&at, opts->name);
    shared->secret = cairn__option_copy(&at, opts->value);
    shared->opts.accept = cairn__option_copy(&at, opts->accept);
    if (opts->accept)
        validate_header_cut(shared, cairn__option_copy(&at, opts->accept));
    return shared;
}

static bool validate_header_is_offer(struct cairn_str s)
{
    struct cairn_http_media_type type;
    const struct cairn_str any = CAIRN_STR("*");
    return cairn_http_media_type_parse(s, &type) && !cairn_str_equal(type.type, any) &&
           !cairn_str_equal(type.subtype, any);
}

static bool validate_header_is_accept(const char *accept)
{
    struct cairn_str list = cairn_str_from(accept);
    size_t count = 1;
    for (const char *comma = accept; (comma = strchr(comma, ',')) != NULL; comma++)
        count++;
    return count <= CAIRN_VALIDATE_HEADER_MOST && cairn__list_is(list, validate_header_is_offer);
}

static const char *validate_header_complaint(const struct cairn_validate_header_options *opts)
{
    if (!opts->name && !opts->value && !opts->accept && !opts->validate)
        return "name and value, accept or validate must be set";
    if (!opts->name != !opts->value)
        return "name and value must be set together";
    if (opts->name && !cairn_http_is_token(cairn_str_from(opts->name)))
        return "name must be the name of a header field";
    if (opts->value && (!*opts->value || !cairn_http_is_field_value(cairn_str_from(opts->value))))
        return "value must not be empty, and have no control characters and no space at an end";
    if (opts->accept && !validate_header_is_accept(opts->accept))
        return "accept must be 1 to 64 media types, separated by commas";
    return NULL;
}

static struct cairn_service *validate_header_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_validate_header_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = validate_header_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    struct validate_header_shared *shared = validate_header_shared_new(&opts);
    struct validate_header *self = shared ? cairn_service_new(&validate_header_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        validate_header_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_validate_header_layer(const struct cairn_validate_header_options *options)
{
    static const struct cairn_validate_header_options defaults = {.size = sizeof(defaults)};
    const struct cairn_validate_header_options *opts = options ? options : &defaults;
    return cairn_layer_of("validate_header", validate_header_apply, opts, opts->size);
}
