/* sse.h - server-sent events: a stream that a browser's EventSource reads. WHATWG HTML,
 * section 9.2.
 */
#ifndef CAIRN_HTTP_SSE_H
#define CAIRN_HTTP_SSE_H

#include <stdint.h>

#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/* Any part may be absent. */
struct cairn_sse_event {
    struct cairn_str event;   /* its name, one line; absent: "message" */
    struct cairn_str data;    /* any text: each of its lines becomes a line */
    struct cairn_str id;      /* one line, without NUL; comes back as Last-Event-ID */
    struct cairn_str comment; /* any text, which clients ignore */
    uint64_t retry_ms;        /* how long a client waits before it connects again; 0: unsaid */
};

/*
 * EVENT as a chunk, owned by the caller. Copies. NULL without memory, or when the event's name or
 * id has a line end (CR, LF) or NUL in it, by which one event could be read as two.
 */
CAIRN_API struct cairn_http_chunk *cairn_sse_chunk(const struct cairn_sse_event *event);

struct cairn_sse_options {
    size_t size;
    uint64_t keep_alive_ms; /* a comment is sent when nothing else was for that long, so that
                             * proxies and peers see life; 10 to 3600000; 0: 15 s */
    const char *keep_alive; /* the comment's text; NULL: none. Borrowed until the exchange ends */
};

/*
 * A 200 answer of text/event-stream, not to be cached, that sends EVENTS, a stream of chunks made
 * by cairn_sse_chunk: a channel's receiver, or any other. Takes EVENTS, also on failure. It ends
 * with EVENTS, or when the client goes away: then EVENTS is dropped, and a channel's senders see
 * it. What the client last saw is its Last-Event-ID field. NULL without memory; OPTIONS may be
 * NULL. An interval out of range is a programming error.
 *
 * A timeout around the handler ends with the answer's head and does not cut the events.
 */
CAIRN_API struct cairn_http_response *cairn_http_sse(const struct cairn_http_request *req,
    struct cairn_stream events, const struct cairn_sse_options *options);

CAIRN_END_DECLS

#endif
