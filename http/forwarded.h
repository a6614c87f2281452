/* forwarded.h - what proxies say of a request that they pass on: Forwarded (RFC 7239). */
#ifndef CAIRN_HTTP_FORWARDED_H
#define CAIRN_HTTP_FORWARDED_H

#include <netinet/in.h>

#include <cairn/service/api.h>
#include <cairn/service/arena.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/* This reads what is written, and believes all of it. Who may write it is the business of the layer
 * client_address, which most services use in place of this. */

enum cairn_http_node_kind {
    CAIRN_HTTP_NODE_ABSENT,
    CAIRN_HTTP_NODE_ADDRESS,
    CAIRN_HTTP_NODE_UNKNOWN,    /* "unknown": the proxy does not know, or does not say */
    CAIRN_HTTP_NODE_OBFUSCATED, /* "_gazonk": a name that the proxy has made up */
    CAIRN_HTTP_NODE_INVALID     /* none of these */
};

/* One end of a connection of a proxy. RFC 7239 section 6. */
struct cairn_http_node {
    enum cairn_http_node_kind kind;
    union {
        struct sockaddr any;
        struct sockaddr_in v4; /* also of an IPv4 address that is written as IPv6 */
        struct sockaddr_in6 v6;
    } address;             /* of ADDRESS; port 0 where none is given, or a name for it */
    struct cairn_str name; /* of OBFUSCATED, with its underscore */
};

/* What one proxy has added. */
struct cairn_http_forwarded {
    struct cairn_http_node client; /* "for": who asked the proxy */
    struct cairn_http_node proxy;  /* "by": where the proxy was asked */
    struct cairn_str host;         /* the Host that it was sent; absent: not said */
    struct cairn_str proto;        /* the scheme; absent: not said */
};

enum cairn_http_forwarded_step {
    CAIRN_HTTP_FORWARDED_END,
    CAIRN_HTTP_FORWARDED_FOUND,
    CAIRN_HTTP_FORWARDED_BROKEN, /* not of the grammar: where elements begin and end is unknown */
    CAIRN_HTTP_FORWARDED_NO_MEMORY
};

/*
 * Takes the next element off *LINE, the value of one Forwarded field: the one of the proxy that is
 * furthest away comes first. Empty elements and parameters are passed over, unknown parameters too.
 * A parameter that comes twice, white space around "=", and what is neither token nor quoted
 * string break the line. An end that is none of RFC 7239 is INVALID, and breaks nothing; host and
 * proto are any text.
 *
 * *OUT has parts of LINE; where a quoted string has escapes, text in ARENA.
 */
CAIRN_API enum cairn_http_forwarded_step cairn_http_forwarded_next(
    struct cairn_str *line, struct cairn_arena *arena, struct cairn_http_forwarded *out);

/* A "for" or "by", out of its quotes: 192.0.2.43, 192.0.2.43:47011, [2001:db8::1],
 * [2001:db8::1]:80, unknown, _gazonk; a port is 0 to 65535 or a name with an underscore. */
CAIRN_API struct cairn_http_node cairn_http_node_parse(struct cairn_str text);

/* An element of X-Forwarded-For, which nobody has specified: the same but for names, and an IPv6
 * address may stand without brackets. */
CAIRN_API struct cairn_http_node cairn_http_node_parse_x(struct cairn_str text);

CAIRN_END_DECLS

#endif
