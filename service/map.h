/* map.h - layers of one function: of request, response, error, result, future; a type check. */
#ifndef CAIRN_SERVICE_MAP_H
#define CAIRN_SERVICE_MAP_H

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Readiness passes through (of errors, map_error sees those of readiness too). CX is the function's
 * own pointer, borrowed until the last copy of the service is dropped. Nothing here allocates for a
 * call that is answered at once.
 */

/* At call, not at readiness: inner gets F(request). F takes the request. FROM is the type the layer
 * takes in place of inner's (NULL: the same). F returning NULL is out of memory. */
CAIRN_API struct cairn_layer cairn_map_request(
    const struct cairn_type *from, void *(*f)(void *cx, void *request), void *cx);

/* The caller gets F(response). F takes the response. TO is the type of what it returns (NULL: the
 * same). */
CAIRN_API struct cairn_layer cairn_map_response(
    const struct cairn_type *to, void *(*f)(void *cx, void *response), void *cx);

/* The caller gets F(error). F takes the error, and returns one. */
CAIRN_API struct cairn_layer cairn_map_error(
    struct cairn_error *(*f)(void *cx, struct cairn_error *error), void *cx);

/* The caller gets what F makes of the outcome of a call, value or error. P is READY or FAILED; F
 * takes what *OUT holds, puts there what the caller gets, and returns READY or FAILED for it. It
 * does not see the errors of readiness. TO is the type of its values (NULL: the same). */
CAIRN_API struct cairn_layer cairn_map_result(const struct cairn_type *to,
    enum cairn_poll (*f)(void *cx, enum cairn_poll p, union cairn_outcome *out), void *cx);

/* The caller gets F(future) in place of the future of a call, at the call. F takes the future and
 * returns one that is not empty. TO is the type of what that gives (NULL: the same). */
CAIRN_API struct cairn_layer cairn_map_future(const struct cairn_type *to,
    struct cairn_future (*f)(void *cx, struct cairn_future future), void *cx);

/* Nothing but a type check when the stack is built: what is inside must take REQUEST and give
 * RESPONSE. Tower's boxed and check_service: every service of cairn is boxed already. */
CAIRN_API struct cairn_layer cairn_boxed(
    const struct cairn_type *request, const struct cairn_type *response);

CAIRN_END_DECLS

#endif
