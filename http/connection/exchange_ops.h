/* exchange_ops.h - what carries an exchange: a connection, or nothing. Internal. */
#ifndef CAIRN_HTTP_EXCHANGE_OPS_H
#define CAIRN_HTTP_EXCHANGE_OPS_H

#include <cairn/http/exchange.h>

struct cairn__exchange_ops {
    /* Sends a checked informational head. Returns 0 or -1. */
    int (*inform)(struct cairn_http_exchange *self, const char *head, size_t length);
    void (*info)(struct cairn_http_exchange *self, struct cairn_http_connection_info *info);
    /* The app's future goes on when the peer is gone. */
    void (*finish_anyway)(struct cairn_http_exchange *self);
};

struct cairn__end_hook;

/* Embed it first. Lives in the exchange's arena. */
struct cairn_http_exchange {
    const struct cairn__exchange_ops *ops; /* NULL: made by hand */
    struct cairn_http_end end;
    struct cairn__end_hook *hooks;
};

/* The exchange has ended as its `end` says: runs the hooks, once. */
void cairn__exchange_ended(struct cairn_http_exchange *self);

#endif
