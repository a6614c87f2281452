/* client.h - whom a request comes from in the end: through proxies, if those may say so. */
#ifndef CAIRN_HTTP_CLIENT_H
#define CAIRN_HTTP_CLIENT_H

#include <stdbool.h>

#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/* What a layer has found out: client_address, or one of your own. */
struct cairn_http_client {
    const struct sockaddr *address; /* of the client, or of the furthest proxy that is known */
    struct cairn_str scheme;        /* "http" or "https"; absent: nobody said */
    struct cairn_str host;          /* what the client asked for; absent: nobody said */
    struct cairn_str name;          /* that a proxy has made up: "_gazonk"; absent: none */
    unsigned hops;                  /* how many steps from the peer to `address` */
    bool is_hidden;                 /* whom `address` was asked by is not known */
};

/* NULL: no layer has found anything, and the client is the peer. */
CAIRN_API const struct cairn_http_client *cairn_http_client(const struct cairn_http_request *req);
/* In place of one that is there. Borrows CLIENT until the exchange ends. Returns 0, or -1 without
 * memory. */
CAIRN_API int cairn_http_set_client(
    struct cairn_http_request *req, const struct cairn_http_client *client);

/* The client's address: the peer's where nobody knows better. NULL for a request made by hand. */
CAIRN_API const struct sockaddr *cairn_http_client_address(const struct cairn_http_request *req);
/* "https" or "http"; the latter where nobody knows better. */
CAIRN_API struct cairn_str cairn_http_client_scheme(const struct cairn_http_request *req);
/* The host that was asked for, with its port if it has one: the Host field where nobody knows
 * better, and absent without one. Any text of that form: a client may ask for what it likes. */
CAIRN_API struct cairn_str cairn_http_client_host(const struct cairn_http_request *req);

CAIRN_END_DECLS

#endif
