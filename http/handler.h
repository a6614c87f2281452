/* handler.h - services from handler functions. */
#ifndef CAIRN_HTTP_HANDLER_H
#define CAIRN_HTTP_HANDLER_H

#include <cairn/http/message.h>
#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * Services from http.request to http.response, always ready. STATE is the handler's own pointer,
 * borrowed until the last copy of the service is dropped. Never NULL: without memory the service is
 * broken.
 *
 * The first two are called when the whole body is there, in req->body: a larger one than
 * req->body_limit (2 MiB where neither the server's limits nor a layer say otherwise) fails the
 * call with CAIRN_ERROR_TOO_LARGE, one that is malformed, ends early or comes too slowly as body.h
 * says.
 */

/* F answers at once, out of the request's arena. NULL is out of memory, and becomes a 503. */
CAIRN_API struct cairn_service *cairn_http_handler(
    struct cairn_http_response *(*f)(struct cairn_http_request *req, void *state), void *state);

/* F returns the future of a struct cairn_http_response: an async function, or any other. A value of
 * NULL is out of memory, and becomes a 503. */
CAIRN_API struct cairn_service *cairn_http_async_handler(
    struct cairn_future (*f)(struct cairn_http_request *req, void *state), void *state);

/* As the second, but F is called as soon as the head is there, and reads the body itself, if it
 * wants it: see body.h. There is no limit but those F sets. */
CAIRN_API struct cairn_service *cairn_http_stream_handler(
    struct cairn_future (*f)(struct cairn_http_request *req, void *state), void *state);

CAIRN_END_DECLS

#endif
