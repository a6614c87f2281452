/* bind_report.h - the violations of one request, each with its place. Internal. */
#ifndef CAIRN_HTTP_BIND_REPORT_H
#define CAIRN_HTTP_BIND_REPORT_H

#include <cairn/http/rejection.h>

/* A place in what is read: a chain on the stack, from the inside out; the root is NULL. */
struct cairn__bind_place {
    const struct cairn__bind_place *parent;
    struct cairn_str name; /* of a member; absent: an element … */
    size_t index;          /* … which is this one */
};

struct cairn__bind_report {
    struct cairn_arena *arena;
    bool is_json;
    bool has_no_memory;
    struct cairn_http_violation *violations;
    size_t count;
    size_t total;
};

/* DETAIL, absent: out of memory, as far as the report goes. */
void cairn__bind_violate(struct cairn__bind_report *report, const struct cairn__bind_place *place,
    struct cairn_str detail);
/* Whether there is nothing to report; else the rejection, with STATUS. */
bool cairn__bind_conclude(
    const struct cairn__bind_report *report, int status, struct cairn_http_rejection *out);

#endif
