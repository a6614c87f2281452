/* trusted_peers.h - the networks whose word is believed: those of the proxies in front. */
#ifndef CAIRN_HTTP_TRUSTED_PEERS_H
#define CAIRN_HTTP_TRUSTED_PEERS_H

#include <stdbool.h>

#include <cairn/service/api.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

struct sockaddr;
struct cairn_trusted_peers;

/*
 * Reads a list with commas or spaces between its members, at most 1024 of
 *
 *     10.0.0.0/8, 192.0.2.7, fd00::/8   networks, and single addresses
 *     loopback                          127.0.0.0/8 and ::1
 *     private                           10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7
 *     unix                              whoever connects to a Unix socket
 *
 * TEXT may be NULL or without a member: nobody is trusted. An IPv4 address that comes in over IPv6
 * (::ffff:10.0.0.1) is an IPv4 address, and is written as one here.
 *
 * Returns the list, owned by the caller, or NULL with *ERROR set: CAIRN_ERROR_INVALID names the
 * member and says what it must be; CAIRN_ERROR_MEMORY.
 */
CAIRN_API struct cairn_trusted_peers *cairn_trusted_peers_new(
    const char *text, struct cairn_error **error);
/* NULL: nothing. */
CAIRN_API void cairn_trusted_peers_free(struct cairn_trusted_peers *peers);

/* Whether ADDRESS is of one of the networks. NULL, and of another family: no. Any thread. */
CAIRN_API bool cairn_trusted_peers_has(
    const struct cairn_trusted_peers *peers, const struct sockaddr *address);

CAIRN_END_DECLS

#endif
