/* framing.h - what the fields of a head say about its body and its connection. Internal. */
#ifndef CAIRN_HTTP_FRAMING_H
#define CAIRN_HTTP_FRAMING_H

#include <cairn/http/codec/verdict.h>
#include <cairn/http/limits.h>
#include <cairn/http/message.h>

struct cairn__framing {
    int64_t content_length; /* 0: no body; -1: chunked */
    bool keeps_alive;
    bool expects_continue;
    struct cairn_http_field *host; /* NULL: none */
};

/* Reads REQ, whose method, version and fields are there: RFC 9112 sections 3.2, 6 and 9. */
struct cairn__verdict cairn__framing_read(const struct cairn_http_request *req,
    const struct cairn_http_limits *limits, struct cairn__framing *out);

/* Whether a trailer section has a field that would have framed the message. */
bool cairn__framing_in_trailers(const struct cairn_http_fields *trailers);

#endif
