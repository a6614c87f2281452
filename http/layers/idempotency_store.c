#include <cairn/http/layers/idempotency_store.h>

struct cairn_idempotency_store *cairn_idempotency_store_ref(struct cairn_idempotency_store *store)
{
    __atomic_fetch_add(&store->references, 1, __ATOMIC_RELAXED);
    return store;
}

void cairn_idempotency_store_unref(struct cairn_idempotency_store *store)
{
    if (store && __atomic_sub_fetch(&store->references, 1, __ATOMIC_ACQ_REL) == 0 &&
        store->ops->free)
        store->ops->free(store);
}
