#include <cairn/http/router.h>

#include <cairn/http/route_table.h>
#include <cairn/service/alloc.h>
#include <cairn/service/stack.h>

/* A route as it was added, or in its place the error of a call that added none: so that errors come
 * out in the order of the calls. */
struct router_entry {
    enum cairn_http_method method; /* OTHER: any */
    char *pattern;
    struct cairn_service *service;
    struct cairn_error *error;
};

struct cairn_http_router {
    struct router_entry *entries;
    size_t count;
    size_t capacity;
    struct cairn_service *fallback;
    bool is_out_of_memory;
};

struct cairn_http_router *cairn_http_router_new(void)
{
    return cairn_alloc_zero(sizeof(struct cairn_http_router));
}

static void router_entry_fini(struct router_entry *entry)
{
    cairn_free(entry->pattern);
    cairn_service_drop(entry->service);
    cairn_error_unref(entry->error);
}

void cairn_http_router_free(struct cairn_http_router *router)
{
    if (!router)
        return;
    for (size_t i = 0; i < router->count; i++)
        router_entry_fini(&router->entries[i]);
    cairn_service_drop(router->fallback);
    cairn_free(router->entries);
    cairn_free(router);
}

static int router_grow(struct cairn_http_router *self)
{
    size_t capacity = self->capacity ? 2 * self->capacity : 16;
    struct router_entry *entries = cairn_resize(self->entries, capacity * sizeof(*entries));
    if (!entries)
        return -1;
    self->entries = entries;
    self->capacity = capacity;
    return 0;
}

/* Takes what ENTRY holds. It has a pattern or an error, else memory has run out before. */
static void router_append(struct cairn_http_router *self, struct router_entry entry)
{
    bool is_whole = entry.error || (entry.pattern && entry.service);
    if (self && is_whole && (self->count < self->capacity || router_grow(self) == 0)) {
        self->entries[self->count++] = entry;
        return;
    }
    router_entry_fini(&entry);
    if (self)
        self->is_out_of_memory = true;
}

static void router_append_error(struct cairn_http_router *self, struct cairn_error *error)
{
    router_append(self, (struct router_entry){.error = error});
}

void cairn_http_route(struct cairn_http_router *router, enum cairn_http_method method,
    const char *pattern, struct cairn_service *service)
{
    if ((unsigned)method >= CAIRN_HTTP_OTHER) {
        cairn_service_drop(service);
        router_append_error(
            router, cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL,
                        "%s: the method must be one that has a name; cairn_http_any takes them all",
                        pattern));
        return;
    }
    router_append(
        router, (struct router_entry){
                    .method = method, .pattern = cairn_strdup(pattern), .service = service});
}

void cairn_http_any(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service)
{
    router_append(router,
        (struct router_entry){
            .method = CAIRN_HTTP_OTHER, .pattern = cairn_strdup(pattern), .service = service});
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

/* PREFIX and PATTERN in a new block; NULL without memory. */
static char *router_join(const char *prefix, const char *pattern)
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

static void router_append_grouped(struct cairn_http_router *self, const char *prefix,
    struct router_entry *entry, const struct cairn_layer *layers, size_t count)
{
    struct router_entry grouped = {.method = entry->method, .error = entry->error};
    if (!entry->error) {
        grouped.pattern = router_join(prefix, entry->pattern);
        grouped.service = count ? cairn_stack_build(entry->service, layers, count) : entry->service;
        entry->service = NULL;
    }
    entry->error = NULL;
    router_append(self, grouped);
}

static const char *router_group_complaint(const struct cairn_http_router *group, const char *prefix)
{
    size_t length = strlen(prefix);
    if (length && (prefix[0] != '/' || prefix[length - 1] == '/'))
        return "a prefix begins with a slash, and does not end with one";
    if (group->fallback)
        return "only the outermost router has a fallback";
    return group->count ? NULL : "it has no routes";
}

void cairn_http_group_build(struct cairn_http_router *router, const char *prefix,
    struct cairn_http_router *group, const struct cairn_layer *layers, size_t count)
{
    if (!router || !group || group->is_out_of_memory) {
        if (router)
            router->is_out_of_memory = true;
        cairn_http_router_free(group);
        return;
    }
    const char *complaint = router_group_complaint(group, prefix);
    if (complaint)
        router_append_error(router, cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL,
                                        "group \"%s\": %s", prefix, complaint));
    for (size_t i = 0; i < group->count && !complaint; i++)
        router_append_grouped(router, prefix, &group->entries[i], layers, count);
    cairn_http_router_free(group);
}

/* Moves the routes into TABLE up to the first error, which it returns. */
static struct cairn_error *router_fill(
    struct cairn_http_router *self, struct cairn__route_table *table)
{
    for (size_t i = 0; i < self->count; i++) {
        struct router_entry *entry = &self->entries[i];
        struct cairn_error *error = entry->error;
        if (!error)
            error = cairn__route_table_add(table, entry->method, entry->pattern, entry->service);
        *entry = (struct router_entry){0};
        if (error)
            return error;
    }
    struct cairn_service *fallback = self->fallback;
    self->fallback = NULL;
    return cairn__route_table_set_fallback(table, fallback);
}

struct cairn_service *cairn_http_router_service(struct cairn_http_router *router)
{
    bool is_possible = router && !router->is_out_of_memory;
    struct cairn__route_table *table = is_possible ? cairn__route_table_new(router->count) : NULL;
    struct cairn_error *error = table ? router_fill(router, table) : &cairn_error_no_memory;
    cairn_http_router_free(router);
    if (!error)
        return cairn__route_service_new(table);
    if (table)
        cairn__route_table_unref(table);
    return cairn_service_broken(error);
}
