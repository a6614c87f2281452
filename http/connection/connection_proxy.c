#include <cairn/http/connection/connection.h>

#include <cairn/http/connection/proxy_protocol.h>
#include <cairn/http/server/worker.h>
#include <cairn/service/alloc.h>

int cairn__connection_expect_proxy(struct cairn__connection *self)
{
    struct cairn__worker *worker = self->worker;
    if (!worker->proxy_peers)
        return 0;
    if (cairn_trusted_peers_has(worker->proxy_peers, (const struct sockaddr *)&self->peer)) {
        self->proxy = cairn_alloc_zero(sizeof(*self->proxy));
        return self->proxy ? 0 : -1;
    }
    if (!worker->options->proxy_protocol_only)
        return 0;
    worker->counters.refused++;
    return -1;
}

/* A header without addresses leaves the peer as it is: the proxy itself asks, and is not counted.
 * Returns false when the peer's address has connections enough. */
static bool connection_proxied(struct cairn__connection *self)
{
    const struct cairn__proxy_parser *proxy = self->proxy;
    if (!proxy->has_addresses)
        return true;
    if (proxy->is_unix)
        self->peer = (struct sockaddr_in6){.sin6_family = AF_UNIX};
    else
        memcpy(&self->peer, &proxy->source, sizeof(self->peer));
    return cairn__connection_claim_address(self);
}

bool cairn__connection_proxy(struct cairn__connection *self, const char **data, size_t *length)
{
    size_t used;
    enum cairn__proxy_result result = cairn__proxy_feed(self->proxy, *data, *length, &used);
    if (result == CAIRN__PROXY_MORE && !self->is_peer_closed)
        return false;
    if (result != CAIRN__PROXY_COMPLETE) {
        self->worker->counters.refused += result == CAIRN__PROXY_REFUSED;
        cairn__connection_die(self, CAIRN_HTTP_BROKEN);
        return false;
    }
    if (!connection_proxied(self)) {
        cairn__connection_die(self, CAIRN_HTTP_BROKEN);
        return false;
    }
    cairn_free(self->proxy);
    self->proxy = NULL;
    *data += used;
    *length -= used;
    return true;
}
