/* router.h - a service that sends each request on by its host, path and method. */
#ifndef CAIRN_HTTP_ROUTER_H
#define CAIRN_HTTP_ROUTER_H

#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 *     struct cairn_http_router *r = cairn_http_router_new();
 *     cairn_http_get(r, "/users/{id}", cairn_http_handler(get_user, state));
 *     cairn_http_post(r, "/users", cairn_stack(cairn_http_handler(add_user, state),
 *         cairn_timeout(.after_ms = 500)));
 *     cairn_http_group(r, "/admin", admin, cairn_concurrency_limit(.max = 4));
 *     return cairn_http_router_service(r);
 *
 * Nothing has to be checked on the way: each function takes what it is given, and the first thing
 * that was wrong (a pattern, an overlap, a service that is NULL, broken, cannot be cloned, or is
 * not from http.request to http.response) is the reason of the service that comes out, which then
 * is broken: "router: GET /users: timeout: after_ms must be …". R may be NULL: out of memory.
 *
 * Patterns. A pattern is a path in segments; all of it must match, a slash at the end too.
 *
 *     /users        a static segment, written as it reads: "/café", not "/caf%C3%A9"
 *     /users/{id}   one segment, not empty, is captured
 *     /v{major}     what stands between the literals, not empty, is captured: /{file}.json too
 *     /files/{*at}  all that is left, not empty, slashes and all, is captured; the last segment
 *
 * The path of a request is compared percent-decoded, segment by segment: %2F is data, and ends no
 * segment. What is captured is decoded too, once, in the arena; so it may hold any byte but NUL,
 * also "..": look before you open a file. Nothing is normalised: dots, double slashes, a slash at
 * the end and the case of letters are left as they are. A name has letters, digits and underscores.
 * At most 16 captures, one in a segment, 64 segments and 1024 bytes.
 *
 * The path is chosen first: segment by segment what is static goes before a capture, and that
 * before a rest; of captures the one with more literals around it, then the one with the longer
 * prefix, goes first; and a way that leads nowhere is taken back. Then the method is: its own
 * route, else cairn_http_any's; HEAD is answered by GET's (the server sends no body). Matching
 * costs the same with ten routes and with a thousand, and allocates nothing where nothing is
 * percent-encoded.
 */
struct cairn_http_router;

/* Owned by the caller until cairn_http_router_service takes it. */
CAIRN_API struct cairn_http_router *cairn_http_router_new(void);
/* Drops a router that is not wanted after all. */
CAIRN_API void cairn_http_router_free(struct cairn_http_router *router);

/* Copies PATTERN, takes SERVICE. METHOD is not OTHER. A second route for the same method and paths
 * is an overlap, whatever its captures are called. */
CAIRN_API void cairn_http_route(struct cairn_http_router *router, enum cairn_http_method method,
    const char *pattern, struct cairn_service *service);
/* One route for the set METHODS: CAIRN_HTTP_BIT(CAIRN_HTTP_PUT) | CAIRN_HTTP_BIT(…). */
CAIRN_API void cairn_http_on(struct cairn_http_router *router, unsigned methods,
    const char *pattern, struct cairn_service *service);
/* For every method, OTHER too, that has no route of its own there. */
CAIRN_API void cairn_http_any(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service);

/* In place of the 404 for a path that no route has. Takes SERVICE; the last one counts. */
CAIRN_API void cairn_http_router_fallback(
    struct cairn_http_router *router, struct cairn_service *service);
/* The 404 again. */
CAIRN_API void cairn_http_router_reset_fallback(struct cairn_http_router *router);

/* In place of the 405 for a method that a path has no route for, at every path of the router and of
 * those in it that have none of their own; and at PATTERN alone, which must be that of a route. The
 * router adds Allow to the answer, unless it is there. Take SERVICE; for a router the last one
 * counts. OPTIONS does not come here. */
CAIRN_API void cairn_http_router_not_allowed(
    struct cairn_http_router *router, struct cairn_service *service);
CAIRN_API void cairn_http_not_allowed(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service);

/*
 * LAYERS, outermost first, around what the router has so far: its routes, its fallback, and what
 * answers OPTIONS and a method without a route at their paths. So a layer that answers preflights
 * gets them. What is added later stays outside, and so do a 404 of the router's own and its 400.
 */
CAIRN_API void cairn_http_router_layer_build(
    struct cairn_http_router *router, const struct cairn_layer *layers, size_t count);
#define cairn_http_router_layer(router, ...)                                           \
    cairn_http_router_layer_build((router), (const struct cairn_layer[]){__VA_ARGS__}, \
        sizeof((const struct cairn_layer[]){__VA_ARGS__}) / sizeof(struct cairn_layer))

/* LAYERS around the routes alone, which there must be: for what would turn a 404 or 405 into
 * something else, as an authorization does. */
CAIRN_API void cairn_http_route_layer_build(
    struct cairn_http_router *router, const struct cairn_layer *layers, size_t count);
#define cairn_http_route_layer(router, ...)                                           \
    cairn_http_route_layer_build((router), (const struct cairn_layer[]){__VA_ARGS__}, \
        sizeof((const struct cairn_layer[]){__VA_ARGS__}) / sizeof(struct cairn_layer))

