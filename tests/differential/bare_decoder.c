/* bare_decoder.c - our decoder's reading, without a server around it. Input and output are those of
 * bare_llhttp.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/decoder.h>

/* One message of DATA from *AT on: its last event. */
static enum cairn_http_event read_message(
    struct cairn_http_decoder *decoder, const char *data, size_t length, size_t *at, size_t *body)
{
    enum cairn_http_event event;
    do {
        size_t used;
        event = cairn_http_decoder_feed(decoder, data + *at, length - *at, &used);
        *at += used;
        if (event == CAIRN_HTTP_EVENT_BODY)
            *body += cairn_http_decoder_piece(decoder).length;
    } while (event == CAIRN_HTTP_EVENT_HEAD || event == CAIRN_HTTP_EVENT_BODY);
    return event;
}

static const char *read_payload(const char *data, size_t length)
{
    struct cairn_http_limits limits;
    if (cairn_http_limits_resolve(NULL, &limits))
        abort();
    enum cairn_http_event event;
    bool keeps_alive = true;
    size_t at = 0;
    do {
        size_t body = 0;
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_http_decoder *decoder = arena ? cairn_http_decoder_new(arena, &limits) : NULL;
        if (!decoder)
            abort();
        event = read_message(decoder, data, length, &at, &body);
        if (event == CAIRN_HTTP_EVENT_DONE) {
            const struct cairn_http_request *req = cairn_http_decoder_request(decoder);
            printf("%.*s %.*s %zu\t", (int)req->method_name.length, req->method_name.data,
                (int)req->target.length, req->target.data, body);
            keeps_alive = cairn_http_decoder_keeps_alive(decoder);
        }
        cairn_arena_free(arena);
    } while (event == CAIRN_HTTP_EVENT_DONE && keeps_alive);
    if (event == CAIRN_HTTP_EVENT_DONE)
        return "closed";
    return event == CAIRN_HTTP_EVENT_MORE ? "silent" : "refused";
}

int main(void)
{
    unsigned char head[4];
    while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
        size_t length =
            (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        char *data = malloc(length + 1);
        if (!data || fread(data, 1, length, stdin) != length)
            return 1;
        puts(read_payload(data, length));
        free(data);
    }
    return 0;
}
