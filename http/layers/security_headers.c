#include <cairn/http/layers/security_headers.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cairn/http/codec/list.h>
#include <cairn/http/layers/header_edits_service.h>
#include <cairn/service/alloc.h>

#define SECURITY_HEADERS_MOST 7
#define SECURITY_HEADERS_YEAR_S 31536000
#define SECURITY_HEADERS_HSTS_BYTES sizeof("max-age=4294967295; includeSubDomains; preload")

static const struct cairn_future_ops security_headers_future_ops = {
    .name = "security_headers",
    .size = sizeof(struct cairn__header_edits_future),
    .poll = cairn__header_edits_future_poll,
    .drop = cairn__header_edits_future_drop,
    .wraps = true,
};

static struct cairn_future security_headers_call(struct cairn_service *base, void *req)
{
    return cairn__header_edits_service_call(base, req, &security_headers_future_ops);
}

static void security_headers_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cairn__header_edits *edits =
        ((const struct cairn__header_edits_service *)base)->edits;
    for (size_t i = 0; i < edits->count; i++)
        cairn_describe_text(d, edits->items[i].name.data, edits->items[i].value.data);
}

static const struct cairn_service_ops security_headers_ops = {
    .name = "security_headers",
    .size = sizeof(struct cairn__header_edits_service),
    .call = security_headers_call,
    .cloned = cairn__header_edits_service_cloned,
    .drop = cairn__header_edits_service_drop,
    .describe = security_headers_describe,
};

/* The fields, made of the options. */
struct security_headers_list {
    enum cairn_set_header_mode mode;
    size_t count;
    struct cairn__header_edit items[SECURITY_HEADERS_MOST];
    char hsts[SECURITY_HEADERS_HSTS_BYTES];
    char *csp; /* owned; NULL: none */
};

static void security_headers_add(
    struct security_headers_list *list, const char *name, const char *value, const char *fallback)
{
    struct cairn_str text = cairn_str_from(value ? value : fallback);
    if (text.length)
        list->items[list->count++] = (struct cairn__header_edit){
            .name = cairn_str_from(name), .value = text, .mode = list->mode};
}

static void security_headers_add_hsts(
    struct security_headers_list *list, const struct cairn_security_headers_options *opts)
{
    if (opts->hsts_max_age_s == 0)
        return;
    snprintf(list->hsts, sizeof(list->hsts), "max-age=%" PRIu32 "%s%s", opts->hsts_max_age_s,
        opts->hsts_subdomains ? "; includeSubDomains" : "", opts->hsts_preload ? "; preload" : "");
    security_headers_add(list, "Strict-Transport-Security", list->hsts, NULL);
}

/* Both options are one field. -1: without memory. */
static int security_headers_add_csp(
    struct security_headers_list *list, const struct cairn_security_headers_options *opts)
{
    static const char directive[] = "frame-ancestors ";
    const char *csp = opts->content_security_policy ? opts->content_security_policy : "";
    const char *who = opts->frame_ancestors ? opts->frame_ancestors : "";
    size_t size = strlen(csp) + sizeof("; ") + sizeof(directive) + strlen(who);
    list->csp = cairn_alloc(size);
    if (!list->csp)
        return -1;
    snprintf(
        list->csp, size, "%s%s%s%s", csp, *csp && *who ? "; " : "", *who ? directive : "", who);
    security_headers_add(list, "Content-Security-Policy", list->csp, NULL);
    return 0;
}

static int security_headers_make(
    struct security_headers_list *list, const struct cairn_security_headers_options *opts)
{
    list->mode = opts->override ? CAIRN_SET_HEADER_OVERRIDE : CAIRN_SET_HEADER_IF_NOT_PRESENT;
    security_headers_add(
        list, "X-Content-Type-Options", opts->allow_sniffing ? "" : "nosniff", NULL);
    security_headers_add(
        list, "Referrer-Policy", opts->referrer_policy, "strict-origin-when-cross-origin");
    security_headers_add(
        list, "X-Frame-Options", opts->frame_options, opts->frame_ancestors ? "" : "DENY");
    security_headers_add(list, "Cross-Origin-Opener-Policy", opts->opener_policy, "same-origin");
    security_headers_add(list, "Permissions-Policy", opts->permissions_policy,
        "camera=(), geolocation=(), microphone=()");
    security_headers_add_hsts(list, opts);
    return security_headers_add_csp(list, opts);
}

