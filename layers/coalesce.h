/* coalesce.h - calls for the same thing at the same time share one. Single flight. */
#ifndef CAIRN_LAYERS_COALESCE_H
#define CAIRN_LAYERS_COALESCE_H

#include <stddef.h>

#include <cairn/service/layer.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * While a call runs whose request had the same key, a call joins it: its reservation of inner is
 * given back, and it gets a copy of the same response, made by the response type's clone; the last
 * one gets the response itself. An error goes to everyone. When the shared call has ended it is
 * forgotten: nothing is cached.
 *
 * A response that its type does not copy, for want of memory or because it cannot be, goes to who
 * made the call, or, when that one has given up, to the first who asks for it. Each of the others
 * then makes a call of its own, with its own request, which is kept until then, through a copy of
 * inner that it polls ready; where inner cannot be cloned it fails with CAIRN_ERROR_UNAVAILABLE,
 * layer "coalesce".
 *
 * The shared call belongs to the group. It is driven by a task of its own, so that it goes on
 * whoever of them gives up, polls late or not at all; when all have given up it is dropped. Copies
 * of the service are one group, each application another. A call that is answered at once is shared
 * with nobody, and costs nothing but its key; once as many calls have run at a time as there will,
 * up to 64, sharing allocates nothing but the copies.
 *
 * Readiness, errors and types are inner's. Needs a response that can be cloned; may be cloned.
 * Without memory for the group a call is made unshared.
 * Invalid: no key; a response type without a clone. Counts: `calls` (made by inner), `joined`,
 * `alone` (calls of those who could not be given a copy, among `calls`), `in_flight`.
 *
 * Place: outside of what makes a call cost something, inside of cache. A concurrency limit inside
 * of it makes those wait, too, who would only join.
 */
struct cairn_coalesce_options {
    size_t size;
    /*
     * What makes two requests the same: all that the response depends on, the caller's rights too.
     * Returns bytes that live as long as REQUEST, or until the next call of this function. An
     * absent string (data NULL): this request is shared with nobody, as one that changes something.
     */
    struct cairn_str (*key)(void *cx, const void *request);
    void *cx; /* for both; borrowed until the last copy is dropped */
    /*
     * Makes a call that may be shared: takes REQUEST and uses INNER's reservation. For requests
     * that live no longer than who asks, as HTTP's do, so that the shared call needs a copy: see
     * http/layers/http_coalesce.h. NULL: inner's call.
     */
    struct cairn_future (*call)(void *cx, struct cairn_service *inner, void *request);
};

CAIRN_API struct cairn_layer cairn_coalesce_layer(const struct cairn_coalesce_options *options);

/* cairn_coalesce(.key = path_of) */
#define cairn_coalesce(...)                                      \
    cairn_coalesce_layer(&(const struct cairn_coalesce_options){ \
        .size = sizeof(struct cairn_coalesce_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
