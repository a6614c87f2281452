#include <cairn/http/connection/connection.h>

#include <cairn/http/server/worker.h>

/*
 * The connection stays as what carries the exchange: its task is the one that was told to whoever
 * will wake it, and the peer's address is still read from it. It has no socket any more.
 */

static bool detached_is_wanted(const struct cairn__connection *self)
{
    const struct cairn__exchange *exchange = self->exchange;
    return exchange && exchange->goes_on && !exchange->upgraded &&
           exchange->base.end.reason == CAIRN_HTTP_PEER_GONE &&
           !cairn_future_is_empty(&exchange->future);
}

bool cairn__connection_detach(struct cairn__connection *self)
{
    if (self->is_detached || !detached_is_wanted(self))
        return false;
    self->worker->counters.detached++;
    self->exchange->is_counted = false;
    self->is_detached = true;
    self->is_peer_closed = true;
    self->state = CAIRN__DETACHED;
    cairn__connection_disconnect(self);
    cairn_task_wake(&self->task); /* who reads the body learns that there is no more of it */
    return true;
}

void cairn__detached_poll(struct cairn__connection *self)
{
    const struct cairn_context cx = cairn__connection_context(self);
    union cairn_outcome out;
    enum cairn_poll p = cairn_future_poll(&self->exchange->future, &cx, &out);
    if (p == CAIRN_PENDING)
        return;
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    else
        cairn_type_drop(&cairn_http_response_type, out.value);
    cairn__connection_die(self, CAIRN_HTTP_PEER_GONE);
}
