/* router_builder.h - a router as it is put together: what was added, in order. Internal. */
#ifndef CAIRN_HTTP_ROUTER_BUILDER_H
#define CAIRN_HTTP_ROUTER_BUILDER_H

#include <cairn/http/router.h>
#include <cairn/http/routing/route_others.h>

struct cairn__route_table;

enum cairn__entry_kind {
    CAIRN__ENTRY_ROUTE,
    CAIRN__ENTRY_NEST,     /* a service for all that is at or below the prefix `pattern` */
    CAIRN__ENTRY_FALLBACK, /* the same, where no route is */
    /* what answers the methods without a route, where an entry says so: in the group `pattern` */
    CAIRN__ENTRY_OTHERS,
    CAIRN__ENTRY_NOT_ALLOWED, /* the same at `pattern` */
    CAIRN__ENTRY_HOST, /* the routes of `host` are for the hosts whose names `pattern` lists */
    CAIRN__ENTRY_ERROR /* of a call that added nothing: errors come out in the order of calls */
};

struct cairn__router_entry {
    enum cairn__entry_kind kind;
    unsigned methods; /* of a route */
    size_t others;    /* the entry of kind OTHERS for a route, counted from 1; 0: none yet */
    char *pattern;
    struct cairn_service *service;
    struct cairn_http_router *host;
    struct cairn_error *error;
};

struct cairn_http_router {
    struct cairn__router_entry *entries;
    size_t count;
    size_t capacity;
    struct cairn__route_others *others;
    struct cairn_service *fallback;
    bool is_out_of_memory;
};

/* Moves the routes of ROUTER into a table: takes it. Returns NULL with *OUT, which is the caller's,
 * set; or the first error. LABEL is the first name of the host that they are for, or "". */
struct cairn_error *cairn__router_build(
    struct cairn_http_router *router, const char *label, struct cairn__route_table **out);

/* Takes what ENTRY holds. It lacks nothing, or memory has run out before. SELF may be NULL. */
void cairn__router_append(struct cairn_http_router *self, struct cairn__router_entry entry);
/* Takes ERROR. */
void cairn__router_append_error(struct cairn_http_router *self, struct cairn_error *error);

#endif
