#include <cairn/http/connection/exchange_ops.h>

#include <cairn/http/encoder.h>
#include <cairn/service/assert.h>

/* Room for an informational head: that of a hundred links. */
#define EXCHANGE_INFORM_BYTES 4096

struct cairn__end_hook {
    void (*f)(void *value, const struct cairn_http_end *end);
    void *value;
    struct cairn__end_hook *next;
};

void cairn__exchange_ended(struct cairn_http_exchange *self)
{
    while (self->hooks) {
        struct cairn__end_hook *hook = self->hooks;
        self->hooks = hook->next;
        hook->f(hook->value, &self->end);
    }
}

struct cairn_http_end cairn_http_exchange_end(const struct cairn_http_request *req)
{
    return req->exchange ? req->exchange->end : (struct cairn_http_end){CAIRN_HTTP_RUNNING, 0, 0};
}

static void exchange_dropped(void *value)
{
    struct cairn_http_exchange *self = value;
    self->end.reason = CAIRN_HTTP_DROPPED;
    cairn__exchange_ended(self);
}

/* A request made by hand ends with its arena. */
static struct cairn_http_exchange *exchange_of(struct cairn_http_request *req)
{
    if (req->exchange)
        return req->exchange;
    struct cairn_http_exchange *self = cairn_arena_alloc(req->arena, sizeof(*self));
    if (!self)
        return NULL;
    *self = (struct cairn_http_exchange){0};
    if (cairn_arena_defer(req->arena, exchange_dropped, self) != 0)
        return NULL;
    req->exchange = self;
    return self;
}

int cairn_http_on_end(struct cairn_http_request *req,
    void (*f)(void *value, const struct cairn_http_end *end), void *value)
{
    struct cairn_http_exchange *exchange = exchange_of(req);
    struct cairn__end_hook *hook = exchange ? cairn_arena_alloc(req->arena, sizeof(*hook)) : NULL;
    if (!hook)
        return -1;
    *hook = (struct cairn__end_hook){f, value, exchange->hooks};
    exchange->hooks = hook;
    return 0;
}

int cairn_http_inform(
    struct cairn_http_request *req, int status, const struct cairn_http_fields *fields)
{
    CAIRN_ASSERT(status >= 102 && status <= 199, "cairn_http_inform",
        "the status of an informational answer is from 102 to 199");
    struct cairn_http_exchange *exchange = req->exchange;
    char head[EXCHANGE_INFORM_BYTES];
    size_t length = cairn_http_encoder_inform(status, fields, head, sizeof(head));
    if (length == 0 || length > sizeof(head))
        return -1;
    if (!exchange || !exchange->ops || req->version_minor == 0)
        return 0;
    if (exchange->end.reason != CAIRN_HTTP_RUNNING || exchange->end.status != 0)
        return -1;
    return exchange->ops->inform(exchange, head, length);
}

void cairn_http_run_to_completion(struct cairn_http_request *req)
{
    if (req->exchange && req->exchange->ops)
        req->exchange->ops->finish_anyway(req->exchange);
}

struct cairn_http_connection_info cairn_http_connection_info(const struct cairn_http_request *req)
{
    struct cairn_http_connection_info info = {.peer = req->peer, .request = 1};
    if (req->exchange && req->exchange->ops)
        req->exchange->ops->info(req->exchange, &info);
    return info;
}
