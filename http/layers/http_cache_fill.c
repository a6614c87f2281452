#include <cairn/http/layers/http_cache_fill.h>

struct http_cache_fill {
    struct cairn_service base;
    struct cairn__http_cache_filling *filling;
};

struct http_cache_fill_future {
    struct cairn_future inner;
    struct cairn__http_cache_filling *filling;
    struct cairn__http_cache_call *call;
};

/* RFC 5861 section 4. */
static bool http_cache_fill_is_failure(int status)
{
    return status == 500 || status == 502 || status == 503 || status == 504;
}

/* Without memory for the mark the response is not kept, and that is all. */
static void http_cache_fill_mark(
    const struct http_cache_fill_future *self, struct cairn_http_response *res)
{
    struct cairn__cache_life life;
    int64_t now_s = cairn__wall_clock_ms(&self->filling->clock) / 1000;
    self->call->is_kept = cairn__cache_life_of(&self->filling->rules, res, now_s, &life) &&
                          cairn__cache_life_write(res, &life) == 0;
}

static enum cairn_poll http_cache_fill_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error failed = CAIRN_ERROR_STATIC(
        CAIRN_ERROR_UNAVAILABLE, "http_cache", "the answer is that of a server in trouble");
    struct http_cache_fill_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p || !out->value)
        return p;
    struct cairn_http_response *res = out->value;
    cairn__cache_life_write(res, NULL); /* none that came from somewhere else */
    if (self->filling->rules.stale_ms && http_cache_fill_is_failure(res->status)) {
        self->call->failed = res;
        out->error = &failed;
        return CAIRN_FAILED;
    }
    self->call->was_answered = true;
    http_cache_fill_mark(self, res);
    return CAIRN_READY;
}

static const struct cairn_future_ops http_cache_fill_future_ops = {
    .name = "http_cache_fill",
    .size = sizeof(struct http_cache_fill_future),
    .poll = http_cache_fill_future_poll,
    .wraps = true,
};

static struct cairn_future http_cache_fill_call(struct cairn_service *base, void *req)
{
    struct cairn__http_cache_filling *filling = ((struct http_cache_fill *)base)->filling;
    struct cairn__http_cache_call *call = cairn_http_extension_get(req, filling);
    struct cairn_future inner = cairn_service_call(base->inner, req);
    if (!call || !call->is_keyed)
        return inner;
    call->was_forwarded = true;
    return cairn_future_wrap(
        &http_cache_fill_future_ops, &(struct http_cache_fill_future){inner, filling, call});
}

static const struct cairn_service_ops http_cache_fill_ops = {
    .name = "http_cache_fill",
    .size = sizeof(struct http_cache_fill),
    .call = http_cache_fill_call,
    .is_hidden = true,
};

struct cairn_service *cairn__http_cache_fill_new(
    struct cairn__http_cache_filling *filling, struct cairn_service *inner)
{
    struct http_cache_fill *self = cairn_service_new(&http_cache_fill_ops, inner);
    if (!self)
        return NULL;
    self->filling = filling;
    return &self->base;
}