static struct cairn__header_edit security_headers_at(const void *list, size_t i)
{
    return ((const struct security_headers_list *)list)->items[i];
}

static bool security_headers_is_referrer(struct cairn_str s)
{
    static const char known[] =
        "no-referrer,no-referrer-when-downgrade,same-origin,origin,strict-origin,"
        "origin-when-cross-origin,strict-origin-when-cross-origin,unsafe-url";
    return cairn__list_has(cairn_str_from(known), s);
}

/* Whether TEXT is one of KNOWN, or says that there is to be none. */
static bool security_headers_is_known(const char *text, const char *known)
{
    return !text || !*text || cairn__list_has(cairn_str_from(known), cairn_str_from(text));
}

static const char *security_headers_hsts_complaint(
    const struct cairn_security_headers_options *opts)
{
    if (opts->hsts_max_age_s == 0)
        return opts->hsts_subdomains || opts->hsts_preload
                   ? "hsts_max_age_s must be set with hsts_subdomains or hsts_preload"
                   : NULL;
    if (opts->hsts_preload &&
        (!opts->hsts_subdomains || opts->hsts_max_age_s < SECURITY_HEADERS_YEAR_S))
        return "hsts_preload needs hsts_subdomains and a hsts_max_age_s of 31536000 or more";
    return NULL;
}

static const char *security_headers_complaint(const struct cairn_security_headers_options *opts)
{
    const char *policy = opts->referrer_policy;
    if (policy && *policy && !cairn__list_is(cairn_str_from(policy), security_headers_is_referrer))
        return "referrer_policy must be of those that Referrer-Policy has";
    if (!security_headers_is_known(opts->frame_options, "DENY,SAMEORIGIN"))
        return "frame_options must be DENY or SAMEORIGIN";
    if (!security_headers_is_known(opts->opener_policy,
            "same-origin,same-origin-allow-popups,noopener-allow-popups,unsafe-none"))
        return "opener_policy must be one that Cross-Origin-Opener-Policy has";
    if (opts->frame_ancestors && strpbrk(opts->frame_ancestors, ";,"))
        return "frame_ancestors must be sources, separated by spaces";
    if (opts->frame_ancestors && opts->content_security_policy &&
        strstr(opts->content_security_policy, "frame-ancestors"))
        return "frame_ancestors are in content_security_policy already";
    return security_headers_hsts_complaint(opts);
}

/* Takes INNER. */
static struct cairn_service *security_headers_new(const struct cairn_security_headers_options *opts,
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct security_headers_list list = {.count = 0};
    struct cairn_service *service;
    if (security_headers_make(&list, opts) != 0) {
        service = cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    } else if (list.count == 0) {
        service = cairn_layer_invalid(layer, inner, "every field is left out");
    } else {
        const struct cairn__header_source source = {&list, list.count, false, security_headers_at};
        service = cairn__header_edits_service_new(&security_headers_ops, &source, layer, inner);
    }
    cairn_free(list.csp);
    return service;
}

static struct cairn_service *security_headers_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_security_headers_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = security_headers_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    return security_headers_new(&opts, layer, inner);
}

struct cairn_layer cairn_security_headers_layer(
    const struct cairn_security_headers_options *options)
{
    static const struct cairn_security_headers_options defaults = {.size = sizeof(defaults)};
    const struct cairn_security_headers_options *opts = options ? options : &defaults;
    return cairn_layer_of("security_headers", security_headers_apply, opts, opts->size);
}
