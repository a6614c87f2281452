#include <cairn/http/routing/route_table.h>

#include <stdio.h>

#include <cairn/http/codec/methods.h>
#include <cairn/service/alloc.h>

/* What errors call a route: method, host and pattern. Longer patterns are cut. */
#define ROUTE_NAME_BYTES 1400

/* A nest and a fallback have a leaf for the prefix, one with a slash behind it, and one for what is
 * below. */
#define ROUTE_LEAVES 3

static int route_table_reserve(struct cairn__route_table *self, size_t count)
{
    if (count == 0)
        return 0;
    self->routes = cairn_alloc_zero(count * sizeof(*self->routes));
    self->leaves = cairn_alloc(ROUTE_LEAVES * count * sizeof(*self->leaves));
    self->fallback_leaves = cairn_alloc(ROUTE_LEAVES * count * sizeof(*self->fallback_leaves));
    return self->routes && self->leaves && self->fallback_leaves ? 0 : -1;
}

struct cairn__route_table *cairn__route_table_new(
    size_t count, struct cairn__route_others *others, const char *label)
{
    struct cairn__route_table *table = cairn_alloc_zero(sizeof(*table));
    if (!table)
        return NULL;
    table->references = 1;
    table->others = cairn__route_others_ref(others);
    table->label = label;
    if (route_table_reserve(table, count) == 0)
        return table;
    cairn__route_table_unref(table);
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
        struct cairn__route *route = &table->routes[i];
        cairn__route_target_fini(&route->target);
        cairn_free((char *)(size_t)route->pattern.data);
        if (route->host)
            cairn__route_table_unref(route->host);
    }
    cairn__route_target_fini(&table->fallback);
    cairn__route_others_unref(table->others);
    cairn__path_tree_fini(&table->tree);
    cairn__path_tree_fini(&table->fallback_tree);
    cairn__host_names_fini(&table->hosts);
    cairn_free(table->routes);
    cairn_free(table->leaves);
    cairn_free(table->fallback_leaves);
    cairn_free(table);
}

/* "GET,PUT example.com/users", "the fallback of /admin". */
static const char *route_name(const struct cairn__route_table *table,
    const struct cairn__route *route, char out[ROUTE_NAME_BYTES])
{
    char methods[CAIRN__METHODS_BYTES];
    const char *what = cairn__methods_text(route->methods, ",", methods);
    if (route->kind == CAIRN__ENTRY_FALLBACK)
        what = "the fallback of";
    else if (route->kind == CAIRN__ENTRY_NOT_ALLOWED || route->kind == CAIRN__ENTRY_OTHERS)
        what = "the 405 of";
    snprintf(out, ROUTE_NAME_BYTES, "%s %s%s", what, table->label, route->pattern.data);
    return out;
}

static struct cairn_error *route_overlap(const struct cairn__route_table *table,
    const struct cairn__route *route, const struct cairn__route *other)
{
    char name[ROUTE_NAME_BYTES];
    char other_name[ROUTE_NAME_BYTES];
    return cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL, "%s overlaps %s",
        route_name(table, route, name), route_name(table, other, other_name));
}

static uint32_t route_index(
    const struct cairn__route_table *table, const struct cairn__route *route)
{
    return (uint32_t)(route - table->routes);
}

/* Where the names of captures lie in the pattern. */
static void route_read_names(struct cairn__route *route, const struct cairn__pattern *pattern)
{
    route->captures = 0;
    for (size_t i = 0; i < pattern->count; i++) {
        const struct cairn__segment *segment = &pattern->segments[i];
        if (segment->kind == CAIRN__SEGMENT_STATIC)
            continue;
        route->name_at[route->captures] = (uint16_t)(segment->text.data - route->pattern.data);
        route->name_length[route->captures++] = (uint16_t)segment->text.length;
    }
}

/* Adds the first LENGTH bytes of the route's pattern to TREE. */
static struct cairn_error *route_plant(const struct cairn__route_table *table,
    struct cairn__route *route, size_t length, struct cairn__path_tree *tree, uint32_t *leaf)
{
    struct cairn__pattern pattern;
    char name[ROUTE_NAME_BYTES];
    const char *complaint =
        cairn__pattern_parse(cairn_str_of(route->pattern.data, length), &pattern);
    if (complaint)
        return cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL, "%s: %s",
            route_name(table, route, name), complaint);
    route_read_names(route, &pattern);
    return cairn__path_tree_add(tree, &pattern, leaf) ? &cairn_error_no_memory : NULL;
}

/* The same, with the leaf made if it is new. */
static struct cairn_error *route_plant_leaf(struct cairn__route_table *table,
    struct cairn__route *route, size_t length, struct cairn__route_leaf **out)
{
    uint32_t known = table->tree.leaf_count;
    uint32_t leaf = 0;
    struct cairn_error *error = route_plant(table, route, length, &table->tree, &leaf);
    *out = &table->leaves[leaf];
    if (!error && leaf == known)
        memset(*out, 0xff, sizeof(**out)); /* all NONE */
    return error;
}

static struct cairn_error *route_claim(const struct cairn__route_table *table,
    const struct cairn__route *route, struct cairn__route_leaf *leaf)
{
    for (unsigned m = 0; m < CAIRN_HTTP_METHODS; m++) {
        if (!(route->methods & CAIRN_HTTP_BIT(m)))
            continue;
        if (leaf->routes[m] != CAIRN__PATH_NONE)
            return route_overlap(table, route, &table->routes[leaf->routes[m]]);
        leaf->routes[m] = route_index(table, route);
    }
    if (leaf->first == CAIRN__PATH_NONE)
        leaf->first = route_index(table, route);
    if (leaf->others == CAIRN__PATH_NONE)
        leaf->others = route->others;
    return NULL;
}

