#include <cairn/http/layers/health.h>

#include <string.h>

#include <cairn/http/answer.h>
#include <cairn/http/query.h>
#include <cairn/http/server.h>

#define HEALTH_SERVING "serving"

struct health {
    struct cairn_service base;
    struct cairn_http_server *server;
    struct cairn_http_health *health;
    uint64_t probes;
    uint64_t unwell;
};

/* One probe, while its checks are asked. */
struct health_probe {
    const struct cairn_http_request *req;
    struct cairn_http_query query;
    struct cairn_str lines; /* of the checks so far; absent: out of memory */
    bool is_well;
};

static bool health_is_excluded(const struct health_probe *probe, const char *name)
{
    size_t at = 0;
    struct cairn_str excluded;
    while (cairn_http_query_next(&probe->query, "exclude", &at, &excluded)) {
        if (cairn_str_equal(excluded, cairn_str_from(name)))
            return true;
    }
    return false;
}

static void health_note(void *cx, const char *name, bool is_well)
{
    struct health_probe *probe = cx;
    if (health_is_excluded(probe, name))
        return;
    probe->is_well = probe->is_well && is_well;
    if (probe->lines.data)
        probe->lines = cairn_arena_printf(probe->req->arena, "%.*s[%c] %s\n",
            (int)probe->lines.length, probe->lines.data, is_well ? '+' : '-', name);
}

static void health_ask(
    const struct health *self, enum cairn_http_health_kind kind, struct health_probe *probe)
{
    if (kind == CAIRN_HTTP_READINESS && self->server)
        health_note(probe, HEALTH_SERVING, cairn_http_server_is_ready(self->server));
    if (self->health)
        cairn_http_health_each(self->health, kind, health_note, probe);
}

static struct cairn_http_response *health_tell(const struct health_probe *probe)
{
    const struct cairn_http_request *req = probe->req;
    bool is_verbose = cairn_http_query_get(&probe->query, "verbose").data != NULL;
    struct cairn_http_response *res =
        is_verbose || !probe->is_well
            ? cairn_http_textf(req, probe->is_well ? 200 : 503, "%.*s%s", (int)probe->lines.length,
                  probe->lines.data, probe->is_well ? "ok\n" : "not ok\n")
            : cairn_http_text(req, 200, "ok\n");
    if (res && cairn_http_response_set(res, "Cache-Control", "no-store") != 0)
        return NULL;
    return res;
}

static struct cairn_http_response *health_answer(
    struct health *self, const struct cairn_http_request *req, enum cairn_http_health_kind kind)
{
    struct health_probe probe = {.req = req, .lines = CAIRN_STR(""), .is_well = true};
    self->probes++;
    int status = cairn_http_query_of(req, &probe.query);
    if (status != 0)
        return status == 400 ? cairn_http_text(req, 400, "the query has too many pairs\n") : NULL;
    health_ask(self, kind, &probe);
    self->unwell += !probe.is_well;
    return probe.lines.data ? health_tell(&probe) : NULL;
}

static struct cairn_http_response *health_refuse_method(const struct cairn_http_request *req)
{
    struct cairn_http_response *res = cairn_http_text(req, 405, "GET and HEAD only\n");
    if (res && cairn_http_response_set(res, "Allow", "GET, HEAD") != 0)
        return NULL;
    return res;
}

/* Which question REQ asks; false: none of ours. */
static bool health_question(const struct cairn_http_request *req, enum cairn_http_health_kind *kind)
{
    *kind = CAIRN_HTTP_LIVENESS;
    if (cairn_str_equal(req->path, CAIRN_STR("/livez")) ||
        cairn_str_equal(req->path, CAIRN_STR("/healthz")))
        return true;
    *kind = CAIRN_HTTP_READINESS;
    return cairn_str_equal(req->path, CAIRN_STR("/readyz"));
}

static struct cairn_future health_call(struct cairn_service *base, void *request)
{
    enum cairn_http_health_kind kind;
    struct cairn_http_request *req = request;
    if (!health_question(req, &kind))
        return cairn_service_call(base->inner, request);
    bool asks = req->method == CAIRN_HTTP_GET || req->method == CAIRN_HTTP_HEAD;
    struct cairn_http_response *res =
        asks ? health_answer((struct health *)base, req, kind) : health_refuse_method(req);
    return cairn_service_bypass(base, request, cairn_future_ready_or_no_memory(res));
}

static void health_cloned(struct cairn_service *base)
{
    struct health *self = (struct health *)base;
    if (self->health)
        cairn_http_health_ref(self->health);
}

static void health_drop(struct cairn_service *base)
{
    cairn_http_health_unref(((struct health *)base)->health);
}

static void health_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct health *self = (const struct health *)base;
    cairn_describe_counter(d, "probes", self->probes);
    cairn_describe_counter(d, "unwell", self->unwell);
}

static const struct cairn_service_ops health_ops = {
    .name = "health",
    .size = sizeof(struct health),
    .call = health_call,
    .cloned = health_cloned,
    .drop = health_drop,
    .describe = health_describe,
};

static struct cairn_service *health_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_health_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (!opts.server && !opts.health)
        return cairn_layer_invalid(layer, inner, "server, health or both must be given");
    struct health *self = cairn_service_new(&health_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->server = opts.server;
    self->health = opts.health ? cairn_http_health_ref(opts.health) : NULL;
    return &self->base;
}

struct cairn_layer cairn_health_layer(const struct cairn_health_options *options)
{
    static const struct cairn_health_options defaults = {.size = sizeof(defaults)};
    const struct cairn_health_options *opts = options ? options : &defaults;
    return cairn_layer_of("health", health_apply, opts, opts->size);
}
