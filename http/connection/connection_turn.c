#include <cairn/http/connection/connection_output.h>
#include <cairn/http/server/worker.h>
#include <cairn/service/runtime_core.h>

/* A turn's share of a stream among many connections: what the kernel takes of an answer that its
 * peer has no room for, for more would wait in our memory. Few have more each, as a turn has its
 * price. */
#define TURN_BYTES 131072
#define TURN_MOST_BYTES 1048576
#define TURN_ALL_BYTES 8388608
/* How long all streams together keep a turn of the loop from whoever has a small request. */
#define TURN_STREAMS_NS 1000000

static bool turn_has_had_its_share(const struct cairn__worker *worker)
{
    size_t share = TURN_ALL_BYTES / (worker->connection_count + 1);
    share = share < TURN_BYTES ? TURN_BYTES : share;
    return worker->turn_bytes > (share < TURN_MOST_BYTES ? share : TURN_MOST_BYTES);
}

/* Counts from the first stream that goes on, so that some do in each turn, whatever else there is
 * to do. The next turn begins with the stream at which this one stops: they come in the same order.
 */
static bool turn_is_late(struct cairn__worker *worker)
{
    struct cairn__streams_turn *turn = &worker->streams_turn;
    const struct cairn_clock *clock = worker->runtime->clock;
    uint64_t begin_ns = cairn__runtime_now_ns(worker->runtime);
    if (turn->begin_ns != begin_ns)
        *turn = (struct cairn__streams_turn){.begin_ns = begin_ns, .first = turn->stop};
    size_t place = turn->seen++;
    if (place < turn->first || turn->stop)
        return true;
    uint64_t now_ns = clock->now_ns(clock);
    if (!turn->end_ns)
        turn->end_ns = now_ns + TURN_STREAMS_NS;
    if (now_ns > turn->end_ns)
        turn->stop = place;
    return turn->stop;
}

bool cairn__connection_turn_is_over(const struct cairn__connection *self)
{
    struct cairn__worker *worker = self->worker;
    if (worker->turn_bytes)
        return turn_has_had_its_share(worker);
    return turn_is_late(worker);
}
