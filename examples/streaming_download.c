/* streaming_download.c - a table of any length that is made as fast as the client takes it: a
 * thousand million lines need no more memory than ten. */
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/all.h>

#define MOST_LINES 1000000000ull
#define CHUNK_BYTES 16384
#define LINE_BYTES 64

/* Gives the lines in chunks of some kilobytes; asked for the next when the last has gone out. */
struct lines {
    unsigned long long next;
    unsigned long long count;
};

static enum cairn_poll lines_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct lines *self = state;
    char text[CHUNK_BYTES];
    size_t length = 0;
    (void)cx; /* always ready; one that reads a database would be pending now and then */
    if (self->next == 0)
        length = (size_t)snprintf(text, sizeof(text), "number,square\n");
    while (self->next < self->count && length < sizeof(text) - LINE_BYTES) {
        unsigned long long n = self->next++;
        length += (size_t)snprintf(text + length, LINE_BYTES, "%llu,%llu\n", n, n * n);
    }
    out->value = NULL;
    if (length == 0)
        return CAIRN_READY; /* the end */
    out->value = cairn_http_chunk_new(text, length);
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory; /* cuts the download, so that the client can tell */
    return CAIRN_FAILED;
}

static const struct cairn_stream_ops lines_ops = {
    .name = "lines", .size = sizeof(struct lines), .poll_next = lines_poll_next};

static struct cairn_http_response *squares(struct cairn_http_request *req, void *state)
{
    uint64_t count;
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_param_uint(req, "count", 1, MOST_LINES, &count, &no))
        return cairn_http_reject(req, &no);
    struct cairn_stream stream = cairn_stream_box(&lines_ops, &(struct lines){0, count});
    struct cairn_http_response *res =
        cairn_http_stream(req, 200, "text/csv; charset=utf-8", stream, -1);
    if (!res || cairn_http_response_attach(res, "squares.csv") != 0)
        return NULL;
    return res;
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/squares/{count}", cairn_http_handler(squares, NULL));
    return cairn_http_router_service(r);
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
