#include <cairn/http/router.h>

#include <cairn/http/routing/route_strip.h>
#include <cairn/http/routing/router_builder.h>
#include <cairn/service/alloc.h>
#include <cairn/service/stack.h>

/* Has one service of the router's `others` for all routes that have none of their own yet, so that
 * it can get what the routes get: layers, a prefix taken off. */
static void group_cover(struct cairn_http_router *self)
{
    size_t others = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (self->entries[i].kind != CAIRN__ENTRY_ROUTE || self->entries[i].others)
            continue;
        if (!others) {
            cairn__router_append(self, (struct cairn__router_entry){.kind = CAIRN__ENTRY_OTHERS,
                                           .pattern = cairn_strdup(""),
                                           .service = cairn__route_others_service(self->others)});
            others = self->count;
        }
        self->entries[i].others = others;
    }
}

/* A FALLBACK entry for the router's own fallback. */
static void group_append_fallback(struct cairn_http_router *self)
{
    struct cairn_service *fallback = self->fallback;
    self->fallback = NULL;
    if (fallback)
        cairn__router_append(self,
            (struct cairn__router_entry){
                .kind = CAIRN__ENTRY_FALLBACK, .pattern = cairn_strdup(""), .service = fallback});
}

static bool group_is_route(const struct cairn__router_entry *entry)
{
    return entry->kind == CAIRN__ENTRY_ROUTE || entry->kind == CAIRN__ENTRY_NEST;
}

static void group_wrap(
    struct cairn_service **service, const struct cairn_layer *layers, size_t count)
{
    if (*service && count)
        *service = cairn_stack_build(*service, layers, count);
}

void cairn_http_router_layer_build(
    struct cairn_http_router *router, const struct cairn_layer *layers, size_t count)
{
    if (!router)
        return;
    group_cover(router);
    for (size_t i = 0; i < router->count; i++) {
        if (router->entries[i].host)
            cairn_http_router_layer_build(router->entries[i].host, layers, count);
        group_wrap(&router->entries[i].service, layers, count);
    }
    group_wrap(&router->fallback, layers, count);
}

/* Puts LAYERS around the routes alone; returns how many there are. */
static size_t group_wrap_routes(
    struct cairn_http_router *self, const struct cairn_layer *layers, size_t count)
{
    size_t routes = 0;
    for (size_t i = 0; i < self->count; i++) {
        struct cairn__router_entry *entry = &self->entries[i];
        if (entry->host)
            routes += group_wrap_routes(entry->host, layers, count);
        if (!group_is_route(entry))
            continue;
        group_wrap(&entry->service, layers, count);
        routes++;
    }
    return routes;
}

void cairn_http_route_layer_build(
    struct cairn_http_router *router, const struct cairn_layer *layers, size_t count)
{
    if (router && group_wrap_routes(router, layers, count) == 0)
        cairn__router_append_error(router, cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL,
                                               "route_layer: there is no route yet"));
}

/* PREFIX and PATTERN in a new block; NULL without memory. */
static char *group_join(const char *prefix, const char *pattern)
{
    size_t before = strlen(prefix);
    size_t after = before && strcmp(pattern, "/") == 0 ? 0 : strlen(pattern);
    char *joined = cairn_alloc(before + after + 1);
    if (!joined)
        return NULL;
    memcpy(joined, prefix, before);
    memcpy(joined + before, pattern, after);
    joined[before + after] = '\0';
    return joined;
}

/* PREFIX before the pattern and off the path. */
static void group_prefix(struct cairn__router_entry *entry, const char *prefix)
{
    if (entry->service)
        entry->service = cairn__route_strip(entry->service, prefix);
    if (!entry->pattern)
        return;
    char *joined = group_join(prefix, entry->pattern);
    cairn_free(entry->pattern);
    entry->pattern = joined;
}

/* The entries of GROUP go to the end of SELF's. */
static void group_move(
    struct cairn_http_router *self, struct cairn_http_router *group, const char *prefix)
{
    size_t base = self->count;
    for (size_t i = 0; i < group->count; i++) {
        struct cairn__router_entry entry = group->entries[i];
        group->entries[i] = (struct cairn__router_entry){0};
        if (*prefix)
            group_prefix(&entry, prefix);
        if (entry.others)
            entry.others += base;
        cairn__router_append(self, entry);
    }
    self->is_out_of_memory |= group->is_out_of_memory;
}

