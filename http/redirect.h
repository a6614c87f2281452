/* redirect.h - a service that sends every client to one place. Tower's Redirect. */
#ifndef CAIRN_HTTP_REDIRECT_H
#define CAIRN_HTTP_REDIRECT_H

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * Answers every request with STATUS and `Location: LOCATION`, which is copied: a URI or a path, as
 * it stands, whatever path and query the request had. STATUS is one of those of
 * cairn_http_redirect (http/answer.h): 307 for now, 308 from now on, or 301, 302, 303. For a route
 * that has moved; where the place depends on the request, a handler calls cairn_http_redirect.
 *
 * From http.request to http.response, always ready. Without memory for the answer the call fails.
 * May be cloned. Counts, in all copies: `redirected`.
 *
 * Never NULL. Broken: another status, a location that is empty or may not stand in a header field;
 * want of memory.
 */
CAIRN_API struct cairn_service *cairn_http_redirect_service(int status, const char *location);

CAIRN_END_DECLS

#endif
