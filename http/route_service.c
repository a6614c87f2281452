#include <cairn/http/error_response.h>
#include <cairn/http/route_table.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>

struct route_service {
    struct cairn_service base;
    struct cairn__route_table *table;
};

static struct cairn_future route_answer(struct cairn_http_response *res)
{
    return res ? cairn_future_ready(res) : cairn_future_failed(&cairn_error_no_memory);
}

static struct cairn_future route_fail(struct cairn__route_target *target)
{
    return cairn_future_failed(cairn_error_ref(target->dead));
}

/* The request waits for a copy, whose reservation is its own; what the poll has left in the
 * original, a place in a queue or one permit of two, nobody would use. */
static struct cairn_future route_wait(
    struct cairn__route_target *target, struct cairn_http_request *req)
{
    cairn_service_release(target->service);
    struct cairn_service *copy = cairn_service_clone(target->service);
    return copy ? cairn_service_oneshot(copy, req) : cairn_future_failed(&cairn_error_no_memory);
}

static struct cairn_future route_send(
    struct cairn__route_target *target, struct cairn_http_request *req)
{
    const struct cairn_context spot = {NULL, cairn_runtime_current()};
    target->hits++;
    if (CAIRN_UNLIKELY(target->dead))
        return route_fail(target);
    switch (cairn_service_poll_ready(target->service, &spot, &target->dead)) {
    case CAIRN_READY:
        return cairn_service_call(target->service, req);
    case CAIRN_PENDING:
        return route_wait(target, req);
    default:
        return route_fail(target);
    }
}

/* What the pattern captured, and the pattern, in the arena: they outlive the router. */
static int route_describe_request(const struct cairn__route *route,
    const struct cairn__path_match *match, struct cairn_http_request *req)
{
    struct cairn_str pattern = cairn_arena_copy(req->arena, route->pattern);
    if (!pattern.data)
        return -1;
    req->route = pattern;
    req->param_count = match->count;
    for (uint32_t i = 0; i < match->count; i++) {
        req->params[i].name = cairn_str_of(pattern.data + route->name_at[i], route->name_length[i]);
        req->params[i].value = match->values[i];
    }
    return 0;
}

static const struct cairn__route *route_at(
    const struct cairn__route_table *table, uint32_t leaf, enum cairn_http_method method)
{
    uint32_t index = table->leaves[leaf].routes[method];
    return index == CAIRN__PATH_NONE ? NULL : &table->routes[index];
}

static struct cairn__route *route_choose(
    const struct cairn__route_table *table, uint32_t leaf, enum cairn_http_method method)
{
    const struct cairn__route *route = route_at(table, leaf, method);
    if (!route && method == CAIRN_HTTP_HEAD)
        route = route_at(table, leaf, CAIRN_HTTP_GET);
    if (!route)
        route = route_at(table, leaf, CAIRN_HTTP_OTHER);
    return (struct cairn__route *)(size_t)route;
}

/* A set of methods: bit M for method M. */
static unsigned route_methods(const struct cairn__route_table *table, uint32_t leaf)
{
    unsigned methods = 1u << CAIRN_HTTP_OPTIONS;
    for (unsigned m = 0; m < CAIRN_HTTP_OTHER; m++) {
        if (route_at(table, leaf, (enum cairn_http_method)m))
            methods |= 1u << m;
    }
    if (methods & 1u << CAIRN_HTTP_GET)
        methods |= 1u << CAIRN_HTTP_HEAD;
    return methods;
}

static unsigned route_all_methods(const struct cairn__route_table *table)
{
    unsigned methods = 1u << CAIRN_HTTP_OPTIONS;
    for (uint32_t leaf = 0; leaf < table->tree.leaf_count; leaf++)
        methods |= route_methods(table, leaf);
    return methods;
}

/* RES with Allow, in the order of enum cairn_http_method; NULL without memory. */
static struct cairn_http_response *route_allow(struct cairn_http_response *res, unsigned methods)
{
    /* Room for all of them with commas. */
    char *text = res ? cairn_arena_alloc_text(res->arena, 80) : NULL;
    size_t length = 0;
    if (!text)
        return NULL;
    for (unsigned m = 0; m < CAIRN_HTTP_OTHER; m++) {
        if (!(methods & 1u << m))
            continue;
        const char *name = cairn_http_method_name((enum cairn_http_method)m);
        size_t name_length = strlen(name);
        memcpy(text + length, ", ", 2);
        memcpy(text + length + 2, name, name_length);
        length += name_length + 2;
    }
    struct cairn_str value = cairn_str_of(text + 2, length - 2);
    return cairn_http_fields_set(&res->fields, CAIRN_STR("Allow"), value) ? NULL : res;
}

