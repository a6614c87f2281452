#include <cairn/http/body_end.h>

/* A stream, and what is held until its end; in the response's arena. */
struct body_end {
    struct cairn_stream inner;
    void (*drop)(void *value);
    void *value;
};

static enum cairn_poll body_end_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct body_end *self = state;
    return cairn_stream_poll_next(&self->inner, cx, out);
}

/* Inner first: whoever gets what was held finds its room empty. */
static void body_end_drop(void *state)
{
    struct body_end *self = state;
    cairn_stream_drop(&self->inner);
    self->drop(self->value);
}

static const struct cairn_stream_ops body_end_ops = {
    .name = "body_end",
    .poll_next = body_end_poll_next,
    .drop = body_end_drop,
};

int cairn_http_on_body_end(struct cairn_http_response *res, void (*drop)(void *value), void *value)
{
    if (cairn_stream_is_empty(&res->stream))
        return cairn_arena_defer(res->arena, drop, value);
    struct body_end *self = cairn_arena_alloc(res->arena, sizeof(*self));
    if (!self)
        return -1;
    *self = (struct body_end){res->stream, drop, value};
    res->stream = (struct cairn_stream){&body_end_ops, self};
    return 0;
}

static int body_end_of_response(void *response, void (*drop)(void *value), void *value)
{
    return cairn_http_on_body_end(response, drop, value);
}

const struct cairn_call_end cairn_http_body_end = {
    .type = &cairn_http_response_type, .on_end = body_end_of_response};

static void body_end_drop_load(void *value)
{
    cairn_load_handle_drop(value);
}

void *cairn_http_track_load(void *cx, struct cairn_load_handle handle, void *response)
{
    struct cairn_http_response *res = response;
    struct cairn_load_handle *kept = cairn_arena_alloc(res->arena, sizeof(*kept));
    (void)cx;
    if (kept)
        *kept = handle;
    if (!kept || cairn_http_on_body_end(res, body_end_drop_load, kept) != 0)
        cairn_load_handle_drop(&handle);
    return res;
}
