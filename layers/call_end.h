/* call_end.h - when a call has ended, where its response is only the beginning. */
#ifndef CAIRN_LAYERS_CALL_END_H
#define CAIRN_LAYERS_CALL_END_H

#include <cairn/service/type.h>

CAIRN_BEGIN_DECLS

/*
 * For layers that hold something for each call: a permit, a count. Without one of these a call ends
 * with its response. Where work goes on after that (a body that streams), this knows until when.
 * Static const data. HTTP's is cairn_http_body_end.
 */
struct cairn_call_end {
    const struct cairn_type *type; /* the responses it knows; layers refuse others */
    /*
     * Has DROP(VALUE) called once, when what began with RESPONSE has ended or was given up; on the
     * thread of the runtime. DROP calls no user code. Returns 0, or -1 without memory, VALUE then
     * remaining the caller's.
     */
    int (*on_end)(void *response, void (*drop)(void *value), void *value);
};

CAIRN_END_DECLS

#endif
