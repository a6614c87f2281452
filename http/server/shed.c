#include <cairn/http/server/worker.h>

/* Closed in one go, so that looking through all connections is worth it; and who has said something
 * this lately is not idle. */
#define SHED_BATCH 32
#define SHED_IDLE_MS 1000
/* When there was none to close, how long it is before we look again. */
#define SHED_AGAIN_MS 100

/* Those that have been idle longest, the longest first. */
struct shed_list {
    size_t count;
    struct {
        struct cairn__connection *connection;
        uint64_t since_ms;
    } items[SHED_BATCH];
};

/* Since when it is idle: its deadline tells, for it has the same time as all the others. */
static uint64_t shed_idle_since_ms(const struct cairn__connection *connection)
{
    const struct cairn_http_limits *limits = &connection->worker->options->limits;
    return connection->deadline_ms -
           (connection->request_count ? limits->keep_alive_ms : limits->head_ms);
}

static void shed_consider(
    struct shed_list *list, struct cairn__connection *connection, uint64_t since_ms)
{
    size_t at = list->count;
    if (at < SHED_BATCH)
        list->count++;
    else if (since_ms >= list->items[--at].since_ms)
        return;
    for (; at > 0 && list->items[at - 1].since_ms > since_ms; at--)
        list->items[at] = list->items[at - 1];
    list->items[at].connection = connection;
    list->items[at].since_ms = since_ms;
}

static void shed_look(struct cairn__worker *worker, uint64_t now_ms, struct shed_list *list)
{
    list->count = 0;
    for (struct cairn__connection *at = worker->connections; at; at = at->next) {
        if (at->state != CAIRN__IDLE || at->io.is_writing)
            continue;
        uint64_t since_ms = shed_idle_since_ms(at);
        if (since_ms + SHED_IDLE_MS <= now_ms)
            shed_consider(list, at, since_ms);
    }
}

size_t cairn__worker_shed(struct cairn__worker *self)
{
    uint64_t now_ms = cairn_runtime_now_ms(self->runtime);
    struct shed_list list;
    size_t count = 0;
    if (now_ms < self->shed_again_ms)
        return 0;
    shed_look(self, now_ms, &list);
    for (size_t i = 0; i < list.count; i++)
        count += cairn__connection_shed(list.items[i].connection);
    if (count == 0)
        self->shed_again_ms = now_ms + SHED_AGAIN_MS;
    self->counters.shed += count;
    return count;
}