static struct cairn_http_response *route_options(
    const struct cairn_http_request *req, unsigned methods)
{
    return route_allow(cairn_http_response_new(req, 204), methods);
}

static struct cairn_future route_not_allowed(
    struct cairn__route_table *table, uint32_t leaf, const struct cairn_http_request *req)
{
    unsigned methods = route_methods(table, leaf);
    if (req->method == CAIRN_HTTP_OPTIONS)
        return route_answer(route_options(req, methods));
    table->not_allowed++;
    return route_answer(route_allow(cairn_http_problem(req, 405, NULL), methods));
}

static struct cairn_future route_found(struct cairn__route_table *table,
    const struct cairn__path_match *match, struct cairn_http_request *req)
{
    struct cairn__route *route = route_choose(table, match->leaf, req->method);
    if (!route)
        return route_not_allowed(table, match->leaf, req);
    if (route_describe_request(route, match, req))
        return cairn_future_failed(&cairn_error_no_memory);
    return route_send(&route->target, req);
}

static struct cairn_future route_not_found(
    struct cairn__route_table *table, struct cairn_http_request *req)
{
    if (req->method == CAIRN_HTTP_OPTIONS && cairn_str_equal(req->path, CAIRN_STR("*")))
        return route_answer(route_options(req, route_all_methods(table)));
    table->not_found++;
    if (table->fallback.service)
        return route_send(&table->fallback, req);
    return route_answer(cairn_http_problem(req, 404, NULL));
}

static struct cairn_future route_call(struct cairn_service *base, void *request)
{
    struct cairn__route_table *table = ((struct route_service *)base)->table;
    struct cairn_http_request *req = request;
    struct cairn__path_match match;
    switch (cairn__path_tree_find(&table->tree, req->path, req->arena, &match)) {
    case CAIRN__PATH_FOUND:
        return route_found(table, &match, req);
    case CAIRN__PATH_MISSING:
        return route_not_found(table, req);
    case CAIRN__PATH_BAD:
        table->bad_path++;
        return route_answer(cairn_http_problem(
            req, 400, "the percent-encoding of the path is broken, or has a NUL"));
    default:
        return cairn_future_failed(&cairn_error_no_memory);
    }
}

static void route_cloned(struct cairn_service *base)
{
    cairn__route_table_ref(((struct route_service *)base)->table);
}

static void route_drop(struct cairn_service *base)
{
    cairn__route_table_unref(((struct route_service *)base)->table);
}

static void route_describe_begin(struct cairn_describe *d, const char *name)
{
    if (d->ops->begin)
        d->ops->begin(d->cx, name);
}

static void route_describe_target(
    struct cairn_describe *d, const struct cairn__route_target *target)
{
    cairn_describe_counter(d, "hits", target->hits);
    cairn_describe_service(d, target->service);
    if (d->ops->end)
        d->ops->end(d->cx);
}

static void route_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cairn__route_table *table = ((const struct route_service *)base)->table;
    cairn_describe_counter(d, "not_found", table->not_found);
    cairn_describe_counter(d, "not_allowed", table->not_allowed);
    cairn_describe_counter(d, "bad_path", table->bad_path);
    for (uint32_t i = 0; i < table->route_count; i++) {
        const struct cairn__route *route = &table->routes[i];
        route_describe_begin(d, "route");
        cairn_describe_text(d, "method", cairn__route_method_name(route->method));
        cairn_describe_text(d, "pattern", route->pattern.data);
        route_describe_target(d, &route->target);
    }
    if (table->fallback.service) {
        route_describe_begin(d, "fallback");
        route_describe_target(d, &table->fallback);
    }
}

static const struct cairn_service_ops route_ops = {
    .name = "router",
    .size = sizeof(struct route_service),
    .call = route_call,
    .cloned = route_cloned,
    .drop = route_drop,
    .describe = route_describe,
};

struct cairn_service *cairn__route_service_new(struct cairn__route_table *table)
{
    struct route_service *self = cairn_service_new(&route_ops, NULL);
    if (!self) {
        cairn__route_table_unref(table);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    self->table = table;
    self->base.request_type = &cairn_http_request_type;
    self->base.response_type = &cairn_http_response_type;
    return &self->base;
}