/* Whether there are two routers with memory. If not, ROUTER knows that it ran out. Takes GROUP
 * then.
 */
static bool group_is_possible(struct cairn_http_router *router, struct cairn_http_router *group)
{
    if (router && group && !group->is_out_of_memory)
        return true;
    if (router)
        router->is_out_of_memory = true;
    cairn_http_router_free(group);
    return false;
}

/* Takes GROUP. */
static void group_finish(
    struct cairn_http_router *router, struct cairn_http_router *group, const char *prefix)
{
    if (group->others->target.service)
        group_cover(group);
    if (*prefix) {
        group_append_fallback(group);
    } else if (group->fallback) {
        cairn_http_router_fallback(router, group->fallback);
        group->fallback = NULL;
    }
    group->others->outer = cairn__route_others_ref(router->others);
    group_move(router, group, prefix);
    cairn_http_router_free(group);
}

static bool group_has_host(const struct cairn_http_router *group)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->entries[i].host)
            return true;
    }
    return false;
}

static const char *group_prefix_complaint(const char *prefix)
{
    size_t length = strlen(prefix);
    if (length && (prefix[0] != '/' || prefix[length - 1] == '/'))
        return "a prefix begins with a slash, and does not end with one";
    return strstr(prefix, "{*") ? "a prefix has no {*rest}" : NULL;
}

static const char *group_complaint(const struct cairn_http_router *router,
    const struct cairn_http_router *group, const char *prefix)
{
    const char *complaint = group_prefix_complaint(prefix);
    if (complaint)
        return complaint;
    if (group_has_host(group))
        return "hosts belong to the outermost router";
    if (!*prefix && group->fallback && router->fallback)
        return "both routers have a fallback";
    return group->count || group->fallback ? NULL : "it has no routes";
}

static void group_refuse(
    struct cairn_http_router *router, const char *what, const char *prefix, const char *complaint)
{
    cairn__router_append_error(router, cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL,
                                           "%s \"%s\": %s", what, prefix, complaint));
}

void cairn_http_group_build(struct cairn_http_router *router, const char *prefix,
    struct cairn_http_router *group, const struct cairn_layer *layers, size_t count)
{
    if (!group_is_possible(router, group))
        return;
    const char *complaint = group_complaint(router, group, prefix);
    if (complaint) {
        group_refuse(router, "group", prefix, complaint);
        cairn_http_router_free(group);
        return;
    }
    if (count)
        cairn_http_router_layer_build(group, layers, count);
    group_finish(router, group, prefix);
}

void cairn_http_merge(struct cairn_http_router *router, struct cairn_http_router *other)
{
    if (!group_is_possible(router, other))
        return;
    if (!router->fallback || !other->fallback) {
        group_finish(router, other, "");
        return;
    }
    cairn__router_append_error(router, cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL,
                                           "merge: both routers have a fallback"));
    cairn_http_router_free(other);
}

void cairn_http_nest_service(
    struct cairn_http_router *router, const char *prefix, struct cairn_service *service)
{
    const char *complaint = group_prefix_complaint(prefix);
    if (!complaint && !*prefix)
        complaint = "what is below every path is the fallback";
    if (complaint) {
        cairn_service_drop(service);
        group_refuse(router, "nest", prefix, complaint);
        return;
    }
    cairn__router_append(
        router, (struct cairn__router_entry){.kind = CAIRN__ENTRY_NEST,
                    .methods = CAIRN_HTTP_BIT(CAIRN_HTTP_OTHER),
                    .pattern = cairn_strdup(prefix),
                    .service = service ? cairn__route_strip(service, prefix) : NULL});
}

void cairn_http_host(
    struct cairn_http_router *router, const char *names, struct cairn_http_router *host)
{
    if (!group_is_possible(router, host))
        return;
    if (!group_has_host(host)) {
        host->others->outer = cairn__route_others_ref(router->others);
        cairn__router_append(
            router, (struct cairn__router_entry){
                        .kind = CAIRN__ENTRY_HOST, .pattern = cairn_strdup(names), .host = host});
        return;
    }
    group_refuse(router, "host", names, "hosts belong to the outermost router");
    cairn_http_router_free(host);
}
