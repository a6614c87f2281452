#include <cairn/http/layers/redirect_origin.h>

#include <string.h>

#include <cairn/http/answer.h>
#include <cairn/http/codec/list.h>
#include <cairn/http/codec/target.h>
#include <cairn/http/layers/option_text.h>
#include <cairn/http/layers/origin.h>
#include <cairn/http/message/redirect_status.h>
#include <cairn/service/alloc.h>

#define REDIRECT_ORIGIN_STATUS 308

/* What copies share, with the texts behind it. */
struct redirect_origin_shared {
    unsigned references;
    struct cairn_redirect_origin_options opts;
    struct cairn_str origin;
    struct cairn_str scheme; /* both are parts of it */
    struct cairn_str host;
    struct cairn_str scheme_header;
    uint64_t redirected;
};

struct redirect_origin {
    struct cairn_service base;
    struct redirect_origin_shared *shared;
};

/* Whether the proxy in front says that REQ came by our scheme. */
static bool redirect_origin_has_scheme(
    const struct redirect_origin_shared *shared, const struct cairn_http_request *req)
{
    struct cairn_str list = cairn_http_fields_get(&req->fields, shared->scheme_header);
    struct cairn_str first;
    return cairn__list_next(&list, &first) && cairn_str_equal_nocase(first, shared->scheme);
}

static bool redirect_origin_passes(
    const struct redirect_origin_shared *shared, const struct cairn_http_request *req)
{
    struct cairn_str host = cairn_http_fields_get(&req->fields, CAIRN_STR("Host"));
    if (cairn_str_equal_nocase(host, shared->host) &&
        (!shared->scheme_header.data || redirect_origin_has_scheme(shared, req)))
        return true;
    return shared->opts.except && shared->opts.except(shared->opts.cx, req);
}

static struct cairn_http_response *redirect_origin_answer(
    const struct redirect_origin_shared *shared, const struct cairn_http_request *req,
    const struct cairn__target *parts)
{
    bool has_query = parts->query.data != NULL;
    struct cairn_str location = cairn_arena_printf(req->arena, "%s%.*s%s%.*s", shared->origin.data,
        (int)parts->path.length, parts->path.data, has_query ? "?" : "", (int)parts->query.length,
        has_query ? parts->query.data : "");
    return location.data ? cairn_http_redirect(req, shared->opts.status, location.data) : NULL;
}

/* The target is as it came: a layer or a group outside of this one may have changed the path. */
static struct cairn_future redirect_origin_call(struct cairn_service *base, void *request)
{
    struct redirect_origin_shared *shared = ((struct redirect_origin *)base)->shared;
    struct cairn__target parts;
    cairn__target_split(((struct cairn_http_request *)request)->target, &parts);
    if (parts.path.length == 0 || parts.path.data[0] != '/' ||
        redirect_origin_passes(shared, request))
        return cairn_service_call(base->inner, request);
    struct cairn_http_response *res = redirect_origin_answer(shared, request, &parts);
    shared->redirected += res != NULL;
    return cairn_service_bypass(base, request, cairn_future_ready_or_no_memory(res));
}

static void redirect_origin_cloned(struct cairn_service *base)
{
    ((struct redirect_origin *)base)->shared->references++;
}

static void redirect_origin_drop(struct cairn_service *base)
{
    struct redirect_origin_shared *shared = ((struct redirect_origin *)base)->shared;
    if (--shared->references == 0)
        cairn_free(shared);
}

static void redirect_origin_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct redirect_origin_shared *shared = ((const struct redirect_origin *)base)->shared;
    cairn_describe_text(d, "origin", shared->origin.data);
    cairn_describe_parameter(d, "status", (uint64_t)shared->opts.status, NULL);
    cairn_describe_counter(d, "redirected", shared->redirected);
}

static const struct cairn_service_ops redirect_origin_ops = {
    .name = "redirect_origin",
    .size = sizeof(struct redirect_origin),
    .call = redirect_origin_call,
    .cloned = redirect_origin_cloned,
    .drop = redirect_origin_drop,
    .describe = redirect_origin_describe,
};

static struct redirect_origin_shared *redirect_origin_shared_new(
    const struct cairn_redirect_origin_options *opts)
{
    struct redirect_origin_shared *shared =
        cairn_alloc_zero(sizeof(*shared) + cairn__option_bytes(opts->origin) +
                         cairn__option_bytes(opts->scheme_header));
    if (!shared)
        return NULL;
    char *at = (char *)(shared + 1);
    shared->references = 1;
    shared->opts = *opts;
    shared->origin = cairn_str_from(cairn__option_copy(&at, opts->origin));
    shared->scheme_header = cairn_str_from(cairn__option_copy(&at, opts->scheme_header));
    size_t scheme = strcspn(opts->origin, ":");
    shared->scheme = cairn_str_of(shared->origin.data, scheme);
    shared->host = cairn_str_from(shared->origin.data + scheme + strlen("://"));
    return shared;
}

static const char *redirect_origin_complaint(const struct cairn_redirect_origin_options *opts)
{
    if (!cairn__origin_is_valid(cairn_str_from(opts->origin)))
        return "origin must be of the form scheme://host[:port]: lower case, no path, no default "
               "port";
    if (opts->scheme_header && !cairn_http_is_token(cairn_str_from(opts->scheme_header)))
        return "scheme_header must be the name of a header field";
    if (!cairn__redirect_is_status(opts->status))
        return "status must be 301, 302, 303, 307 or 308";
    return NULL;
}

static struct cairn_service *redirect_origin_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_redirect_origin_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.status == 0)
        opts.status = REDIRECT_ORIGIN_STATUS;
    const char *complaint = redirect_origin_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    struct redirect_origin_shared *shared = redirect_origin_shared_new(&opts);
    struct redirect_origin *self = shared ? cairn_service_new(&redirect_origin_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    cairn_free(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_redirect_origin_layer(const struct cairn_redirect_origin_options *options)
{
    static const struct cairn_redirect_origin_options defaults = {.size = sizeof(defaults)};
    const struct cairn_redirect_origin_options *opts = options ? options : &defaults;
    return cairn_layer_of("redirect_origin", redirect_origin_apply, opts, opts->size);
}
