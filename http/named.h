/* named.h - a service under a name of its own. */
#ifndef CAIRN_HTTP_NAMED_H
#define CAIRN_HTTP_NAMED_H

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * SERVICE, which the printed stack and the table of routes call by NAME: the function of a handler.
 *
 *     cairn_http_get(r, "/users/{id}", cairn_http_named("get_user", cairn_http_handler(get_user,
 * state)));
 *
 * Takes SERVICE, also a broken one, which comes back as it is; borrows NAME for good. It does
 * nothing, and costs nothing at a call. Never NULL.
 */
CAIRN_API struct cairn_service *cairn_http_named(const char *name, struct cairn_service *service);

CAIRN_END_DECLS

#endif
