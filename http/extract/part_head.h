/* part_head.h - the head of a part of a form: its fields, and what Content-Disposition says.
 * RFC 7578 section 4, RFC 6266. Internal. */
#ifndef CAIRN_HTTP_PART_HEAD_H
#define CAIRN_HTTP_PART_HEAD_H

#include <cairn/http/codec/verdict.h>
#include <cairn/http/multipart_parser.h>

/* Reads HEAD, its empty line included, into *OUT, which borrows from it; what was escaped is in
 * ARENA. LIMITS are resolved. */
struct cairn__verdict cairn__part_head_read(struct cairn_str head, struct cairn_arena *arena,
    const struct cairn_http_multipart_limits *limits, struct cairn_http_part *out);

#endif
