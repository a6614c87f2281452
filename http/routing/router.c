#include <cairn/http/router.h>

#include <cairn/http/codec/methods.h>
#include <cairn/http/routing/route_table.h>
#include <cairn/http/routing/router_builder.h>
#include <cairn/service/alloc.h>

struct cairn_http_router *cairn_http_router_new(void)
{
    struct cairn_http_router *router = cairn_alloc_zero(sizeof(*router));
    if (!router)
        return NULL;
    router->others = cairn__route_others_new();
    if (router->others)
        return router;
    cairn_free(router);
    return NULL;
}

static void router_entry_fini(struct cairn__router_entry *entry)
{
    cairn_free(entry->pattern);
    cairn_service_drop(entry->service);
    cairn_http_router_free(entry->host);
    cairn_error_unref(entry->error);
}

void cairn_http_router_free(struct cairn_http_router *router)
{
    if (!router)
        return;
    for (size_t i = 0; i < router->count; i++)
        router_entry_fini(&router->entries[i]);
    cairn_service_drop(router->fallback);
    cairn__route_others_unref(router->others);
    cairn_free(router->entries);
    cairn_free(router);
}

static int router_grow(struct cairn_http_router *self)
{
    size_t capacity = self->capacity ? 2 * self->capacity : 16;
    struct cairn__router_entry *entries = cairn_resize(self->entries, capacity * sizeof(*entries));
    if (!entries)
        return -1;
    self->entries = entries;
    self->capacity = capacity;
    return 0;
}

static bool router_entry_is_whole(const struct cairn__router_entry *entry)
{
    switch (entry->kind) {
    case CAIRN__ENTRY_ERROR:
        return entry->error;
    case CAIRN__ENTRY_HOST:
        return entry->pattern && entry->host;
    default:
        return entry->pattern && entry->service;
    }
}

void cairn__router_append(struct cairn_http_router *self, struct cairn__router_entry entry)
{
    if (self && router_entry_is_whole(&entry) &&
        (self->count < self->capacity || router_grow(self) == 0)) {
        self->entries[self->count++] = entry;
        return;
    }
    router_entry_fini(&entry);
    if (self)
        self->is_out_of_memory = true;
}

void cairn__router_append_error(struct cairn_http_router *self, struct cairn_error *error)
{
    cairn__router_append(
        self, (struct cairn__router_entry){.kind = CAIRN__ENTRY_ERROR, .error = error});
}

static void router_append_route(struct cairn_http_router *self, unsigned methods,
    const char *pattern, struct cairn_service *service)
{
    cairn__router_append(self, (struct cairn__router_entry){.kind = CAIRN__ENTRY_ROUTE,
                                   .methods = methods,
                                   .pattern = cairn_strdup(pattern),
                                   .service = service});
}

void cairn_http_on(struct cairn_http_router *router, unsigned methods, const char *pattern,
    struct cairn_service *service)
{
    const char *complaint = NULL;
    if (methods >= CAIRN_HTTP_BIT(CAIRN_HTTP_OTHER))
        complaint = "each method must be one that has a name; cairn_http_any takes them all";
    else if (methods == 0)
        complaint = "the set of methods is empty";
    if (!complaint) {
        router_append_route(router, methods, pattern, service);
        return;
    }
    cairn_service_drop(service);
    cairn__router_append_error(
        router, cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL, "%s: %s", pattern, complaint));
}

void cairn_http_route(struct cairn_http_router *router, enum cairn_http_method method,
    const char *pattern, struct cairn_service *service)
{
    unsigned known = (unsigned)method < CAIRN_HTTP_OTHER ? (unsigned)method : CAIRN_HTTP_OTHER;
    cairn_http_on(router, CAIRN_HTTP_BIT(known), pattern, service);
}

void cairn_http_any(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service)
{
    router_append_route(router, CAIRN_HTTP_BIT(CAIRN_HTTP_OTHER), pattern, service);
}

void cairn_http_router_fallback(struct cairn_http_router *router, struct cairn_service *service)
{
    if (!router) {
        cairn_service_drop(service);
        return;
    }
    cairn_service_drop(router->fallback);
    router->fallback = service;
    if (!service)
        router->is_out_of_memory = true;
}

void cairn_http_router_reset_fallback(struct cairn_http_router *router)
{
    if (!router)
        return;
    cairn_service_drop(router->fallback);
    router->fallback = NULL;
}

/* Gives SERVICE, which may be NULL, to OTHERS. WHERE says whose it is if it is no good. */
static void router_set_others(struct cairn_http_router *self, struct cairn__route_others *others,
    const char *where, struct cairn_service *service)
{
    struct cairn_error *error = &cairn_error_no_memory;
    if (service && others)
        error = cairn__route_target_check(where, service);
    if (error) {
        cairn_service_drop(service);
        cairn__router_append_error(self, error);
        return;
    }
    cairn_service_drop(others->target.service);
    others->target.service = service;
}

void cairn_http_router_not_allowed(struct cairn_http_router *router, struct cairn_service *service)
{
    router_set_others(router, router ? router->others : NULL, "the 405", service);
}

void cairn_http_not_allowed(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service)
{
    char where[64 + CAIRN__PATTERN_BYTES];
    struct cairn__route_others *own = cairn__route_others_new();
    snprintf(where, sizeof(where), "the 405 of %s", pattern);
    router_set_others(router, own, where, service);
    if (own)
        cairn__router_append(router, (struct cairn__router_entry){.kind = CAIRN__ENTRY_NOT_ALLOWED,
                                         .pattern = cairn_strdup(pattern),
                                         .service = cairn__route_others_service(own)});
    cairn__route_others_unref(own);
}

/* Moves the entries into TABLE up to the first error, which it returns. */
static struct cairn_error *router_fill(
    struct cairn_http_router *self, struct cairn__route_table *table)
{
    for (size_t i = 0; i < self->count; i++) {
        struct cairn__router_entry entry = self->entries[i];
        self->entries[i] = (struct cairn__router_entry){0};
        struct cairn_error *error = entry.error;
        if (!error)
            error = cairn__route_table_add(table, &entry);
        if (error)
            return error;
    }
    struct cairn_service *fallback = self->fallback;
    self->fallback = NULL;
    return cairn__route_table_finish(table, fallback);
}

struct cairn_error *cairn__router_build(
    struct cairn_http_router *router, const char *label, struct cairn__route_table **out)
{
    bool is_possible = router && !router->is_out_of_memory;
    struct cairn__route_table *table =
        is_possible ? cairn__route_table_new(router->count, router->others, label) : NULL;
    struct cairn_error *error = table ? router_fill(router, table) : &cairn_error_no_memory;
    cairn_http_router_free(router);
    if (!error)
        *out = table;
    else if (table)
        cairn__route_table_unref(table);
    return error;
}

struct cairn_service *cairn_http_router_service(struct cairn_http_router *router)
{
    struct cairn__route_table *table;
    struct cairn_error *error = cairn__router_build(router, "", &table);
    return error ? cairn_service_broken(error) : cairn__route_service_new(table);
}
