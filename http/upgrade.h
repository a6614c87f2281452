/* upgrade.h - leaves HTTP: the connection as a byte stream, for another protocol. RFC 9110 section
 * 7.8. */
#ifndef CAIRN_HTTP_UPGRADE_H
#define CAIRN_HTTP_UPGRADE_H

#include <stdbool.h>

#include <cairn/http/message.h>
#include <cairn/service/byte_stream.h>

CAIRN_BEGIN_DECLS

/* In a response of status 101. */
struct cairn_http_upgrade {
    struct cairn_future (*begin)(void *cx, struct cairn_byte_stream stream);
    void *cx;
};

/* Whether REQ asks for PROTOCOL ("websocket") in its Upgrade field, with `upgrade` in Connection,
 * on HTTP/1.1, without a body. */
CAIRN_API bool cairn_http_wants_upgrade(const struct cairn_http_request *req, const char *protocol);

/*
 * A 101 answer that hands the connection over. When its head has been sent, BEGIN(cx, stream) is
 * called; it takes the stream and returns the future of all that is to be done with it. The
 * stream's first bytes are those the peer sent behind its request. The exchange lasts, with its
 * arena, as long as that future; then the connection is closed. A drain makes the stream's
 * is_closing true and wakes its reader; drain_ms later, as when the peer is gone for good, the
 * future is dropped.
 *
 * PROTOCOL is borrowed until the exchange ends, and so is CX. NULL without memory. For a request
 * that does not ask for PROTOCOL it is a 426 with an Upgrade field (RFC 9110 section 15.5.22). A
 * request made by hand is never upgraded: BEGIN is then not called.
 *
 * Nobody else's bytes are ever read as another protocol: unless a handler answers so, an Upgrade
 * field changes nothing but that the connection closes after the answer.
 */
CAIRN_API struct cairn_http_response *cairn_http_upgrade(const struct cairn_http_request *req,
    const char *protocol, struct cairn_future (*begin)(void *cx, struct cairn_byte_stream stream),
    void *cx);

CAIRN_END_DECLS

#endif
