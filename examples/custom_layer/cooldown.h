/* cooldown.h - lets a service rest after several failures in a row. */
#ifndef EXAMPLES_COOLDOWN_H
#define EXAMPLES_COOLDOWN_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/* [header] */
/*
 * After `failures` calls in a row that failed, it is not ready for `rest_ms`: whoever wants to call
 * waits, and what is inside has time to recover. A call that succeeds ends the row, one that is
 * given up does not count. Calls that run when the rest begins are left to run.
 *
 * Copies share the row and the rest. Errors and types are inner's. Works on any type; may be
 * cloned. Invalid: failures or rest_ms out of range. Counts: `rests`, and `in_a_row`.
 *
 * Place: directly around the client of one dependency; load_shed outside of it turns the wait into
 * a refusal.
 */
struct cooldown_options {
    size_t size;
    unsigned failures; /* 1 to 1000; 0: 5 */
    uint64_t rest_ms;  /* 1 to 3600000; 0: 1000 */
};

/* OPTIONS may be NULL: all defaults. */
struct cairn_layer cooldown_layer(const struct cooldown_options *options);

/* cooldown(.failures = 3, .rest_ms = 500) */
#define cooldown(...) \
    cooldown_layer(   \
        &(const struct cooldown_options){.size = sizeof(struct cooldown_options), __VA_ARGS__})
/* [/header] */

CAIRN_END_DECLS

#endif
