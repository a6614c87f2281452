/* cairn_body.c - large bodies and a large JSON answer, one worker. cairn_body FOLDER
 *
 *   GET /bytes/N   N bytes of memory          GET /file/NAME  a file of FOLDER
 *   GET /stream/N  N bytes, 64 KiB a chunk    GET /json       some 64 KiB, written for each request
 *   POST /upload   reads the body and throws it away */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cairn/http/body.h>
#include <cairn/http/json_writer.h>
#include <cairn/http/router.h>
#include <cairn/http/serve_dir.h>
#include <cairn/http/server.h>
#include <cairn/service/async.h>
#include <cairn/service/stream.h>

#define MOST_BYTES (1ull << 30)
#define CHUNK_BYTES 65536
#define RECORDS 800

static const char *zeros;

static uint64_t wanted_bytes(const struct cairn_http_request *req)
{
    unsigned long long bytes = 0;
    cairn_str_to_u64(cairn_http_request_param(req, "bytes"), &bytes);
    return bytes < MOST_BYTES ? bytes : MOST_BYTES;
}

static struct cairn_http_response *give_bytes(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(
        req, 200, "application/octet-stream", cairn_str_of(zeros, wanted_bytes(req)));
}

struct giving {
    struct cairn_http_chunk chunk;
    uint64_t left;
};

static enum cairn_poll giving_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct giving *self = state;
    (void)cx;
    size_t length = self->left < CHUNK_BYTES ? self->left : CHUNK_BYTES;
    self->left -= length;
    self->chunk.bytes = cairn_str_of(zeros, length);
    out->value = length ? &self->chunk : NULL;
    return CAIRN_READY;
}

static const struct cairn_stream_ops giving_ops = {
    .name = "giving", .size = sizeof(struct giving), .poll_next = giving_poll_next};

static struct cairn_http_response *give_stream(struct cairn_http_request *req, void *state)
{
    const struct giving giving = {.left = wanted_bytes(req)};
    (void)state;
    return cairn_http_stream(req, 200, "application/octet-stream",
        cairn_stream_box(&giving_ops, &giving), (int64_t)giving.left);
}

static void write_record(struct cairn_json_writer *w, unsigned i)
{
    char text[64];
    cairn_json_object(w);
    cairn_json_key(w, "id");
    cairn_json_uint(w, i);
    cairn_json_key(w, "name");
    snprintf(text, sizeof(text), "User %u", i);
    cairn_json_text(w, text);
    cairn_json_key(w, "email");
    snprintf(text, sizeof(text), "user-%u@example.com", i);
    cairn_json_text(w, text);
    cairn_json_key(w, "active");
    cairn_json_bool(w, i % 2);
    cairn_json_key(w, "score");
    cairn_json_double(w, i / 2.0);
    cairn_json_end(w);
}

static struct cairn_http_response *give_json(struct cairn_http_request *req, void *state)
{
    struct cairn_json_writer w = cairn_json_writer_in(req->arena);
    (void)state;
    cairn_json_array(&w);
    for (unsigned i = 0; i < RECORDS; i++)
        write_record(&w, i);
    cairn_json_end(&w);
    return cairn_http_json(req, 200, &w);
}

struct taking {
    struct cairn_async async;
    struct cairn_http_request *req;
    void *nothing;
};

static enum cairn_poll taking_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct taking *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT(cairn_http_discard(self->req), self->nothing);
    CAIRN_ASYNC_RETURN(cairn_http_text(self->req, 200, "taken"));
    CAIRN_ASYNC_END();
}

static void taking_drop(void *state)
{
    struct taking *self = state;
    cairn_async_drop(&self->async);
}

static const struct cairn_future_ops taking_ops = {
    .name = "taking", .size = sizeof(struct taking), .poll = taking_poll, .drop = taking_drop};

static struct cairn_future take(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_future_start(&taking_ops, &(struct taking){.req = req});
}

static struct cairn_service *app(void *folder, const struct cairn_http_worker *worker)
{
    struct cairn_http_router *router = cairn_http_router_new();
    (void)worker;
    cairn_http_get(router, "/bytes/{bytes}", cairn_http_handler(give_bytes, NULL));
    cairn_http_get(router, "/stream/{bytes}", cairn_http_handler(give_stream, NULL));
    cairn_http_get(router, "/json", cairn_http_handler(give_json, NULL));
    cairn_http_post(router, "/upload", cairn_http_stream_handler(take, NULL));
    cairn_http_nest_service(router, "/file", cairn_serve_dir(.root = folder));
    return cairn_http_router_service(router);
}

int main(int argc, char **argv)
{
    void *memory =
        mmap(NULL, MOST_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (argc < 2 || memory == MAP_FAILED) {
        fprintf(stderr, "cairn_body FOLDER\n");
        return 2;
    }
    zeros = memory;
    return cairn_http_serve(app, argv[1], .host = "127.0.0.1", .workers = 1);
}
