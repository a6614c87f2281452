#include <cairn/http/codec/methods.h>
#include <cairn/http/routing/route_table.h>

static void describe_begin(struct cairn_describe *d, const char *name)
{
    if (d->ops->begin)
        d->ops->begin(d->cx, name);
}

static void describe_end(struct cairn_describe *d)
{
    if (d->ops->end)
        d->ops->end(d->cx);
}

static void describe_routes(const struct cairn__route_table *table, struct cairn_describe *d);

static void describe_host(const struct cairn__route *route, struct cairn_describe *d)
{
    describe_begin(d, "host");
    cairn_describe_text(d, "names", route->pattern.data);
    cairn_describe_counter(d, "hits", route->target.hits);
    describe_routes(route->host, d);
    describe_end(d);
}

static const char *describe_kind(const struct cairn__route *route)
{
    switch (route->kind) {
    case CAIRN__ENTRY_NEST:
        return "nest";
    case CAIRN__ENTRY_FALLBACK:
        return "fallback";
    case CAIRN__ENTRY_OTHERS:
    case CAIRN__ENTRY_NOT_ALLOWED:
        return "other_methods";
    default:
        return "route";
    }
}

static void describe_route(const struct cairn__route *route, struct cairn_describe *d)
{
    char methods[CAIRN__METHODS_BYTES];
    describe_begin(d, describe_kind(route));
    if (route->methods)
        cairn_describe_text(d, "method", cairn__methods_text(route->methods, ",", methods));
    if (route->pattern.length)
        cairn_describe_text(d, "pattern", route->pattern.data);
    cairn__route_target_describe(&route->target, d);
    describe_end(d);
}

/* SERVICE's own, without a pattern: NULL describes nothing. */
static void describe_target(
    const char *name, const struct cairn__route_target *target, struct cairn_describe *d)
{
    if (!target->service)
        return;
    describe_begin(d, name);
    cairn__route_target_describe(target, d);
    describe_end(d);
}

static void describe_routes(const struct cairn__route_table *table, struct cairn_describe *d)
{
    for (uint32_t i = 0; i < table->route_count; i++) {
        if (table->routes[i].host)
            describe_host(&table->routes[i], d);
        else
            describe_route(&table->routes[i], d);
    }
    describe_target("other_methods", &table->others->target, d);
    describe_target("fallback", &table->fallback, d);
}

void cairn__route_table_describe(const struct cairn__route_table *table, struct cairn_describe *d)
{
    cairn_describe_counter(d, "not_found", table->not_found);
    cairn_describe_counter(d, "not_allowed", table->not_allowed);
    cairn_describe_counter(d, "bad_path", table->bad_path);
    describe_routes(table, d);
}
