/* client_address.h - finds out who the client is behind the proxies that are trusted. */
#ifndef CAIRN_HTTP_LAYERS_CLIENT_ADDRESS_H
#define CAIRN_HTTP_LAYERS_CLIENT_ADDRESS_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/* One family, for a proxy passes on what it does not write: whoever believes both believes the
 * client. */
enum cairn_client_address_family {
    CAIRN_CLIENT_X_FORWARDED, /* X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host */
    CAIRN_CLIENT_FORWARDED    /* Forwarded, RFC 7239 */
};

/* Beside the address. */
enum cairn_client_address_take {
    CAIRN_CLIENT_SCHEME = 1,
    CAIRN_CLIENT_HOST = 2,
    CAIRN_CLIENT_ADDRESS_ONLY = 4 /* neither; alone */
};

/*
 * A request whose peer is of the trusted networks gets a cairn_http_client (http/client.h), if the
 * proxy tells of one: the list of those it came through is followed from the nearest one, the last,
 * as long as who is named is trusted. The first one who is not is the client. What stands before it
 * in the list is anybody's invention, and is not looked at. Where no proxy tells whom it was asked
 * by (unknown, a made-up name, nonsense, a Forwarded line out of its grammar) the address is that
 * of this proxy, and `is_hidden`.
 *
 * Scheme and host are those of the same step. A scheme other than http, https, ws and wss counts as
 * not told, and so does a host that no Host field may be. X-Forwarded-Proto and -Host have one
 * value, or one for each step.
 *
 * The request's fields and `peer` stay as they are. Of anybody else's request nothing is looked at;
 * with no `trusted` that is everybody's.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; without
 * memory in the arena (some 120 bytes) the call fails. May be cloned.
 * Invalid: trusted, as cairn_trusted_peers_new says; family, take or hops out of range.
 * Counts, in all copies: `forwarded`, requests that got a client; of those `hidden`; `untrusted`,
 * requests of others that had such a field.
 *
 * Place: outermost, outside of http_rate_limit and access_log, which heed it.
 */
struct cairn_client_address_options {
    size_t size;
    const char *trusted; /* as cairn_trusted_peers_new reads it; copied. NULL: nobody */
    enum cairn_client_address_family family; /* 0: X-Forwarded */
    /* Some of enum cairn_client_address_take. 0: the scheme, and with Forwarded the host too. Take
     * no more of X-Forwarded than every proxy sets, or removes. */
    unsigned take;
    unsigned hops; /* the most steps that are followed, 1 to 64; 0: 16 */
};

/* OPTIONS may be NULL: all defaults, and nobody is trusted. */
CAIRN_API struct cairn_layer cairn_client_address_layer(
    const struct cairn_client_address_options *options);

/* cairn_client_address(.trusted = "10.0.0.0/8") */
#define cairn_client_address(...)                                            \
    cairn_client_address_layer(&(const struct cairn_client_address_options){ \
        .size = sizeof(struct cairn_client_address_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
