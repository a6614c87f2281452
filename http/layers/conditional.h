/* conditional.h - entity tags for answers made on the spot, and 304 to whoever has them already. */
#ifndef CAIRN_HTTP_LAYERS_CONDITIONAL_H
#define CAIRN_HTTP_LAYERS_CONDITIONAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Looks at the answers to GET and HEAD that are 200. One whose body is whole and that has no ETag
 * gets one: a 128-bit hash of the body, which is the same in every process. An ETag of its own
 * stays as it is, and so does a Last-Modified. Then the conditions of the request are held against
 * both, in the order of RFC 9110 section 13.2.2 (see http/conditional.h): what the client has
 * already becomes 304, and a lost If-Match or If-Unmodified-Since 412, both without a body and what
 * describes it (Content-Type, Content-Encoding, Content-Language, Content-Range).
 *
 * A stream or a file has the conditions held against it if it carries an ETag or a Last-Modified,
 * and passes untouched if not; nor is a body of more than `max_bytes` hashed, or the answer to a
 * HEAD that has none. Other methods pass: what they would change is known only inside, where
 * cairn_http_conditional tells before it is done. It saves the bytes, not the making of the answer.
 *
 * The hash is fast and no secret: who may choose a body at will can make two with one tag. Give
 * each deployment a `seed` of its own where that matters, the same on all its machines.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. Without
 * memory for the tag the call fails. May be cloned.
 * Invalid: max_bytes out of range. Counts, in all copies: `tagged`, `not_modified`, `failed` (412).
 *
 * Place: inside of what changes bodies (compression): that weakens or changes the tag. Where
 * something outside changes bodies and leaves their tags alone, set `is_weak`. Outside of a cache,
 * so that what the cache keeps is whole.
 */
struct cairn_conditional_options {
    size_t size;
    size_t max_bytes; /* bodies up to this are hashed: 1 to 1073741824 (1 GiB); 0: 1 MiB */
    uint64_t seed;    /* of the hash; 0 is one, too */
    bool is_weak;     /* W/"…": the body stands for others that mean the same */
};

/* NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_conditional_layer(
    const struct cairn_conditional_options *options);

/* cairn_conditional() */
#define cairn_conditional(...)                                         \
    cairn_conditional_layer(&(const struct cairn_conditional_options){ \
        .size = sizeof(struct cairn_conditional_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
