/* rate_limit_keyed.h - bounds the calls of each key: an address, a token, a tenant. */
#ifndef CAIRN_LAYERS_RATE_LIMIT_KEYED_H
#define CAIRN_LAYERS_RATE_LIMIT_KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/keyed_limiter.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The call asks for the request's key and charges it. What is over the key's rate drops its request
 * and fails at once with the static CAIRN_ERROR_LIMITED, layer "rate_limit_keyed". With a
 * `max_wait_ms` a call that may begin within that time waits for its turn instead, as they came; it
 * gives inner's reservation back meanwhile and goes on with a clone of inner. One that is given up
 * while it waits has used its share.
 *
 * Readiness, errors and types are inner's: whose share is used up is known at the call, and must
 * not hold up the others. Works on any type; may be cloned. Copies share the limiter; `limiter`
 * shares one between stacks and workers. No lock, and no memory for a call that does not wait.
 * Refused when the stack is built: `max_wait_ms` around a service that cannot be cloned. Invalid:
 * no `key`, an option out of range, a limiter together with options of its own one. Counts:
 * `refused`, `waited`, `unkeyed` (calls without a key) of this stack; `evicted` of the limiter.
 *
 * Place: outside of all that costs something, inside of what makes errors into responses. For the
 * sum of all keys put rate_limit or concurrency_limit inside of it.
 */
struct cairn_rate_limit_keyed_options {
    size_t size;
    /* The key of REQUEST, borrowed until the request is changed or gone; an absent one: no limit.
     * Must be set. CX is `cx`, borrowed until the last copy of the service is dropped. */
    struct cairn_str (*key)(void *cx, const void *request);
    /* Changes RATE, which is the limiter's own, to that of this KEY. NULL: the same for all. */
    void (*rate)(
        void *cx, const void *request, struct cairn_str key, struct cairn_keyed_rate *rate);
    /* Sees the answer for REQUEST, which it may note there: for header fields. NULL: nobody. */
    void (*report)(void *cx, void *request, const struct cairn_keyed_answer *answer);
    void *cx;             /* for the three */
    uint64_t max_wait_ms; /* 0 to 86400000; 0: refused at once */
    /* One to share. Borrowed until the last application; each service then counts as an owner. The
     * rest must then be 0. NULL: every application makes its own. */
    struct cairn_keyed_limiter *limiter;
    uint64_t num; /* these as in struct cairn_keyed_limiter_options */
    uint64_t per_ms;
    uint64_t burst;
    size_t keys;
};

/* OPTIONS must have a key. */
CAIRN_API struct cairn_layer cairn_rate_limit_keyed_layer(
    const struct cairn_rate_limit_keyed_options *options);

/* cairn_rate_limit_keyed(.key = address_of, .num = 10, .burst = 20) */
#define cairn_rate_limit_keyed(...)                                              \
    cairn_rate_limit_keyed_layer(&(const struct cairn_rate_limit_keyed_options){ \
        .size = sizeof(struct cairn_rate_limit_keyed_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
