/* ws.h - WebSocket connections: messages in as a stream, messages out as a sink. RFC 6455. */
#ifndef CAIRN_HTTP_WS_H
#define CAIRN_HTTP_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/http/upgrade.h>

CAIRN_BEGIN_DECLS

/* One connection. It belongs to the future that runs it: it is gone when that has been dropped. */
struct cairn_ws;

struct cairn_ws_message {
    bool is_text; /* valid UTF-8 then */
    struct cairn_str data;
};
CAIRN_API void cairn_ws_message_free(struct cairn_ws_message *message);
/* "ws.message", dropped by cairn_ws_message_free. */
CAIRN_API extern const struct cairn_type cairn_ws_message_type;

struct cairn_ws_options {
    size_t size;
    size_t max_message; /* bytes of a message that comes in; 1 to 2^31-1; 0: 64 MiB. Close 1009 */
    size_t max_frame;   /* of one frame; 1 to 2^31-1; 0: 16 MiB. Close 1009 */
    size_t max_queued;  /* of output that a peer does not take, over which nothing more may be sent;
                         * 1 KiB to 2^31-1; 0: 1 MiB */
    uint64_t ping_ms;   /* a ping is sent that often; a peer that says nothing until the next one is
                         * gone. 10 to 86400000; 0: 30 s */
    uint64_t close_ms;  /* how long the peer has for its half of the close handshake; 10 to 3600000;
                         * 0: 5 s */
    /* The sub-protocols that are spoken, the best first: "chat.v2, chat.v1". The first of them that
     * the client offers is chosen; none: none. Borrowed until the exchange ends. NULL: none. */
    const char *protocols;
    /* Whose pages may connect: "https://a.example, https://b.example". NULL: those of the same host
     * and port; "*": all. A client without an Origin field is no browser, and may. 403. Borrowed
     * for the call. */
    const char *origins;
};

/*
 * The answer to a request that wants a WebSocket: a 101, after whose head RUN(ws, cx) is called. It
 * returns the future of all that is done with the connection. When that completes the connection is
 * closed: with 1000 when it was READY, with 1011 when it FAILED. When the peer has closed, or is
 * gone, cairn_ws_receive gives NULL; a future that goes on all the same is dropped.
 *
 * Pings are answered, and sent, by themselves. A drain of the server closes with 1001.
 *
 * Answers with 426 a request that is no upgrade to "websocket" or asks for another version than 13,
 * with 400 a bad key, with 403 another origin, with 500 an option out of range. CX is borrowed
 * until the exchange ends. NULL without memory. OPTIONS may be NULL.
 */
CAIRN_API struct cairn_http_response *cairn_ws_upgrade(struct cairn_http_request *req,
    const struct cairn_ws_options *options,
    struct cairn_future (*run)(struct cairn_ws *ws, void *cx), void *cx);

/* The sub-protocol that was chosen, or the absent string. */
CAIRN_API struct cairn_str cairn_ws_protocol(const struct cairn_ws *ws);

/* READY with the next message, owned by the caller, or with NULL at the end; never fails. While
 * nobody asks, the connection is not read. */
CAIRN_API struct cairn_future cairn_ws_receive(struct cairn_ws *ws);
/* The same as a stream. */
CAIRN_API struct cairn_stream cairn_ws_messages(struct cairn_ws *ws);

/*
 * Queues a message; copies DATA, which must be UTF-8 for a text. Returns 0; -1 when the connection
 * is closing, max_queued bytes wait already, or without memory. From any task of the worker: the
 * connection's own sends it.
 */
CAIRN_API int cairn_ws_try_send(struct cairn_ws *ws, bool is_text, struct cairn_str data);
/* The same, then READY with NULL once less than 64 KiB of output wait. Fails with
 * CAIRN_ERROR_CLOSED where the other returns -1. */
CAIRN_API struct cairn_future cairn_ws_send(
    struct cairn_ws *ws, bool is_text, struct cairn_str data);

/* Begins the close handshake: CODE (RFC 6455 section 7.4; 1000: normal) and REASON, at most 123
 * bytes (NULL: none). Messages that were queued before are sent first. */
CAIRN_API void cairn_ws_close(struct cairn_ws *ws, uint16_t code, const char *reason);
/* The code the peer has closed with; 1005: it said none; 1006: it has not closed, or is gone. */
CAIRN_API uint16_t cairn_ws_close_code(const struct cairn_ws *ws);

CAIRN_END_DECLS

#endif
