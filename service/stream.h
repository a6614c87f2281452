/* stream.h - values one after the other. After Rust's Stream: poll_next and drop. */
#ifndef CAIRN_SERVICE_STREAM_H
#define CAIRN_SERVICE_STREAM_H

#include <stddef.h>

#include <cairn/service/future.h>

CAIRN_BEGIN_DECLS

/* One kind of stream. Static const data. */
struct cairn_stream_ops {
    const char *name;
    size_t
        size; /* bytes of the state; 0: the state is in no box, but lives where its maker put it */

    /* READY with the next value, owned by who polled, or with NULL at the end; after the end and
     * after FAILED it is not polled again. PENDING stored the waker. */
    enum cairn_poll (*poll_next)(
        void *state, const struct cairn_context *cx, union cairn_outcome *out);

    /* Once, when the stream is dropped, ended or not. NULL: nothing to give back. */
    void (*drop)(void *state);
};

/* Passed by value, owned by one holder. All zero is the empty stream, which has ended. */
struct cairn_stream {
    const struct cairn_stream_ops *ops;
    void *state;
};

/* A stream whose state is a copy of *STATE in a box; ops->size is not 0. Takes what STATE holds;
 * without memory it is dropped and the stream fails at its first poll with cairn_error_no_memory.
 */
CAIRN_API struct cairn_stream cairn_stream_box(
    const struct cairn_stream_ops *ops, const void *state);

/* A stream that fails at its first poll with ERROR. Takes ERROR. Allocates nothing. */
CAIRN_API struct cairn_stream cairn_stream_failed(struct cairn_error *error);

/* The end and a failure drop the state at once and leave S empty; an empty stream gives READY,
 * NULL. */
CAIRN_API enum cairn_poll cairn_stream_poll_next(
    struct cairn_stream *s, const struct cairn_context *cx, union cairn_outcome *out);
CAIRN_API void cairn_stream_drop(struct cairn_stream *s);

static inline bool cairn_stream_is_empty(const struct cairn_stream *s)
{
    return s->ops == 0;
}

/* The values VALUES[0..COUNT), none NULL, in order. Copies the array; takes the values, and drops
 * those that were not asked for as TYPE says (NULL: no drop). */
CAIRN_API struct cairn_stream cairn_stream_from_array(
    void *const *values, size_t count, const struct cairn_type *type);
/* One value: the future's. A NULL value is an empty stream. Takes FUTURE. */
CAIRN_API struct cairn_stream cairn_stream_from_future(struct cairn_future future);
/* F(value) for each; F takes the value and returns one, not NULL. Takes INNER; CX is borrowed until
 * the stream is dropped. */
CAIRN_API struct cairn_stream cairn_stream_map(
    struct cairn_stream inner, void *(*f)(void *cx, void *value), void *cx);
/* The first COUNT values at most; then INNER is dropped. Takes INNER. */
CAIRN_API struct cairn_stream cairn_stream_take(struct cairn_stream inner, size_t count);

/* The next value as a future: READY with it, or with NULL at the end. Borrows S until it is
 * dropped. */
CAIRN_API struct cairn_future cairn_stream_next(struct cairn_stream *s);

/* All values of a stream. Free it with cairn_stream_values_free. */
struct cairn_stream_values {
    size_t count;
    void **values;
    const struct cairn_type *type;
};

/* READY with a struct cairn_stream_values, owned by the caller. A failure of INNER fails it, and so
 * do more than MAX values (0: 65536), with CAIRN_ERROR_TOO_LARGE; what was collected is dropped as
 * TYPE says. Takes INNER. */
CAIRN_API struct cairn_future cairn_stream_collect(
    struct cairn_stream inner, size_t max, const struct cairn_type *type);
/* Drops the values as their type says, then the rest. NULL: nothing. */
CAIRN_API void cairn_stream_values_free(struct cairn_stream_values *values);

CAIRN_END_DECLS

#endif
