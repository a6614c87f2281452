/* gate.h - readiness that is switched from outside: open, limited, shut. Linkerd's Gate. */
#ifndef CAIRN_LAYERS_GATE_H
#define CAIRN_LAYERS_GATE_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The handle by which gates are switched. Counted (ref and unref); for one runtime. Several
 * services may stand behind one. It begins open.
 *
 * Who was let in stays in: neither a handle that is ready nor a call that runs is taken back when
 * the gate is limited or shut. They count, so that a limit holds from the moment at which as many
 * have left as were over it. Those who wait are let in first come first served.
 */
struct cairn_gate;

enum cairn_gate_state { CAIRN_GATE_OPEN = 0, CAIRN_GATE_LIMITED, CAIRN_GATE_SHUT };

/* With one reference, owned by the caller; NULL without memory. */
CAIRN_API struct cairn_gate *cairn_gate_new(void);
CAIRN_API struct cairn_gate *cairn_gate_ref(struct cairn_gate *gate);
/* NULL: nothing. A gate that nobody can switch any more stays as it is. */
CAIRN_API void cairn_gate_unref(struct cairn_gate *gate);

/* Lets everyone in who waits or comes. */
CAIRN_API void cairn_gate_open(struct cairn_gate *gate);
/* Lets MAX in at a time, from a call's reservation to the end of its response. 0 is as shut. */
CAIRN_API void cairn_gate_limit(struct cairn_gate *gate, size_t max);
/* Lets nobody in. */
CAIRN_API void cairn_gate_shut(struct cairn_gate *gate);

CAIRN_API enum cairn_gate_state cairn_gate_state(const struct cairn_gate *gate);
/* Handles that are ready and calls that run; copies that wait. */
CAIRN_API size_t cairn_gate_inside(const struct cairn_gate *gate);
CAIRN_API size_t cairn_gate_waiting(const struct cairn_gate *gate);

/*
 * Not ready while the gate does not let it in. Readiness is let in by the gate, then polls inner,
 * and stays in while inner is pending; a failure of inner's readiness leaves. The place goes with
 * the call's future, until that completes or is dropped.
 *
 * Errors and types are inner's. Works on any type; may be cloned.
 * Invalid: no gate. Tells: `state`, `limit` while it is limited, `inside`, `waiting`.
 *
 * Place: directly around what is switched; load_shed or fail_fast outside of it turn the wait into
 * a failure.
 */
struct cairn_gate_options {
    size_t size;
    struct cairn_gate *gate; /* must be set; each service counts as an owner */
};

CAIRN_API struct cairn_layer cairn_gate_layer(const struct cairn_gate_options *options);

/* cairn_gate(.gate = maintenance) */
#define cairn_gate(...)                                  \
    cairn_gate_layer(&(const struct cairn_gate_options){ \
        .size = sizeof(struct cairn_gate_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
