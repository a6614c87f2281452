#include <cairn/http/codec/methods.h>
#include <cairn/http/error_response.h>
#include <cairn/http/routing/route_table.h>
#include <cairn/service/combine.h>

struct route_service {
    struct cairn_service base;
    struct cairn__route_table *table;
};

/* A request on its way. */
struct route_call {
    struct cairn__route_table *root;
    struct cairn__route_table *table; /* the root, or that of the request's host */
    struct cairn_http_request *req;
    struct cairn__path_match match;
};

static struct cairn_error route_too_many_params = CAIRN_ERROR_STATIC(CAIRN_ERROR_TOO_LARGE,
    "router", "routers inside of each other have captured more than 16 values");

/* PREFIX, if there is one, and PATTERN, of which a slash alone adds nothing to a prefix. *OWN is
 * the copy of PATTERN in it. */
static struct cairn_str route_copy_pattern(
    struct cairn_arena *arena, struct cairn_str prefix, struct cairn_str pattern, const char **own)
{
    if (prefix.length && cairn_str_equal(pattern, CAIRN_STR("/")))
        pattern.length = 0;
    char *text = cairn_arena_alloc_text(arena, prefix.length + pattern.length);
    if (!text)
        return cairn_str_of(NULL, 0);
    if (prefix.data)
        memcpy(text, prefix.data, prefix.length);
    memcpy(text + prefix.length, pattern.data, pattern.length);
    *own = text + prefix.length;
    return cairn_str_of(text, prefix.length + pattern.length);
}

/* Adds what ROUTE has captured to the parameters: behind those of the routers around this one,
 * which have taken a prefix off. PATTERN is the route's, in the arena. */
static struct cairn_error *route_add_params(
    const struct route_call *call, const struct cairn__route *route, const char *pattern)
{
    struct cairn_http_request *req = call->req;
    if (!req->route_prefix.data)
        req->param_count = 0;
    if (req->param_count + route->captures > CAIRN_HTTP_MAX_PARAMS)
        return &route_too_many_params;
    for (uint32_t i = 0; i < route->captures; i++)
        req->params[req->param_count++] = (struct cairn_http_param){
            cairn_str_of(pattern + route->name_at[i], route->name_length[i]),
            call->match.values[i]};
    return NULL;
}

/* Tells the request where it has come to: in copies, which outlive the router, or by its own path
 * where that is the same. */
static struct cairn_error *route_describe_request(
    const struct route_call *call, const struct cairn__route *route)
{
    struct cairn_http_request *req = call->req;
    const char *own = NULL;
    if (call->match.is_whole && !req->route_prefix.data && route->kind == CAIRN__ENTRY_ROUTE) {
        req->route = req->path;
        req->param_count = 0;
        return NULL;
    }
    struct cairn_str pattern =
        route_copy_pattern(req->arena, req->route_prefix, route->pattern, &own);
    if (!pattern.data)
        return &cairn_error_no_memory;
    /* A fallback is no route. */
    if (route->kind != CAIRN__ENTRY_FALLBACK)
        req->route = pattern;
    return route_add_params(call, route, own);
}

/* The index of the route, or NONE. */
static uint32_t route_choose(const struct cairn__route_leaf *leaf, enum cairn_http_method method)
{
    uint32_t route = leaf->routes[method];
    if (route == CAIRN__PATH_NONE && method == CAIRN_HTTP_HEAD)
        route = leaf->routes[CAIRN_HTTP_GET];
    return route == CAIRN__PATH_NONE ? leaf->routes[CAIRN_HTTP_OTHER] : route;
}

static unsigned route_methods(const struct cairn__route_table *table, uint32_t leaf)
{
    unsigned methods = CAIRN_HTTP_BIT(CAIRN_HTTP_OPTIONS);
    for (unsigned m = 0; m < CAIRN_HTTP_OTHER; m++) {
        if (table->leaves[leaf].routes[m] != CAIRN__PATH_NONE)
            methods |= CAIRN_HTTP_BIT(m);
    }
    if (methods & CAIRN_HTTP_BIT(CAIRN_HTTP_GET))
        methods |= CAIRN_HTTP_BIT(CAIRN_HTTP_HEAD);
    return methods;
}

static unsigned route_all_methods(const struct cairn__route_table *table)
{
    unsigned methods = CAIRN_HTTP_BIT(CAIRN_HTTP_OPTIONS);
    for (uint32_t leaf = 0; leaf < table->tree.leaf_count; leaf++)
        methods |= route_methods(table, leaf);
    return methods;
}

/* METHODS as a value of Allow, in the arena; NULL without memory. */
static char *route_allow_text(const struct route_call *call, unsigned methods)
{
    char text[CAIRN__METHODS_BYTES];
    return (char *)(size_t)cairn_arena_copy(
        call->req->arena, cairn_str_from(cairn__methods_text(methods, ", ", text)))
        .data;
}

/* CX is the value of Allow; one that is there already stays. */
static struct cairn_future route_allow(void *cx, void *value)
{
    struct cairn_http_response *res = value;
    if (cairn_http_fields_get(&res->fields, CAIRN_STR("Allow")).data ||
        cairn_http_fields_set(&res->fields, CAIRN_STR("Allow"), cairn_str_from(cx)) == 0)
        return cairn_future_ready(res);
    cairn_type_drop(&cairn_http_response_type, res);
    return cairn_future_failed(&cairn_error_no_memory);
}

