/* pattern.h - the pattern of a route, taken apart: "/users/{id}/files/{*path}". Internal. */
#ifndef CAIRN_HTTP_PATTERN_H
#define CAIRN_HTTP_PATTERN_H

#include <stddef.h>

#include <cairn/http/message.h>

#define CAIRN__PATTERN_BYTES 1024
#define CAIRN__PATTERN_SEGMENTS 64

enum cairn__segment_kind {
    CAIRN__SEGMENT_STATIC,
    CAIRN__SEGMENT_CAPTURE, /* {name}, v{name}, {name}.json */
    CAIRN__SEGMENT_REST     /* {*name} */
};

struct cairn__segment {
    enum cairn__segment_kind kind;
    struct cairn_str text;   /* what is static, or the name */
    struct cairn_str prefix; /* what stands around a capture; may be empty */
    struct cairn_str suffix;
};

/* "/" is one static segment of no bytes, and so is what follows a slash at the end. */
struct cairn__pattern {
    struct cairn_str text; /* all of it */
    struct cairn__segment segments[CAIRN__PATTERN_SEGMENTS];
    size_t count;
    size_t captures; /* how many of them are not static */
};

/* Takes TEXT apart; OUT borrows it. Returns NULL, or a static clause that says what TEXT must be
 * and is not. */
const char *cairn__pattern_parse(struct cairn_str text, struct cairn__pattern *out);

#endif
