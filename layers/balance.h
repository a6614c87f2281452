/* balance.h - one service of many endpoints: each call goes to one that is ready. Tower's Balance.
 */
#ifndef CAIRN_LAYERS_BALANCE_H
#define CAIRN_LAYERS_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/discover.h>
#include <cairn/layers/ready_cache.h>
#include <cairn/service/random.h>

CAIRN_BEGIN_DECLS

/* What a strategy works with: one for each balancer. */
struct cairn_picker {
    struct cairn_random random; /* from the options' seed */
    uint64_t turn;              /* the strategy's own; 0 at first */
    void *cx;                   /* from the options */
};

/* A strategy: which of the endpoints that are ready gets the call. Static const data. */
struct cairn_balance_pick {
    const char *name;
    /* Whether it asks for the load of endpoints: those that tell none then get pending_requests. */
    bool by_load;
    /* Returns an index below COUNT, which is 1 or more. READY[i]->mark is its own to keep. It may
     * be asked again before a call, when the endpoint it chose was not ready any more. */
    size_t (*pick)(
        struct cairn_picker *picker, struct cairn_ready_entry *const *ready, size_t count);
};

/* Power of two choices: of two different ones at random the one with the lower load; the first if
 * they are equal, the second if they do not compare. Costs the same for any number of endpoints;
 * the others look at every one that is ready. */
CAIRN_API extern const struct cairn_balance_pick cairn_balance_p2c;
/* The lowest load of all; of equals the one that was picked longest ago. */
CAIRN_API extern const struct cairn_balance_pick cairn_balance_least_connections;
/* Each in turn. */
CAIRN_API extern const struct cairn_balance_pick cairn_balance_round_robin;
/* Each in turn as often as its weight says, spread evenly: of weights 2 and 1, a b a. */
CAIRN_API extern const struct cairn_balance_pick cairn_balance_weighted;

/*
 * Polling readiness takes in what discovery has to say, polls the endpoints that are not ready, and
 * has the strategy choose one of the others, which is asked once more before the answer is READY.
 * While none is ready, or there is none, it is pending; that is never an error. An endpoint whose
 * readiness fails is dropped and counted, and its error let go of. The end of discovery leaves the
 * endpoints as they are. A failure of discovery fails readiness for good: CAIRN_ERROR_UNAVAILABLE,
 * layer "discover", with the stream's error as source. So does lack of memory for an endpoint.
 *
 * What was ready may be pending again before the call: when the endpoint that was chosen has
 * failed, or was removed, and no other is ready.
 *
 * Copies share the endpoints, and no choice: what one has chosen the others do not get until it is
 * called or released. Between calls endpoints that are ready keep their reservations; those go back
 * when the last copy that had chosen or waited is released. So each endpoint should have limits of
 * its own.
 *
 * Works on any type; may be cloned, even if its endpoints may not. Calls cost no memory.
 * Broken: without both types, or without memory.
 * Counts: `picks` (calls), `ejected` (endpoints whose readiness failed), gauges `endpoints`,
 * `ready`; for each endpoint `picks` and `load` (rounded down).
 *
 * Place: at the bottom of a client's stack. Limits and timeouts for one endpoint go around that
 * endpoint, and the load that it tells goes around them.
 */
struct cairn_balance_options {
    size_t size;
    /* Of every endpoint, and so of the balancer; must be set. An endpoint of other types is a
     * programming error. */
    const struct cairn_type *request_type;
    const struct cairn_type *response_type;
    const struct cairn_balance_pick *pick; /* NULL: cairn_balance_p2c */
    void *pick_cx;                         /* for a strategy of your own */
    uint64_t seed;                         /* for tests; 0: from the system */
};

/* Takes CHANGES, a stream of struct cairn_change. Returns the balancer, owned by the caller; never
 * NULL. */
CAIRN_API struct cairn_service *cairn_balance_new(
    struct cairn_stream changes, const struct cairn_balance_options *options);

/* cairn_balance(changes, .request_type = &request, .response_type = &response) */
#define cairn_balance(changes, ...)                                     \
    cairn_balance_new((changes), &(const struct cairn_balance_options){ \
                                     .size = sizeof(struct cairn_balance_options), __VA_ARGS__})

/* Endpoints that are known, ready or not, of the balancer in SERVICE, which may be a stack around
 * one. One that is being replaced counts twice. */
CAIRN_API size_t cairn_balance_len(const struct cairn_service *service);
static inline bool cairn_balance_is_empty(const struct cairn_service *service)
{
    return cairn_balance_len(service) == 0;
}

CAIRN_END_DECLS

#endif