static struct cairn_future route_not_allowed(const struct route_call *call)
{
    const struct cairn__route_table *table = call->table;
    const struct cairn__route_leaf *leaf = &table->leaves[call->match.leaf];
    uint32_t own = leaf->not_allowed == CAIRN__PATH_NONE ? leaf->others : leaf->not_allowed;
    char *allow = route_allow_text(call, route_methods(table, call->match.leaf));
    if (!allow)
        return cairn__route_fail(call->req, &cairn_error_no_memory);
    if (call->req->method != CAIRN_HTTP_OPTIONS)
        call->root->not_allowed++;
    struct cairn_future future =
        own == CAIRN__PATH_NONE ? cairn__route_others_call(table->others, call->req)
                                : cairn__route_target_send(&table->routes[own].target, call->req);
    return cairn_future_and_then(future, route_allow, allow);
}

static struct cairn_future route_found(const struct route_call *call)
{
    const struct cairn__route_leaf *leaf = &call->table->leaves[call->match.leaf];
    uint32_t index = route_choose(leaf, call->req->method);
    bool has_route = index != CAIRN__PATH_NONE;
    /* Whatever answers: the path is known, and has a name. */
    struct cairn__route *route = &call->table->routes[has_route ? index : leaf->first];
    struct cairn_error *error = route_describe_request(call, route);
    if (error)
        return cairn__route_fail(call->req, error);
    return has_route ? cairn__route_target_send(&route->target, call->req)
                     : route_not_allowed(call);
}

/* The router's own, or the default host's, or a 404. */
static struct cairn_future route_fall_back(const struct route_call *call)
{
    if (call->table->fallback.service)
        return cairn__route_target_send(&call->table->fallback, call->req);
    if (call->root->fallback.service)
        return cairn__route_target_send(&call->root->fallback, call->req);
    return cairn__route_answer(call->req, cairn_http_problem(call->req, 404, NULL));
}

/* The methods of all routes there are. */
static struct cairn_future route_options_of_all(const struct route_call *call)
{
    char *allow = route_allow_text(call, route_all_methods(call->table));
    struct cairn_http_response *res = allow ? cairn_http_response_new(call->req, 204) : NULL;
    return cairn_future_and_then(cairn__route_answer(call->req, res), route_allow, allow);
}

/* That of the innermost group whose prefix the path has, or of the whole. */
static struct cairn_future route_not_found(struct route_call *call)
{
    struct cairn__route_table *table = call->table;
    struct cairn_http_request *req = call->req;
    if (req->method == CAIRN_HTTP_OPTIONS && cairn_str_equal(req->path, CAIRN_STR("*")))
        return route_options_of_all(call);
    call->root->not_found++;
    enum cairn__path_result result =
        cairn__path_tree_find(&table->fallback_tree, req->path, req->arena, &call->match);
    if (result == CAIRN__PATH_MISSING)
        return route_fall_back(call);
    if (result == CAIRN__PATH_NO_MEMORY)
        return cairn__route_fail(req, &cairn_error_no_memory);
    struct cairn__route *route = &table->routes[table->fallback_leaves[call->match.leaf]];
    struct cairn_error *error = route_describe_request(call, route);
    return error ? cairn__route_fail(req, error) : cairn__route_target_send(&route->target, req);
}

static struct cairn_future route_by_path(struct route_call *call)
{
    struct cairn_http_request *req = call->req;
    switch (cairn__path_tree_find(&call->table->tree, req->path, req->arena, &call->match)) {
    case CAIRN__PATH_FOUND:
        return route_found(call);
    case CAIRN__PATH_MISSING:
        return route_not_found(call);
    case CAIRN__PATH_BAD:
        call->root->bad_path++;
        return cairn__route_answer(
            req, cairn_http_problem(
                     req, 400, "the percent-encoding of the path is broken, or has a NUL"));
    default:
        return cairn__route_fail(req, &cairn_error_no_memory);
    }
}

/* Goes on with the routes of the request's host, if it is one of those that have their own. */
static int route_choose_host(struct route_call *call)
{
    struct cairn_http_request *req = call->req;
    const struct cairn__host_name *name =
        cairn__host_names_find(&call->root->hosts, cairn_http_request_field(req, "Host"));
    if (!name)
        return 0;
    struct cairn__route *host = &call->root->routes[name->owner];
    host->target.hits++;
    call->table = host->host;
    req->route_host = cairn_arena_copy(req->arena, name->text);
    return req->route_host.data ? 0 : -1;
}

static struct cairn_future route_call(struct cairn_service *base, void *request)
{
    struct cairn__route_table *table = ((struct route_service *)base)->table;
    struct route_call call;
    call.root = table;
    call.table = table;
    call.req = request;
    if (table->hosts.names && route_choose_host(&call))
        return cairn__route_fail(request, &cairn_error_no_memory);
    return route_by_path(&call);
}

static void route_cloned(struct cairn_service *base)
{
    cairn__route_table_ref(((struct route_service *)base)->table);
}

static void route_drop(struct cairn_service *base)
{
    cairn__route_table_unref(((struct route_service *)base)->table);
}

static void route_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn__route_table_describe(((const struct route_service *)base)->table, d);
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
