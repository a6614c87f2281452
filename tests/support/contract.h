/* contract.h - the service contract as a test: one line checks a layer. */
#ifndef CAIRN_TESTKIT_CONTRACT_H
#define CAIRN_TESTKIT_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The suite builds the layer around a mock and holds it to what service.h says of every service:
 *
 * - readiness: once given it stays; pending stores a waker that fires, of the task that polled
 * last; release and drop give back every reservation, of the layer and of what is inside; releasing
 * twice, or what was never ready, does nothing; a failure of inner surfaces;
 * - copies: not ready, they share no reservation, and neither do copies of copies;
 * - calls: the response arrives; an error is passed on or wrapped, never lost; a future that is
 * dropped unpolled, polled, or answered gives everything back; a future outlives its service;
 * - memory: each value is dropped exactly once; with any allocation failing between build and
 * response the outcome may be an error, and is never a crash, a leak, or silence;
 * - describe: names itself at any time.
 *
 * A breach is an assertion with the layer's name and a sentence. It works with a library with or
 * without CAIRN_CHECKS. The thread must have no runtime: the suite makes its own, on a test clock.
 *
 * Give the layer limits that bite (a concurrency limit of 1), so that what leaks is missed at once.
 */
struct cairn_contract_options {
    size_t size;
    bool may_shed;       /* while inner is not ready: is ready, and fails the call */
    bool may_queue;      /* while inner is not ready: is ready, and the response waits */
    bool may_repeat;     /* inner may be called more than once for a call, or not at all */
    bool may_recover;    /* a failed call may become a response */
    bool may_replace;    /* an error may be replaced by one that does not have it as source */
    bool may_hide_ready; /* inner's failed readiness need not fail the layer's */
    /* How far the clock moves when something waits that is neither inner's readiness nor its
     * response: a window of a rate limit, a back-off. 0: 1000. */
    uint64_t step_ms;
    /* What inner takes and gives. NULL: cairn_test_value_type. */
    const struct cairn_type *request_type;
    const struct cairn_type *response_type;
    /* A request for the layer, which may take another type than inner, and a response of inner;
     * owned by the caller, not NULL. NULL here: a cairn_test_value. */
    void *(*new_request)(void *cx);
    void *(*new_response)(void *cx);
    void *cx; /* for both */
};

CAIRN_API void cairn_contract_check(const struct cairn_layer *layer);
/* OPTIONS may be NULL. */
CAIRN_API void cairn_contract_check_with(
    const struct cairn_layer *layer, const struct cairn_contract_options *options);

/* The same for OUTER around INNER. What either of the two options allows the pair may do. */
CAIRN_API void cairn_contract_check_pair(const struct cairn_layer *outer,
    const struct cairn_contract_options *outer_options, const struct cairn_layer *inner,
    const struct cairn_contract_options *inner_options);

CAIRN_END_DECLS

#endif
