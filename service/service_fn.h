/* service_fn.h - a service from a function. Tower's service_fn. */
#ifndef CAIRN_SERVICE_SERVICE_FN_H
#define CAIRN_SERVICE_SERVICE_FN_H

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * Both are always ready and may be cloned. CX is the function's own pointer, borrowed until the
 * last copy of the service is dropped. They never return NULL: without memory the service is
 * broken.
 */

/* F takes the request and returns its response, of type RESPONSE; or NULL with *ERROR set, which it
 * gives away. */
CAIRN_API struct cairn_service *cairn_service_fn(const char *name, const struct cairn_type *request,
    const struct cairn_type *response,
    void *(*f)(void *cx, void *request, struct cairn_error **error), void *cx);

/* F takes the request and returns the future of its response. */
CAIRN_API struct cairn_service *cairn_service_async_fn(const char *name,
    const struct cairn_type *request, const struct cairn_type *response,
    struct cairn_future (*f)(void *cx, void *request), void *cx);

CAIRN_END_DECLS

#endif
