/* error_response.h - which answer an error becomes. */
#ifndef CAIRN_HTTP_ERROR_RESPONSE_H
#define CAIRN_HTTP_ERROR_RESPONSE_H

#include <cairn/http/message.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

/* The `layer` of an error that says that the trailers of a body are too large, or too many. */
#define CAIRN_HTTP_TRAILERS "http.trailers"

/*
 * The status of an error's code:
 *   OVERLOADED, MEMORY 503 · LIMITED 429 · ELAPSED 504 · UNAVAILABLE, CLOSED 502 · NOT_FOUND 404 ·
 *   CONFLICT 409 · TOO_LARGE 413 · PROTOCOL 400 · SLOW 408 · REJECTED 403 · anything else 500.
 * TOO_LARGE of the layer CAIRN_HTTP_TRAILERS is 431: the fields were, not the content (RFC 6585
 * section 5).
 */
CAIRN_API int cairn_http_error_status(const struct cairn_error *error);

/*
 * An application/problem+json answer (RFC 9457) of that status, with its type, title and status and
 * nothing of the error's inside; 429 and 503 carry `Retry-After: 1`. NULL without memory.
 */
CAIRN_API struct cairn_http_response *cairn_http_error_response(
    const struct cairn_http_request *req, const struct cairn_error *error);

/* The same for a status of your choice, with a detail for the client (NULL: none). Copies DETAIL,
 * and escapes it. */
CAIRN_API struct cairn_http_response *cairn_http_problem(
    const struct cairn_http_request *req, int status, const char *detail);

CAIRN_END_DECLS

#endif