static struct cairn_error *route_add_length(
    struct cairn__route_table *table, struct cairn__route *route, size_t length)
{
    struct cairn__route_leaf *leaf;
    struct cairn_error *error = route_plant_leaf(table, route, length, &leaf);
    return error ? error : route_claim(table, route, leaf);
}

static struct cairn_error *route_add_fallback_length(
    struct cairn__route_table *table, struct cairn__route *route, size_t length)
{
    uint32_t known = table->fallback_tree.leaf_count;
    uint32_t leaf = 0;
    struct cairn_error *error = route_plant(table, route, length, &table->fallback_tree, &leaf);
    if (!error && leaf != known)
        error = route_overlap(table, route, &table->routes[table->fallback_leaves[leaf]]);
    if (!error)
        table->fallback_leaves[leaf] = route_index(table, route);
    return error;
}

/* What is at a prefix and below it. The shortest one comes last: its captures are the prefix's own,
 * without the rest. */
static struct cairn_error *route_add_below(struct cairn__route_table *table,
    struct cairn__route *route,
    struct cairn_error *(*add)(struct cairn__route_table *, struct cairn__route *, size_t))
{
    size_t all = route->pattern.length;
    size_t prefix = all - strlen("/{*rest}");
    struct cairn_error *error = add(table, route, all);
    if (!error)
        error = add(table, route, prefix + 1);
    return error ? error : add(table, route, prefix);
}

static struct cairn_error *route_add_not_allowed(
    struct cairn__route_table *table, struct cairn__route *route)
{
    struct cairn__route_leaf *leaf;
    struct cairn_error *error = route_plant_leaf(table, route, route->pattern.length, &leaf);
    if (error)
        return error;
    if (leaf->not_allowed != CAIRN__PATH_NONE)
        return route_overlap(table, route, &table->routes[leaf->not_allowed]);
    leaf->not_allowed = route_index(table, route);
    return NULL;
}

static struct cairn_error *route_add_host(
    struct cairn__route_table *table, struct cairn__route *route, struct cairn_http_router *host)
{
    char label[CAIRN__HOST_BYTES + 1];
    struct cairn_error *error =
        cairn__host_names_add(&table->hosts, route->pattern, route_index(table, route), label);
    if (!error)
        return cairn__router_build(host, label, &route->host);
    cairn_http_router_free(host);
    return error;
}

static struct cairn_error *route_add(
    struct cairn__route_table *table, struct cairn__route *route, struct cairn_http_router *host)
{
    switch (route->kind) {
    case CAIRN__ENTRY_ROUTE:
        return route_add_length(table, route, route->pattern.length);
    case CAIRN__ENTRY_NEST:
        return route_add_below(table, route, route_add_length);
    case CAIRN__ENTRY_FALLBACK:
        return route_add_below(table, route, route_add_fallback_length);
    case CAIRN__ENTRY_NOT_ALLOWED:
        return route_add_not_allowed(table, route);
    case CAIRN__ENTRY_HOST:
        return route_add_host(table, route, host);
    default:
        return NULL;
    }
}

static struct cairn_error *route_check(
    const struct cairn__route_table *table, const struct cairn__route *route)
{
    char name[ROUTE_NAME_BYTES];
    if (!route->target.service)
        return NULL;
    return cairn__route_target_check(route_name(table, route, name), route->target.service);
}

static bool route_is_prefix(const struct cairn__route *route)
{
    return route->kind == CAIRN__ENTRY_NEST || route->kind == CAIRN__ENTRY_FALLBACK;
}

/* A prefix becomes "/prefix/{*rest}". */
static int route_take_pattern(struct cairn__route *route, char *pattern)
{
    route->pattern = cairn_str_from(pattern);
    if (!route_is_prefix(route))
        return 0;
    char *longer = cairn_resize(pattern, route->pattern.length + sizeof("/{*rest}"));
    if (!longer)
        return -1;
    memcpy(longer + route->pattern.length, "/{*rest}", sizeof("/{*rest}"));
    route->pattern = cairn_str_from(longer);
    return 0;
}

struct cairn_error *cairn__route_table_add(
    struct cairn__route_table *table, const struct cairn__router_entry *entry)
{
    struct cairn__route *route = &table->routes[table->route_count++];
    *route = (struct cairn__route){.kind = entry->kind,
        .target.service = entry->service,
        .methods = entry->methods,
        .others = entry->others ? (uint32_t)entry->others - 1 : CAIRN__PATH_NONE};
    if (route_take_pattern(route, entry->pattern)) {
        cairn_http_router_free(entry->host);
        return &cairn_error_no_memory;
    }
    struct cairn_error *error = route_check(table, route);
    return error ? error : route_add(table, route, entry->host);
}

/* A path of which nothing is known but what to answer where it has no route. */
static struct cairn_error *route_check_paths(const struct cairn__route_table *table)
{
    char name[ROUTE_NAME_BYTES];
    for (uint32_t i = 0; i < table->tree.leaf_count; i++) {
        const struct cairn__route_leaf *leaf = &table->leaves[i];
        if (leaf->first == CAIRN__PATH_NONE)
            return cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL,
                "%s: no route has this path",
                route_name(table, &table->routes[leaf->not_allowed], name));
    }
    return NULL;
}

struct cairn_error *cairn__route_table_finish(
    struct cairn__route_table *table, struct cairn_service *fallback)
{
    table->fallback.service = fallback;
    struct cairn_error *error = route_check_paths(table);
    if (!error && fallback)
        error = cairn__route_target_check("the fallback", fallback);
    table->label = "";
    return error;
}
