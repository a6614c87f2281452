/* idempotency_call.h - a request that has a key, from the store to the store. Internal. */
#ifndef CAIRN_HTTP_LAYERS_IDEMPOTENCY_CALL_H
#define CAIRN_HTTP_LAYERS_IDEMPOTENCY_CALL_H

#include <cairn/http/layers/idempotency_keys.h>
#include <cairn/service/spares.h>

/* What copies of the layer and futures share, with the header's name behind it. */
struct cairn__idempotency {
    unsigned references;
    struct cairn_idempotency_keys_options opts; /* with a store, and no zeros that mean a default */
    struct cairn_str header;
    struct cairn__spares spares;
    uint64_t first;
    uint64_t replayed;
    uint64_t conflicts;
    uint64_t mismatches;
    uint64_t rejected;
    uint64_t unkept;
    uint64_t store_errors;
};

void cairn__idempotency_unref(struct cairn__idempotency *shared);

/* The call of REQ, which it takes, under KEY: BASE is the layer's service, whose inner one was
 * readied. */
struct cairn_future cairn__idempotency_run(struct cairn__idempotency *shared,
    struct cairn_service *base, struct cairn_http_request *req, const char *key);

#endif
