/* section.h - collects a head, or a trailer section, in the arena behind its guard. Internal. */
#ifndef CAIRN_HTTP_SECTION_H
#define CAIRN_HTTP_SECTION_H

#include <cairn/http/codec/guard.h>
#include <cairn/service/arena.h>

enum cairn__section_result {
    CAIRN__SECTION_MORE,
    CAIRN__SECTION_COMPLETE,
    CAIRN__SECTION_REFUSED, /* guard.verdict */
    CAIRN__SECTION_NO_MEMORY
};

/* Its guard is initialised by the caller, the rest is zero but max_bytes. */
struct cairn__section {
    struct cairn__guard guard;
    char *bytes; /* of COMPLETE: the section, in the arena */
    size_t length;
    size_t capacity;
    size_t max_bytes; /* more: refused with 431 */
};

/*
 * Takes up DATA as far as the section goes; *USED is how much of it. Copied once when it is there
 * as a whole; otherwise into a buffer that doubles.
 */
enum cairn__section_result cairn__section_feed(struct cairn__section *self,
    struct cairn_arena *arena, const char *data, size_t length, size_t *used);

#endif
