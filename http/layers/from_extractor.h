/* from_extractor.h - reads from each request what it must say, or answers with why it does not.
 * Axum's from_extractor. */
#ifndef CAIRN_HTTP_LAYERS_FROM_EXTRACTOR_H
#define CAIRN_HTTP_LAYERS_FROM_EXTRACTOR_H

#include <stddef.h>

#include <cairn/http/bind.h>
#include <cairn/http/message.h>
#include <cairn/http/rejection.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * An extractor is one of two. A function, `f`: it returns true and the request goes on, perhaps
 * with an extension; or it returns false and has filled in *NO (zero before), with a status from
 * 400 to 599. Or `bind` and `record`: `bytes` of the arena, a copy of `defaults`, are bound and
 * left as the extension `key`, for what is inside to find.
 *
 * A request that is rejected is dropped, inner's room given back, and the answer is that of
 * cairn_http_reject: problem+json, unless cairn_http_reject_with says otherwise for the request.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; without
 * memory the call fails with CAIRN_ERROR_MEMORY. May be cloned.
 * Invalid: neither f nor bind, or both; bind without record, key, or bytes from 1 to 65536. Counts,
 * in all copies: `passed`, `rejected`.
 *
 * Place: inside of the router where path parameters are read, as a layer of the route or its group.
 * What reads the body (cairn_http_bind_form) needs it collected: collect_body outside.
 */
struct cairn_from_extractor_options {
    size_t size;
    bool (*f)(struct cairn_http_request *req, void *state, struct cairn_http_rejection *no);
    void *state; /* f's own; borrowed until the last copy is dropped */

    /* cairn_http_bind_query, _path, _form, or another of their kind. */
    bool (*bind)(struct cairn_http_request *req, const struct cairn_record *record, void *out,
        struct cairn_http_rejection *no);
    const struct cairn_record *record; /* borrowed until the last copy is dropped, as all below */
    size_t bytes;                      /* of the struct that RECORD describes */
    const void *defaults;              /* such a struct; NULL: zeros */
    const void *key;                   /* of the extension */

    const char *name; /* shown where the stack is printed; NULL: none */
};

/* OPTIONS may be NULL, which is invalid: there is no extractor. */
CAIRN_API struct cairn_layer cairn_from_extractor_layer(
    const struct cairn_from_extractor_options *options);

/* cairn_from_extractor(.f = has_tenant) */
#define cairn_from_extractor(...)                                            \
    cairn_from_extractor_layer(&(const struct cairn_from_extractor_options){ \
        .size = sizeof(struct cairn_from_extractor_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
