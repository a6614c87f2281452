/* authorizer.h - the service of the layers that require authorization. Internal. */
#ifndef CAIRN_HTTP_LAYERS_AUTHORIZER_H
#define CAIRN_HTTP_LAYERS_AUTHORIZER_H

#include <cairn/http/message.h>
#include <cairn/service/layer.h>
#include <cairn/service/spares.h>

/* How one kind decides. Its own fields follow. */
struct cairn__authorizer_policy {
    /* Begins the check of REQ: its future, and true; or false and the answer's. */
    bool (*check)(void *policy, struct cairn_http_request *req, struct cairn_future *check);
    /* What the check's outcome P means: the empty future, REQ passes; else the answer's, complete.
     */
    struct cairn_future (*judge)(
        void *policy, struct cairn_http_request *req, enum cairn_poll p, union cairn_outcome out);
    /* Frees POLICY, and wipes what is secret in it. */
    void (*free)(void *policy);
    bool can_wait; /* whether a check's future may be one that is not complete */
};

struct cairn__authorizer_shared;

struct cairn__authorizer {
    struct cairn_service base;
    struct cairn__authorizer_shared *shared;
};

/* OPS are the kind's, with the slots below. Takes POLICY (NULL: there was no memory) and INNER,
 * which is of HTTP's types. */
struct cairn_service *cairn__authorizer_new(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_service_ops *ops,
    struct cairn__authorizer_policy *policy);

struct cairn_future cairn__authorizer_call(struct cairn_service *base, void *req);
void cairn__authorizer_cloned(struct cairn_service *base);
void cairn__authorizer_drop(struct cairn_service *base);
/* The counters. */
void cairn__authorizer_describe(const struct cairn_service *base, struct cairn_describe *d);
const void *cairn__authorizer_policy(const struct cairn_service *base);

/* RES as the answer; NULL: there was no memory. */
struct cairn_future cairn__authorizer_answer(struct cairn_http_response *res);

/* Whether REALM, or another text, may stand in a challenge. */
bool cairn__authorizer_is_realm(const char *realm);
/* Overwrites TEXT and frees it. NULL: nothing. */
void cairn__authorizer_wipe(char *text);

#endif
