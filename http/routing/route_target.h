/* route_target.h - a service that a router sends requests to. Internal. */
#ifndef CAIRN_HTTP_ROUTE_TARGET_H
#define CAIRN_HTTP_ROUTE_TARGET_H

#include <cairn/http/message.h>
#include <cairn/service/service.h>

/* All zero is none. */
struct cairn__route_target {
    struct cairn_service *service;
    struct cairn_error *dead; /* why its readiness failed; NULL: it has not */
    uint64_t hits;
};

/* Why SERVICE can be none: an error owned by the caller that begins with WHERE ("GET /users").
 * NULL: it can. */
struct cairn_error *cairn__route_target_check(
    const char *where, const struct cairn_service *service);

/* Takes REQ. Calls the service if it is ready; if not, the request waits for a copy of it. */
struct cairn_future cairn__route_target_send(
    struct cairn__route_target *target, struct cairn_http_request *req);

/* The ends of a request that goes no further. Both drop REQ: nobody will read its body. RES, made
 * for it, may be NULL: out of memory. The other takes ERROR. */
struct cairn_future cairn__route_answer(
    struct cairn_http_request *req, struct cairn_http_response *res);
struct cairn_future cairn__route_fail(struct cairn_http_request *req, struct cairn_error *error);

/* The hits and the stack. */
void cairn__route_target_describe(
    const struct cairn__route_target *target, struct cairn_describe *d);

void cairn__route_target_fini(struct cairn__route_target *target);

#endif
