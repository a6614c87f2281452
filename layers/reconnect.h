/* reconnect.h - a service that is made anew when it fails. Tower's Reconnect. */
#ifndef CAIRN_LAYERS_RECONNECT_H
#define CAIRN_LAYERS_RECONNECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/backoff.h>
#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * MAKER is a make service (service/make_service.h): its request is a target, its response a
 * connection. The first readiness poll has it make one; calls go to that. When
 * a connection's readiness fails it is dropped, and the next one is made in the same poll.
 *
 * A failure to connect is a failed call of the maker, or a connection that fails before it was ever
 * ready. Readiness then answers ready, and stays so; the next call fails with the error; the
 * readiness poll after that waits for the back-off, then connects again. Releasing forgets the
 * error. The same holds for a connection that fails between readiness and call, but without a
 * back-off.
 *
 * With wait_ready readiness is pending instead, through back-off and further attempts, until a
 * connection is ready: for a balancer, which goes on with its other endpoints meanwhile. Errors are
 * then only counted. Failures in a row make the back-off longer; a connection that was ready ends
 * the row. Readiness fails only when the maker's does.
 *
 * It moves while its readiness is polled: spawn_ready outside of it makes that a task of its own.
 * It may not be cloned, as a copy would be one more connection: buffer outside of it has handles
 * that share one. Calls and errors are the connection's.
 *
 * Counts: `connects`, `failures` (to connect), `is_connected`, 0 or 1; tells `last_error` until
 * there is a connection that was ready. That is described as part of it, the maker as what is
 * inside.
 */
struct cairn_reconnect_options {
    size_t size;
    /* What connections take and give; a connection of other types is a failure to connect. May be
     * NULL where there is a connection to begin with: its types. */
    const struct cairn_type *request_type;
    const struct cairn_type *response_type;
    /* What the maker is called with. Copied, now and for each call, if its type, the maker's
     * request type, has a clone; else passed as it is: it must then outlive the service, and its
     * type have no drop. */
    const void *target;
    /* Used before the first one is made, as one that was ready. Taken. NULL: none. */
    struct cairn_service *connection;
    /* The wait before the attempt that follows a failure. All zero: none; with wait_ready 50 ms,
     * doubled up to 10 s, jitter 0.99. With wait_ready it is at least 1 ms. */
    struct cairn_backoff backoff;
    bool wait_ready;
    uint64_t seed; /* of the jitter, for tests; 0: a seed from the system */
};

/*
 * Takes MAKER, and the connection in OPTIONS. Never NULL: what is wrong gives a broken
 * service, CAIRN_ERROR_INVALID (the back-off, or a type that is missing), CAIRN_ERROR_TYPE (a
 * maker that is none, a target that cannot be copied, a connection of other types),
 * CAIRN_ERROR_MEMORY; a broken maker or connection comes back as it is.
 */
CAIRN_API struct cairn_service *cairn_reconnect_new(
    struct cairn_service *maker, const struct cairn_reconnect_options *options);

/* cairn_reconnect(maker, .request_type = &question, .response_type = &answer) */
#define cairn_reconnect(maker, ...)                                       \
    cairn_reconnect_new((maker), &(const struct cairn_reconnect_options){ \
                                     .size = sizeof(struct cairn_reconnect_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
