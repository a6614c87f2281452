/* compression.c - answers go out in the coding that the client likes best, bodies come in in any:
 * try `curl --compressed localhost:8080/stones`. */
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/all.h>
#include <cairn/http/layers/compression.h>
#include <cairn/http/layers/decompression.h>

/* A page of 1000 lines. */
static struct cairn_http_response *stones(struct cairn_http_request *req, void *state)
{
    enum { LINE = 32, LINES = 1000 };
    char *text = cairn_arena_alloc_text(req->arena, LINE * LINES);
    size_t length = 0;
    (void)state;
    if (!text)
        return NULL;
    for (int i = 0; i < LINES; i++)
        length += (size_t)snprintf(text + length, LINE, "stone %d lies on stone %d\n", i + 1, i);
    struct cairn_http_response *res =
        cairn_http_bytes(req, 200, "text/plain", cairn_str_of(text, length));
    if (res && cairn_http_response_set(res, "ETag", "\"stones\"") != 0)
        return NULL;
    return res;
}

static struct cairn_http_response *secret(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "the token of this session is 5f2e0c7a91, for your eyes only");
}

/* How large the body was when it was decoded. */
static struct cairn_http_response *count(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(
        req, 200, cairn_arena_printf(req->arena, "%zu\n", req->body.length).data);
}

/* A stream: a line now, and another each second. */
struct ticker {
    struct cairn_sleep_state sleep;
    unsigned lines;
};

static enum cairn_poll ticker_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct ticker *self = state;
    char line[32];
    if (self->lines > 0 && cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
        return CAIRN_PENDING;
    self->sleep.at_ms = cairn_runtime_now_ms(cx->runtime) + 1000;
    int length = snprintf(line, sizeof(line), "line %u\n", ++self->lines);
    out->value = cairn_http_chunk_new(line, (size_t)length);
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void ticker_drop(void *state)
{
    cairn_sleep_stop(&((struct ticker *)state)->sleep);
}

static struct cairn_http_response *ticker(struct cairn_http_request *req, void *state)
{
    static const struct cairn_stream_ops ops = {.name = "ticker",
        .size = sizeof(struct ticker),
        .poll_next = ticker_poll_next,
        .drop = ticker_drop};
    (void)state;
    return cairn_http_stream(
        req, 200, "text/plain", cairn_stream_box(&ops, &(struct ticker){.lines = 0}), -1);
}

/* [predicate] */
/* What is compressed by default, but no secrets: their size would tell of them. */
static bool may_compress(
    const struct cairn_http_request *req, const struct cairn_http_response *res, void *state)
{
    (void)state;
    return cairn_http_is_compressible(res) && !cairn_str_equal(req->path, CAIRN_STR("/secret"));
}
/* [/predicate] */

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/stones", cairn_http_handler(stones, NULL));
    cairn_http_get(r, "/secret", cairn_http_handler(secret, NULL));
    cairn_http_get(r, "/ticker", cairn_http_handler(ticker, NULL));
    cairn_http_post(r, "/count", cairn_http_handler(count, NULL));
    struct cairn_service *routes = cairn_http_router_service(r);
    /* [stack] */
    return cairn_stack(routes, cairn_compression(.predicate = may_compress),
        cairn_error_to_response(), /* a bomb is a 413, a broken body a 400 */
        cairn_decompression());
    /* [/stack] */
}

int main(int argc, char **argv)
{
    return cairn_http_serve(
        app, NULL, .workers = 1, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
