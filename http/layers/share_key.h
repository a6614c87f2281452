/* share_key.h - which requests may be answered by one answer, and what tells them apart. Internal.
 */
#ifndef CAIRN_HTTP_LAYERS_SHARE_KEY_H
#define CAIRN_HTTP_LAYERS_SHARE_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

#define CAIRN__SHARE_KEY_MOST_FIELDS 16

struct cairn__field_names;

struct cairn__share_key_options {
    const char *const *vary;
    bool ignores_authorization;
    bool ignores_cookies;
    /* A request that asks whether the answer has changed may have the whole of it in place of 304.
     */
    bool takes_validators;
};

/* Counted: copies of a layer share it. For one runtime. */
struct cairn__share_key {
    unsigned references;
    struct cairn__share_key_options opts; /* `vary` is not kept */
    struct cairn__field_names *vary;
    char *text; /* of the last key */
    size_t capacity;
};

/* One reference. NULL, with *BROKEN set and INNER dropped, when `vary` has more than 16 names or
 * one that is no name of a field, or without memory. */
struct cairn__share_key *cairn__share_key_new(const struct cairn__share_key_options *opts,
    const struct cairn_layer *layer, struct cairn_service *inner, struct cairn_service **broken);
void cairn__share_key_unref(struct cairn__share_key *self);

/*
 * The key of REQ: SALT, its method, host, target and path, and the fields of `vary`. Lives until
 * the next call. Absent for all but a GET or HEAD without a body, for one that asks for a part, an
 * upgrade, no-store or under a condition, for one with Authorization or Cookie that is neither in
 * `vary` nor ignored, and without memory.
 */
struct cairn_str cairn__share_key_of(
    struct cairn__share_key *self, const struct cairn_http_request *req, uint32_t salt);

/* Whether `vary` has NAME, without case. */
bool cairn__share_key_has(const struct cairn__share_key *self, struct cairn_str name);
/* The names of `vary`, for a describe slot; nothing without any. */
void cairn__share_key_describe(const struct cairn__share_key *self, struct cairn_describe *d);

CAIRN_END_DECLS

#endif
