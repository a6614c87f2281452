/* combine.h - futures made of futures: map, then, join all, select. */
#ifndef CAIRN_SERVICE_COMBINE_H
#define CAIRN_SERVICE_COMBINE_H

#include <stddef.h>

#include <cairn/service/future.h>

CAIRN_BEGIN_DECLS

/*
 * All of them take the futures they are given, also on failure; without memory they drop them and
 * have failed with cairn_error_no_memory. An error that a function is not there for passes through.
 * CX is the function's own pointer, borrowed until the future is dropped.
 */

/* READY with F(value). F takes the value and returns the new one, and cannot fail. */
CAIRN_API struct cairn_future cairn_future_map(
    struct cairn_future inner, void *(*f)(void *cx, void *value), void *cx);

/* FAILED with F(error). F takes the error and returns the one to give. */
CAIRN_API struct cairn_future cairn_future_map_error(struct cairn_future inner,
    struct cairn_error *(*f)(void *cx, struct cairn_error *error), void *cx);

/* Goes on with the future F(value). F takes the value. Rust's and_then. */
CAIRN_API struct cairn_future cairn_future_and_then(
    struct cairn_future inner, struct cairn_future (*f)(void *cx, void *value), void *cx);

/* Goes on with F(p, outcome), whatever the outcome: p is READY or FAILED. F takes what OUT holds.
 */
CAIRN_API struct cairn_future cairn_future_then(struct cairn_future inner,
    struct cairn_future (*f)(void *cx, enum cairn_poll p, union cairn_outcome out), void *cx);

/*
 * READY when all of FUTURES[0..COUNT) are, with their values in order: a `void **` of COUNT entries
 * that the caller frees with cairn_free (NULL where COUNT is 0). The first failure fails the whole:
 * the other futures are dropped, and values that were there already are dropped as TYPE says (NULL:
 * no drop).
 */
CAIRN_API struct cairn_future cairn_join_all(
    const struct cairn_future *futures, size_t count, const struct cairn_type *type);

/*
 * The outcome, value or error, of the first of FUTURES[0..COUNT) to complete; the lowest index when
 * several do. The rest are dropped. COUNT must be at least 1. *WINNER, when WINNER is not NULL,
 * gets its index before the outcome is given; borrowed until then.
 */
CAIRN_API struct cairn_future cairn_select(
    const struct cairn_future *futures, size_t count, size_t *winner);

CAIRN_END_DECLS

#endif
