#include <cairn/http/connection/connection.h>

#include <cairn/http/server/worker.h>

bool cairn__connection_claim_address(struct cairn__connection *self)
{
    struct cairn__worker *worker = self->worker;
    const struct sockaddr *peer = (const struct sockaddr *)&self->peer;
    if (!worker->addresses.slots || !cairn__address_table_counts(peer))
        return true;
    self->is_address_counted = cairn__address_table_add(
        &worker->addresses, peer, worker->options->limits.connections_per_address);
    worker->counters.crowded += !self->is_address_counted;
    return self->is_address_counted;
}

void cairn__connection_release_address(struct cairn__connection *self)
{
    if (self->is_address_counted)
        cairn__address_table_remove(&self->worker->addresses, (const struct sockaddr *)&self->peer);
    self->is_address_counted = false;
}
