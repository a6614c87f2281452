/* in_flight.h - how many requests are in flight, their bodies included. tower-http's
 * InFlightRequests. */
#ifndef CAIRN_HTTP_LAYERS_IN_FLIGHT_H
#define CAIRN_HTTP_LAYERS_IN_FLIGHT_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/future.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/* A number for all threads, without a lock. Counted by atomic references. */
struct cairn_in_flight;

/* With one reference, the caller's. NULL without memory. */
CAIRN_API struct cairn_in_flight *cairn_in_flight_new(void);
CAIRN_API struct cairn_in_flight *cairn_in_flight_ref(struct cairn_in_flight *counter);
/* NULL: nothing. */
CAIRN_API void cairn_in_flight_unref(struct cairn_in_flight *counter);

/* Requests in flight now, of all stacks that have this counter. */
CAIRN_API uint64_t cairn_in_flight_count(const struct cairn_in_flight *counter);

/*
 * A future that never ends: calls EMIT(CX, count) at its first poll, and every EVERY_MS (1 to
 * 86400000) from then on. Spawn it on a runtime; dropping it ends it. Takes a reference of COUNTER;
 * CX is borrowed until the future is dropped.
 *
 *     cairn_spawn(runtime, cairn_in_flight_emitter(counter, 1000, to_statsd, socket), NULL);
 */
CAIRN_API struct cairn_future cairn_in_flight_emitter(struct cairn_in_flight *counter,
    uint64_t every_ms, void (*emit)(void *cx, uint64_t count), void *cx);

/*
 * Counts a request from the call until the body of its response has ended or was dropped
 * (cairn_http_on_body_end); one that fails or is given up, until then. Without memory to follow the
 * body it counts until the response.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. May be
 * cloned; copies share the counter. Gauge: `in_flight`, of all that share the counter.
 *
 * Place: outermost, or around what you want to watch; outside of retry, for the answers that retry
 * throws away may count until the exchange has ended.
 */
struct cairn_in_flight_options {
    size_t size;
    /* One to read and to share, between workers too. Borrowed until the last application; each
     * service then counts as an owner. NULL: every application makes its own. */
    struct cairn_in_flight *counter;
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_in_flight_layer(const struct cairn_in_flight_options *options);

/* cairn_in_flight(.counter = counter) */
#define cairn_in_flight(...)                                       \
    cairn_in_flight_layer(&(const struct cairn_in_flight_options){ \
        .size = sizeof(struct cairn_in_flight_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
