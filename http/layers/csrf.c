#include <cairn/http/layers/csrf.h>

#include <string.h>

#include <cairn/http/codec/list.h>
#include <cairn/http/error_response.h>
#include <cairn/http/layers/option_text.h>
#include <cairn/http/layers/origin.h>
#include <cairn/service/alloc.h>

/* What copies share, with `trusted` behind it. */
struct csrf_shared {
    unsigned references;
    struct cairn_csrf_options opts;
    struct cairn_str trusted;
    uint64_t refused;
    uint64_t bypassed;
};

struct csrf {
    struct cairn_service base;
    struct csrf_shared *shared;
};

static bool csrf_is_safe(enum cairn_http_method method)
{
    return method == CAIRN_HTTP_GET || method == CAIRN_HTTP_HEAD || method == CAIRN_HTTP_OPTIONS;
}

/* The authority of ORIGIN is HOST. "null" has none. */
static bool csrf_is_host(struct cairn_str origin, struct cairn_str host)
{
    const char *colon = origin.length ? memchr(origin.data, ':', origin.length) : NULL;
    size_t left = colon ? (size_t)(origin.data + origin.length - colon) : 0;
    return left > 3 && memcmp(colon, "://", 3) == 0 &&
           cairn_str_equal_nocase(cairn_str_of(colon + 3, left - 3), host);
}

/* Whether REQ comes from elsewhere; *REASON is how that is known. */
static bool csrf_is_foreign(const struct csrf_shared *shared, const struct cairn_http_request *req,
    enum cairn_csrf_reason *reason)
{
    struct cairn_str site = cairn_http_fields_get(&req->fields, CAIRN_STR("Sec-Fetch-Site"));
    struct cairn_str origin = cairn_http_fields_get(&req->fields, CAIRN_STR("Origin"));
    bool is_own;
    if (site.data)
        is_own = cairn_str_equal(site, CAIRN_STR("same-origin")) ||
                 cairn_str_equal(site, CAIRN_STR("none"));
    else
        is_own = !origin.data ||
                 csrf_is_host(origin, cairn_http_fields_get(&req->fields, CAIRN_STR("Host")));
    *reason = site.data ? CAIRN_CSRF_SITE : CAIRN_CSRF_ORIGIN;
    return !is_own && !(origin.data && cairn__list_has(shared->trusted, origin));
}

static struct cairn_future csrf_refuse(
    struct csrf *self, struct cairn_http_request *req, enum cairn_csrf_reason reason)
{
    struct csrf_shared *shared = self->shared;
    struct cairn_http_response *res =
        shared->opts.reject ? shared->opts.reject(shared->opts.cx, req, reason)
                            : cairn_http_problem(req, 403, "the request comes from another site");
    shared->refused++;
    return cairn_service_bypass(&self->base, req, cairn_future_ready_or_no_memory(res));
}

static struct cairn_future csrf_call(struct cairn_service *base, void *request)
{
    struct csrf *self = (struct csrf *)base;
    struct csrf_shared *shared = self->shared;
    struct cairn_http_request *req = request;
    enum cairn_csrf_reason reason;
    if (csrf_is_safe(req->method) || !csrf_is_foreign(shared, req, &reason))
        return cairn_service_call(base->inner, req);
    if (!shared->opts.bypass || !shared->opts.bypass(shared->opts.cx, req))
        return csrf_refuse(self, req, reason);
    shared->bypassed++;
    return cairn_service_call(base->inner, req);
}

static void csrf_cloned(struct cairn_service *base)
{
    ((struct csrf *)base)->shared->references++;
}

static void csrf_drop(struct cairn_service *base)
{
    struct csrf_shared *shared = ((struct csrf *)base)->shared;
    if (--shared->references == 0)
        cairn_free(shared);
}

static void csrf_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct csrf_shared *shared = ((const struct csrf *)base)->shared;
    if (shared->trusted.data)
        cairn_describe_text(d, "trusted", shared->trusted.data);
    cairn_describe_counter(d, "refused", shared->refused);
    cairn_describe_counter(d, "bypassed", shared->bypassed);
}

static const struct cairn_service_ops csrf_ops = {
    .name = "csrf",
    .size = sizeof(struct csrf),
    .call = csrf_call,
    .cloned = csrf_cloned,
    .drop = csrf_drop,
    .describe = csrf_describe,
};

static struct csrf_shared *csrf_shared_new(const struct cairn_csrf_options *opts)
{
    struct csrf_shared *shared =
        cairn_alloc_zero(sizeof(*shared) + cairn__option_bytes(opts->trusted));
    if (!shared)
        return NULL;
    char *text = (char *)(shared + 1);
    shared->references = 1;
    shared->opts = *opts;
    shared->trusted = cairn_str_from(cairn__option_copy(&text, opts->trusted));
    return shared;
}

static struct cairn_service *csrf_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_csrf_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.trusted && !cairn__list_is(cairn_str_from(opts.trusted), cairn__origin_is_valid))
        return cairn_layer_invalid(layer, inner, "trusted must be " CAIRN__ORIGIN_FORM);
    struct csrf_shared *shared = csrf_shared_new(&opts);
    struct csrf *self = shared ? cairn_service_new(&csrf_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    cairn_free(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_csrf_layer(const struct cairn_csrf_options *options)
{
    static const struct cairn_csrf_options defaults = {.size = sizeof(defaults)};
    const struct cairn_csrf_options *opts = options ? options : &defaults;
    return cairn_layer_of("csrf", csrf_apply, opts, opts->size);
}
