/* poll.h - the answer of everything that can be polled. After Rust's core::task::Poll. */
#ifndef CAIRN_SERVICE_POLL_H
#define CAIRN_SERVICE_POLL_H

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

struct cairn_error;

/*
 * READY is 0, so that passing on what is not ready is `if (p) return p;`.
 * PENDING promises that the waker of the context has been stored and will fire. A wake may be
 * spurious; a lost one is a bug.
 */
enum cairn_poll { CAIRN_READY = 0, CAIRN_PENDING, CAIRN_FAILED };

/* Filled on READY (value) and FAILED (error, owned by who polled); untouched on PENDING. */
union cairn_outcome {
    void *value;
    struct cairn_error *error;
};

CAIRN_END_DECLS

#endif
