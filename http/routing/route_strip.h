/* route_strip.h - takes the prefix of a group off the path, for what is inside. Internal. */
#ifndef CAIRN_HTTP_ROUTE_STRIP_H
#define CAIRN_HTTP_ROUTE_STRIP_H

#include <cairn/service/service.h>

/*
 * SERVICE, which sees as `path` what is left behind as many segments as PREFIX has ("/" where
 * nothing is), and PREFIX at the end of `route_prefix`. Takes SERVICE, copies PREFIX. A broken
 * SERVICE comes back as it is. Never NULL.
 */
struct cairn_service *cairn__route_strip(struct cairn_service *service, const char *prefix);

#endif
