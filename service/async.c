#include <cairn/service/async.h>

void cairn_async_drop(struct cairn_async *async)
{
    cairn_future_drop(&async->awaited);
}

void cairn_async_hold(struct cairn_async *async, const char *guard)
{
    CAIRN_ASSERT(!async->guard, guard, "held while another guard is");
    async->guard = guard;
}

void cairn_async_unhold(struct cairn_async *async)
{
    async->guard = NULL;
}

void cairn__async_check(const struct cairn_async *async)
{
    CAIRN_ASSERT(!async->guard, async->guard, "held over a wait");
}
