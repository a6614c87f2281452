/* map_body.c - every answer is shouted. */
#include <ctype.h>
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/map_body.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [functions] */
/* A chunk is not ours to write to: it may be a literal. */
static struct cairn_http_chunk *raise_chunk(void *cx, struct cairn_http_chunk *chunk)
{
    (void)cx;
    struct cairn_http_chunk *raised = cairn_http_chunk_new(chunk->bytes.data, chunk->bytes.length);
    cairn_http_chunk_free(chunk);
    if (!raised)
        return NULL;
    char *text = (char *)raised->bytes.data; /* but this one is */
    for (size_t i = 0; i < raised->bytes.length; i++)
        text[i] = (char)toupper((unsigned char)text[i]);
    return raised;
}

static struct cairn_stream raise_case(struct cairn_stream body, void *state)
{
    return cairn_http_body_map(body, raise_chunk, state);
}
/* [/functions] */

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello!");
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    bool is_right = false;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(hello, NULL),
        cairn_map_response_body(.f = raise_case, .keeps_bytes = true));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY) {
        struct cairn_http_response *res = out.value;
        int64_t length = cairn_http_response_length(res);
        struct cairn_stream body = cairn_http_response_take_body(res);
        enum cairn_poll p = cairn_block_on(runtime, cairn_stream_next(&body), &out);
        struct cairn_http_chunk *chunk = p == CAIRN_READY ? out.value : NULL;
        is_right = chunk && length == 6 && cairn_str_equal(chunk->bytes, CAIRN_STR("HELLO!"));
        printf("%d bytes, %s\n", (int)length, is_right ? "shouted" : "wrong");
        cairn_http_chunk_free(chunk);
        cairn_stream_drop(&body);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
