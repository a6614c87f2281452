#include <cairn/http/route_table.h>

#include <cairn/service/alloc.h>

static void route_target_fini(struct cairn__route_target *target)
{
    cairn_service_drop(target->service);
    cairn_error_unref(target->dead);
}

struct cairn__route_table *cairn__route_table_new(size_t count)
{
    struct cairn__route_table *table = cairn_alloc_zero(sizeof(*table));
    if (!table)
        return NULL;
    table->references = 1;
    table->route_capacity = (uint32_t)count;
    table->leaf_capacity = (uint32_t)count;
    if (count == 0)
        return table;
    table->routes = cairn_alloc_zero(count * sizeof(*table->routes));
    table->leaves = cairn_alloc(count * sizeof(*table->leaves));
    if (table->routes && table->leaves)
        return table;
    cairn_free(table->routes);
    cairn_free(table->leaves);
    cairn_free(table);
    return NULL;
}

struct cairn__route_table *cairn__route_table_ref(struct cairn__route_table *table)
{
    table->references++;
    return table;
}

void cairn__route_table_unref(struct cairn__route_table *table)
{
    if (--table->references != 0)
        return;
    for (uint32_t i = 0; i < table->route_count; i++) {
        route_target_fini(&table->routes[i].target);
        cairn_free((char *)(size_t)table->routes[i].pattern.data);
    }
    route_target_fini(&table->fallback);
    cairn__path_tree_fini(&table->tree);
    cairn_free(table->routes);
    cairn_free(table->leaves);
    cairn_free(table);
}

const char *cairn__route_method_name(enum cairn_http_method method)
{
    return method == CAIRN_HTTP_OTHER ? "ANY" : cairn_http_method_name(method);
}

static const char *route_type_name(const struct cairn_type *type)
{
    return type ? type->name : "anything";
}

/* Why SERVICE can be no route's; WHERE ("GET /users", "fallback") says which. NULL: it can. */
static struct cairn_error *route_check_service(
    const char *what, const char *where, const struct cairn_service *service)
{
    const struct cairn_error *broken = cairn_service_error(service);
    if (broken)
        return cairn_error_new(broken->code, "router",
            cairn_error_ref((struct cairn_error *)(size_t)broken), "%s %s", what, where);
    if (service->request_type != &cairn_http_request_type ||
        service->response_type != &cairn_http_response_type)
        return cairn_error_new(CAIRN_ERROR_TYPE, "router", NULL,
            "%s %s: needs a service from http.request to http.response, got one from %s to %s (%s)",
            what, where, route_type_name(service->request_type),
            route_type_name(service->response_type), service->ops->name);
    if (!cairn_service_is_cloneable(service))
        return cairn_error_new(CAIRN_ERROR_TYPE, "router", NULL,
            "%s %s: needs a service that can be cloned, and %s cannot", what, where,
            service->ops->name);
    return NULL;
}

/* The names, and the leaf; ROUTE has its pattern. */
static struct cairn_error *route_parse(
    struct cairn__route_table *table, struct cairn__route *route, uint32_t *leaf)
{
    struct cairn__pattern pattern;
    const char *complaint = cairn__pattern_parse(route->pattern, &pattern);
    if (complaint)
        return cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL, "%s %s: %s",
            cairn__route_method_name(route->method), route->pattern.data, complaint);
    unsigned captures = 0;
    for (size_t i = 0; i < pattern.count; i++) {
        const struct cairn__segment *segment = &pattern.segments[i];
        if (segment->kind == CAIRN__SEGMENT_STATIC)
            continue;
        route->name_at[captures] = (uint16_t)(segment->text.data - route->pattern.data);
        route->name_length[captures++] = (uint16_t)segment->text.length;
    }
    uint32_t known = table->tree.leaf_count;
    if (cairn__path_tree_add(&table->tree, &pattern, leaf))
        return &cairn_error_no_memory;
    if (*leaf == known)
        memset(&table->leaves[*leaf], 0xff, sizeof(table->leaves[*leaf])); /* all NONE */
    return NULL;
}

static struct cairn_error *route_claim(
    struct cairn__route_table *table, const struct cairn__route *route, uint32_t leaf)
{
    uint32_t *slot = &table->leaves[leaf].routes[route->method];
    const char *method = cairn__route_method_name(route->method);
    if (*slot != CAIRN__PATH_NONE)
        return cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL, "%s %s overlaps %s %s", method,
            route->pattern.data, method, table->routes[*slot].pattern.data);
    *slot = (uint32_t)(route - table->routes);
    return NULL;
}

struct cairn_error *cairn__route_table_add(struct cairn__route_table *table,
    enum cairn_http_method method, char *pattern, struct cairn_service *service)
{
    uint32_t leaf = 0;
    struct cairn__route *route = &table->routes[table->route_count++];
    *route = (struct cairn__route){
        .target.service = service, .method = method, .pattern = cairn_str_from(pattern)};
    struct cairn_error *error = route_parse(table, route, &leaf);
    if (!error)
        error = route_check_service(cairn__route_method_name(method), pattern, service);
    return error ? error : route_claim(table, route, leaf);
}

struct cairn_error *cairn__route_table_set_fallback(
    struct cairn__route_table *table, struct cairn_service *service)
{
    table->fallback.service = service;
    return service ? route_check_service("the", "fallback", service) : NULL;
}
