/* route_table.h - the routes of a router that is complete: what its copies share. Internal. */
#ifndef CAIRN_HTTP_ROUTE_TABLE_H
#define CAIRN_HTTP_ROUTE_TABLE_H

#include <cairn/http/routing/host_names.h>
#include <cairn/http/routing/path_tree.h>
#include <cairn/http/routing/route_others.h>
#include <cairn/http/routing/router_builder.h>

/* What has become of an entry of the router. */
struct cairn__route {
    enum cairn__entry_kind kind;
    struct cairn__route_target target;
    struct cairn__route_table *host; /* of kind HOST */
    unsigned methods;
    uint32_t others;   /* the route that answers the methods without one; NONE */
    uint32_t captures; /* their names lie in the pattern */
    uint16_t name_at[CAIRN_HTTP_MAX_PARAMS];
    uint16_t name_length[CAIRN_HTTP_MAX_PARAMS];
    struct cairn_str pattern; /* its own */
};

/* The routes of one path: indices into `routes`, NONE where there is none. */
struct cairn__route_leaf {
    uint32_t routes[CAIRN_HTTP_METHODS];
    uint32_t first;       /* any of them: what to call the path */
    uint32_t others;      /* of the first route that has any */
    uint32_t not_allowed; /* of this path alone; before `others` */
};

struct cairn__route_table {
    unsigned references;
    const char *label; /* of errors: the host's name or "", borrowed while it is built */
    struct cairn__path_tree tree;
    struct cairn__route_leaf *leaves;
    struct cairn__path_tree fallback_tree; /* of groups */
    uint32_t *fallback_leaves;
    struct cairn__host_names hosts;
    struct cairn__route *routes;
    uint32_t route_count;
    struct cairn__route_others *others;
    struct cairn__route_target fallback; /* service NULL: none */
    uint64_t not_found;
    uint64_t not_allowed;
    uint64_t bad_path;
};

/* Room for COUNT entries. NULL without memory. */
struct cairn__route_table *cairn__route_table_new(
    size_t count, struct cairn__route_others *others, const char *label);
struct cairn__route_table *cairn__route_table_ref(struct cairn__route_table *table);
void cairn__route_table_unref(struct cairn__route_table *table);

/*
 * Takes what ENTRY holds, also on failure. Returns NULL, or an error owned by the caller that says
 * which route is bad and why.
 */
struct cairn_error *cairn__route_table_add(
    struct cairn__route_table *table, const struct cairn__router_entry *entry);
/* After the last one. Takes FALLBACK (NULL: none), also on failure. Returns NULL, or an error as
 * above. */
struct cairn_error *cairn__route_table_finish(
    struct cairn__route_table *table, struct cairn_service *fallback);

/* A service of TABLE: takes one reference. Never NULL. */
struct cairn_service *cairn__route_service_new(struct cairn__route_table *table);

/* The describe slot. */
void cairn__route_table_describe(const struct cairn__route_table *table, struct cairn_describe *d);

#endif
