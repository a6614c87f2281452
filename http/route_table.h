/* route_table.h - the routes of a router that is complete: what its copies share. Internal. */
#ifndef CAIRN_HTTP_ROUTE_TABLE_H
#define CAIRN_HTTP_ROUTE_TABLE_H

#include <cairn/http/path_tree.h>
#include <cairn/service/service.h>

/* Where requests can go. */
struct cairn__route_target {
    struct cairn_service *service;
    struct cairn_error *dead; /* why its readiness failed; NULL: it has not */
    uint64_t hits;
};

struct cairn__route {
    struct cairn__route_target target;
    enum cairn_http_method method;           /* OTHER: any */
    uint16_t name_at[CAIRN_HTTP_MAX_PARAMS]; /* the names of captures lie in the pattern */
    uint16_t name_length[CAIRN_HTTP_MAX_PARAMS];
    struct cairn_str pattern; /* its own */
};

/* The routes of one path: indices into `routes`, NONE where there is none. */
struct cairn__route_leaf {
    uint32_t routes[CAIRN_HTTP_METHODS];
};

struct cairn__route_table {
    unsigned references;
    struct cairn__path_tree tree;
    struct cairn__route_leaf *leaves;
    uint32_t leaf_capacity;
    struct cairn__route *routes;
    uint32_t route_count;
    uint32_t route_capacity;
    struct cairn__route_target fallback; /* service NULL: none */
    uint64_t not_found;
    uint64_t not_allowed;
    uint64_t bad_path;
};

/* Room for COUNT routes. NULL without memory. */
struct cairn__route_table *cairn__route_table_new(size_t count);
struct cairn__route_table *cairn__route_table_ref(struct cairn__route_table *table);
void cairn__route_table_unref(struct cairn__route_table *table);

/* "GET", and "ANY" for OTHER. */
const char *cairn__route_method_name(enum cairn_http_method method);

/*
 * Takes PATTERN, a block of cairn_alloc, and SERVICE, also on failure. Returns NULL, or an error
 * owned by the caller that says which route is bad and why.
 */
struct cairn_error *cairn__route_table_add(struct cairn__route_table *table,
    enum cairn_http_method method, char *pattern, struct cairn_service *service);
/* Takes SERVICE (NULL: no fallback), also on failure. Returns NULL, or an error as above. */
struct cairn_error *cairn__route_table_set_fallback(
    struct cairn__route_table *table, struct cairn_service *service);

/* A service of TABLE: takes one reference. Never NULL. */
struct cairn_service *cairn__route_service_new(struct cairn__route_table *table);

#endif
