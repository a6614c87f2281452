/* llhttp.h - what the decoder needs of llhttp, which only llhttp.c knows. Internal. */
#ifndef CAIRN_HTTP_LLHTTP_H
#define CAIRN_HTTP_LLHTTP_H

#include <cairn/http/codec/verdict.h>
#include <cairn/http/fields.h>
#include <cairn/http/message.h>

/* A parser of one request, strict. */
struct cairn__llhttp;

/* In ARENA. NULL without memory. */
struct cairn__llhttp *cairn__llhttp_new(struct cairn_arena *arena);

/*
 * Parses HEAD, a whole head from its method to its empty line, and adds its COUNT fields, values
 * trimmed, to FIELDS, which has room for them. They point into HEAD.
 */
struct cairn__verdict cairn__llhttp_head(struct cairn__llhttp *self, struct cairn_str head,
    struct cairn_http_fields *fields, size_t count);

/* After the head. */
enum cairn_http_method cairn__llhttp_method(const struct cairn__llhttp *self);

/* After the head: whether llhttp sees a body of that length, too; -1: a chunked one. */
bool cairn__llhttp_agrees(const struct cairn__llhttp *self, int64_t content_length);

/* Reads on in a chunked body: framing, of which no byte may be data, or data, all of it. */
struct cairn__verdict cairn__llhttp_framing(
    struct cairn__llhttp *self, const char *bytes, size_t length);
struct cairn__verdict cairn__llhttp_data(
    struct cairn__llhttp *self, const char *bytes, size_t length);
/* The trailer section after the last chunk, whole, as cairn__llhttp_head. It ends the message. */
struct cairn__verdict cairn__llhttp_trailers(struct cairn__llhttp *self, struct cairn_str section,
    struct cairn_http_fields *fields, size_t count);

#endif
