/* exchange.h - one request and its answer, as the connection sees them: how it ended, what may be
 * said before the answer, who is at the other end. */
#ifndef CAIRN_HTTP_EXCHANGE_H
#define CAIRN_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

enum cairn_http_end_reason {
    CAIRN_HTTP_RUNNING,   /* it has not ended */
    CAIRN_HTTP_COMPLETE,  /* the whole answer was handed to the socket */
    CAIRN_HTTP_PEER_GONE, /* the peer closed or reset the connection */
    CAIRN_HTTP_PEER_SLOW, /* the peer did not take the answer in time */
    CAIRN_HTTP_SHUT_DOWN, /* the server ended before the answer was complete */
    CAIRN_HTTP_BROKEN,    /* the answer's body failed, or had another length than promised */
    CAIRN_HTTP_DROPPED    /* a request made by hand: its arena was freed */
};

struct cairn_http_end {
    enum cairn_http_end_reason reason;
    int status;    /* of the answer; 0: none had begun */
    uint64_t sent; /* bytes of the answer's body that were handed on */
};

/*
 * How the exchange of REQ ended. While a handler is dropped, because its peer has gone say, it
 * already tells why: for the drop function of an async handler.
 */
CAIRN_API struct cairn_http_end cairn_http_exchange_end(const struct cairn_http_request *req);

/*
 * Has F(VALUE, END) called once, when the exchange has ended: the answer's last byte is handed to
 * the socket, or the exchange was given up (features: on-complete, on-early-drop). The latest
 * first, before the arena goes; REQ's memory is still good. Returns 0, or -1 without memory.
 */
CAIRN_API int cairn_http_on_end(struct cairn_http_request *req,
    void (*f)(void *value, const struct cairn_http_end *end), void *value);

/*
 * Sends an informational answer now, before the final one: STATUS 102 to 199, 103 Early Hints say
 * (RFC 8297), with FIELDS (NULL: none). Never 100, which is the server's own, nor 101 (see
 * upgrade.h): those are programming errors. To an HTTP/1.0 peer, or for a request made by hand,
 * nothing is sent. Returns 0; -1 when a field may not be sent, the answer has begun already, the
 * peer has not taken those before (output_high_bytes), or without memory.
 */
CAIRN_API int cairn_http_inform(
    struct cairn_http_request *req, int status, const struct cairn_http_fields *fields);

/*
 * Has the app finish what it does for REQ also when the peer goes away before there is an answer:
 * its future is not dropped then, and what it gives is thrown away. cairn_http_exchange_end tells
 * meanwhile that the peer is gone; reading a body that had not come fails. It still is dropped when
 * the server stops, or has drained for drain_ms. For a request made by hand: nothing.
 */
CAIRN_API void cairn_http_run_to_completion(struct cairn_http_request *req);

/* Who is at the other end. Addresses are NULL for a request made by hand. */
struct cairn_http_connection_info {
    const struct sockaddr *peer;
    const struct sockaddr *local;
    uint64_t connection; /* a number no other connection of this worker has */
    uint64_t request;    /* 1 for the connection's first request */
};
/* Borrowed until the exchange ends. */
CAIRN_API struct cairn_http_connection_info cairn_http_connection_info(
    const struct cairn_http_request *req);

CAIRN_END_DECLS

#endif
