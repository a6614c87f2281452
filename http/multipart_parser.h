/* multipart_parser.h - bytes in, the parts of a form with files out. RFC 7578, RFC 2046
 * section 5.1. Sans I/O. */
#ifndef CAIRN_HTTP_MULTIPART_PARSER_H
#define CAIRN_HTTP_MULTIPART_PARSER_H

#include <stdint.h>

#include <cairn/http/fields.h>

CAIRN_BEGIN_DECLS

/*
 * What is taken, and it is one thing: bytes of a form give the same events, the same data and the
 * same verdict however they are cut into pieces.
 *
 * A boundary is CR LF "--" and the text from Content-Type, at the begin of the body also without
 * the line end. Behind it come "--", and that is the end; or spaces and tabs, CR LF and a part.
 * Anything else behind it is refused: data that looks like a boundary cannot be told from one. What
 * stands before the first boundary, up to header_bytes, and behind the last is ignored, as section
 * 5.1.1 says.
 *
 * A part is header fields, an empty line, and data. Lines end with CR LF and nothing else; fields
 * are not folded. Each part has one Content-Disposition: form-data with a name, which may be empty,
 * each parameter once. In a quoted name a backslash escapes a quote or a backslash, and stands for
 * itself before anything else: browsers do not escape those of file names. "%22", which they write
 * for a quote, is left as it is; filename* is ignored (RFC 7578 section 4.2). No
 * Content-Transfer-Encoding is undone (section 4.7).
 *
 * The work is linear in the bytes. The parser and the heads of all parts live in the arena, data is
 * never copied.
 */
struct cairn_http_multipart_parser;

/* 0 is the default of each, which stands first in its comment. Over any of them: 413. */
struct cairn_http_multipart_limits {
    size_t size;
    size_t parts;        /* 100 */
    size_t header_bytes; /* 8 KiB: the header of a part, its empty line included */
    size_t header_count; /* 32: fields of a part */
    size_t name_bytes;   /* 1 KiB: a name, and a file name */
    uint64_t part_bytes; /* no limit: the data of a part */
    uint64_t body_bytes; /* the request's body limit, 2 MiB: all of it; cairn_http_multipart_open */
};

/* A part's head. In the arena. */
struct cairn_http_part {
    struct cairn_str name;
    struct cairn_str filename;     /* absent: no file. Written by the client: never use it as a path
                                    * of your own; empty when no file was chosen */
    struct cairn_str content_type; /* absent: text/plain */
    struct cairn_http_fields fields;
};

enum cairn_http_multipart_event {
    CAIRN_HTTP_MULTIPART_MORE,     /* all input is used up; feed more */
    CAIRN_HTTP_MULTIPART_PART,     /* a part begins: cairn_http_multipart_parser_part */
    CAIRN_HTTP_MULTIPART_DATA,     /* a piece of its data: cairn_http_multipart_parser_piece */
    CAIRN_HTTP_MULTIPART_PART_END, /* the data of the part is complete */
    CAIRN_HTTP_MULTIPART_DONE,     /* the last boundary has been read */
    CAIRN_HTTP_MULTIPART_REFUSED   /* cairn_http_multipart_parser_status and _reason */
};

/*
 * The boundary that the Content-Type among FIELDS gives, in *OUT, borrowed from FIELDS, or in ARENA
 * where it was escaped. Returns 0, or what to answer with: 415 when it is not multipart/form-data,
 * or is there twice or not at all; 400 when the boundary is not there once, or is not 1 to 70 of
 * the characters it may have; 503 without memory.
 */
CAIRN_API int cairn_http_multipart_boundary(
    const struct cairn_http_fields *fields, struct cairn_arena *arena, struct cairn_str *out);

/* Copies BOUNDARY, which cairn_http_multipart_boundary gave, and LIMITS (NULL: all defaults). NULL
 * without memory, and for a boundary that cannot be one. */
CAIRN_API struct cairn_http_multipart_parser *cairn_http_multipart_parser_new(
    struct cairn_arena *arena, struct cairn_str boundary,
    const struct cairn_http_multipart_limits *limits);

/*
 * Feeds DATA; *USED is how much of it was consumed before the event. Call again with the rest,
 * until MORE, DONE or REFUSED, also when nothing is left of it. After DONE and REFUSED it says the
 * same again, and uses nothing.
 */
CAIRN_API enum cairn_http_multipart_event cairn_http_multipart_parser_feed(
    struct cairn_http_multipart_parser *self, const char *data, size_t length, size_t *used);
/* The body has ended after MORE: refused with 400, for the last boundary is missing. */
CAIRN_API enum cairn_http_multipart_event cairn_http_multipart_parser_finish(
    struct cairn_http_multipart_parser *self);

/* From PART to the next one. */
CAIRN_API const struct cairn_http_part *cairn_http_multipart_parser_part(
    const struct cairn_http_multipart_parser *self);
/* After DATA: never empty; borrows from the data fed, or from the parser, until the next feed. */
CAIRN_API struct cairn_str cairn_http_multipart_parser_piece(
    const struct cairn_http_multipart_parser *self);

/* After REFUSED: 400, 413, or 503 without memory; and a static sentence that says why. */
CAIRN_API int cairn_http_multipart_parser_status(const struct cairn_http_multipart_parser *self);
CAIRN_API const char *cairn_http_multipart_parser_reason(
    const struct cairn_http_multipart_parser *self);

CAIRN_END_DECLS

#endif
