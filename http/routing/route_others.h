/* route_others.h - what answers at a path that has no route for the method: OPTIONS with 204, else
 * the handler of the router, or of the one around it, or a 405. The router adds Allow. Internal.
 *
 * It is a service, so that the layers around a group stand around these answers as well.
 */
#ifndef CAIRN_HTTP_ROUTE_OTHERS_H
#define CAIRN_HTTP_ROUTE_OTHERS_H

#include <cairn/http/routing/route_target.h>

/* Shared by a router and the services made of it. */
struct cairn__route_others {
    unsigned references;
    struct cairn__route_others *outer; /* of the router around this one, or NULL; one reference */
    struct cairn__route_target target; /* for all but OPTIONS; none: outer's */
};

/* NULL without memory. */
struct cairn__route_others *cairn__route_others_new(void);
struct cairn__route_others *cairn__route_others_ref(struct cairn__route_others *others);
/* NULL: nothing. */
void cairn__route_others_unref(struct cairn__route_others *others);

/* Takes REQ, which no route takes. */
struct cairn_future cairn__route_others_call(
    struct cairn__route_others *others, struct cairn_http_request *req);

/* The same as a service: takes one reference, of its own. Never NULL. */
struct cairn_service *cairn__route_others_service(struct cairn__route_others *others);

#endif