/*
 * GROUP, with LAYERS around it as cairn_http_router_layer puts them, below PREFIX. Takes GROUP,
 * copies PREFIX. PREFIX is "" or begins with a slash and does not end with one; it may have
 * captures; the route "/" of GROUP becomes PREFIX itself. A group without a route or a fallback is
 * an error: layers that cover nothing are a mistake.
 *
 * Within the group, its layers included, `path` of the request is what is left behind the prefix,
 * "/" where nothing is, and `route_prefix` is the prefix, that of the groups around it before it.
 * cairn_http_request_original_path gives the whole, `route` the whole pattern.
 *
 * A group's fallback gets what is at PREFIX or below it and has no route, whoever's; without one it
 * goes to that of the router around it. The longest prefix counts. A group's 405 works likewise.
 *
 * Each route gets state of its own from a layer, so a limit of 4 is 4 for each. Share what they
 * shall share through the layer's options (a semaphore).
 */
CAIRN_API void cairn_http_group_build(struct cairn_http_router *router, const char *prefix,
    struct cairn_http_router *group, const struct cairn_layer *layers, size_t count);

#define cairn_http_group(router, prefix, group, ...)                                               \
    cairn_http_group_build((router), (prefix), (group), (const struct cairn_layer[]){__VA_ARGS__}, \
        sizeof((const struct cairn_layer[]){__VA_ARGS__}) / sizeof(struct cairn_layer))

/* A group without layers: GROUP's routes below PREFIX. */
static inline void cairn_http_nest(
    struct cairn_http_router *router, const char *prefix, struct cairn_http_router *group)
{
    cairn_http_group_build(router, prefix, group, 0, 0);
}

/* All that OTHER has, as if it had been added to ROUTER. Takes OTHER. At most one of them has a
 * fallback; a 405 of OTHER's stays with its routes. */
CAIRN_API void cairn_http_merge(struct cairn_http_router *router, struct cairn_http_router *other);

/* SERVICE gets what is at PREFIX, which is not empty, or below it, for every method that has no
 * route of its own there; with `path` and `route_prefix` as in a group, and PREFIX's captures.
 * `route` is "PREFIX/{*rest}", until a router within says more; its captures come behind those.
 * Takes SERVICE: a router that is complete, or any other. */
CAIRN_API void cairn_http_nest_service(
    struct cairn_http_router *router, const char *prefix, struct cairn_service *service);

/*
 * HOST's routes in place of ROUTER's for requests to one of NAMES: "example.com www.example.com",
 * with spaces between them; "*.example.com" is every name that ends so, however many labels there
 * are before it. An exact name goes first, then the longer wildcard. Names have no case, and no
 * port: any is meant. A dot at the end makes no difference. ROUTER's own routes are those of any
 * other host, and of requests without a Host field.
 *
 * Takes HOST, copies NAMES. Fallback and 405 are ROUTER's, unless HOST has its own. `route_host` is
 * the name that was found. A host in a host or in a group is an error, and so is a name that is
 * there twice.
 */
CAIRN_API void cairn_http_host(
    struct cairn_http_router *router, const char *names, struct cairn_http_router *host);

static inline void cairn_http_get(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service)
{
    cairn_http_route(router, CAIRN_HTTP_GET, pattern, service);
}

static inline void cairn_http_post(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service)
{
    cairn_http_route(router, CAIRN_HTTP_POST, pattern, service);
}

static inline void cairn_http_put(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service)
{
    cairn_http_route(router, CAIRN_HTTP_PUT, pattern, service);
}

static inline void cairn_http_delete(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service)
{
    cairn_http_route(router, CAIRN_HTTP_DELETE, pattern, service);
}

static inline void cairn_http_patch(
    struct cairn_http_router *router, const char *pattern, struct cairn_service *service)
{
    cairn_http_route(router, CAIRN_HTTP_PATCH, pattern, service);
}

/*
 * The routes as a service from http.request to http.response. Takes ROUTER. Never NULL.
 *
 * It sets `params`, `param_count`, `route` and `route_host` of the request, copied into its arena,
 * and calls the route's service. Its own answers are problem+json: 404 for a path without a route;
 * 405 with Allow for one that has none for the method; 400 for broken percent-encoding or a NUL in
 * the path. Where OPTIONS has no route it is answered with 204 and Allow; "OPTIONS *" with every
 * method there is. Allow lists HEAD where there is a GET, and OPTIONS always. `route` is set
 * wherever the path has one, whatever the method; a fallback gets none.
 *
 * Readiness: the router is always ready, for it cannot know where the next request goes. At the
 * call it polls the chosen route's service, and calls it if it is ready. If not, the request waits
 * for a copy of that service: no route holds up another, and no two requests share a reservation.
 * So a limit around one route queues in the router, without bound; put load_shed outside of it
 * there, and limits for the whole around the router. A service whose readiness fails is dead: from
 * then on every call of that route fails with its error.
 *
 * Copies of the router share one set of routes, services and counters. Describe: each route with
 * its `hits` and its own stack; and `not_found`, `not_allowed`, `bad_path`.
 */
CAIRN_API struct cairn_service *cairn_http_router_service(struct cairn_http_router *router);

/* A table of the routes of all routers in SERVICE, a line each: methods, host, pattern, and the
 * services from the outermost in, with cairn_http_named's names. On the thread of SERVICE's
 * runtime.
 */
CAIRN_API void cairn_http_router_print(const struct cairn_service *service, FILE *out);

CAIRN_END_DECLS

#endif
