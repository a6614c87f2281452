/* map_message.h - changes each request, or each response, by a function. Axum's map_request,
 * map_response. */
#ifndef CAIRN_HTTP_LAYERS_MAP_MESSAGE_H
#define CAIRN_HTTP_LAYERS_MAP_MESSAGE_H

#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The layers of service/map.h for HTTP: the types are known. STATE is the function's own pointer,
 * borrowed until the last copy of the service, and the last of its futures, is gone. NULL from the
 * function is out of memory, and fails the call.
 *
 * Readiness and types are inner's, which must be http.request and http.response; errors pass
 * through. May be cloned. Invalid: no function. Counts: nothing. Where the answer is there at once
 * nothing is allocated.
 *
 * Place: where the change belongs. A function that shall answer instead is from_fn's.
 */

/* Inner gets F(request), the same or another of its arena. F takes it. */
CAIRN_API struct cairn_layer cairn_http_map_request(
    struct cairn_http_request *(*f)(struct cairn_http_request *req, void *state), void *state);

/* The caller gets F(response), the same or another of its arena. F takes it. */
CAIRN_API struct cairn_layer cairn_http_map_response(
    struct cairn_http_response *(*f)(struct cairn_http_response *res, void *state), void *state);

CAIRN_END_DECLS

#endif
