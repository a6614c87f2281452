/* witness.c - the server that is behind the proxies: it answers each request with what it has seen,
 * and writes the same to standard output. What is below /early is answered before its body is read.
 *
 * A line, and the field Witness: connection and number of the request in it, method, target, bytes
 * of the body and their hash (- and - where it was not read), Host. The line has the stamps of
 * proxies in front, separated by commas. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cairn/http/all.h>

struct witness {
    struct cairn_async async;
    struct cairn_http_request *req;
};

static uint64_t hash(struct cairn_str bytes)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < bytes.length; i++)
        h = (h ^ (unsigned char)bytes.data[i]) * 0x100000001b3u;
    return h;
}

static bool is_early(const struct cairn_http_request *req)
{
    return req->path.length >= 6 && memcmp(req->path.data, "/early", 6) == 0;
}

static const char *body_text(struct cairn_http_request *req)
{
    if (is_early(req))
        return "- -";
    return cairn_arena_printf(req->arena, "%zu %016" PRIx64, req->body.length, hash(req->body))
        .data;
}

/* NULL without memory. */
static const char *report(struct cairn_http_request *req)
{
    struct cairn_http_connection_info info = cairn_http_connection_info(req);
    struct cairn_str host = cairn_http_request_field(req, "host");
    if (host.length == 0)
        host = CAIRN_STR("-");
    const char *body = body_text(req);
    if (!body)
        return NULL;
    return cairn_arena_printf(req->arena, "%" PRIu64 ".%" PRIu64 " %.*s %.*s %s %.*s",
        info.connection, info.request, (int)req->method_name.length, req->method_name.data,
        (int)req->target.length, req->target.data, body, (int)host.length, host.data)
        .data;
}

static void print_stamps(const struct cairn_http_request *req)
{
    const char *separator = "";
    for (size_t i = 0; i < req->fields.count; i++) {
        const struct cairn_http_field *field = &req->fields.items[i];
        if (!cairn_str_equal_nocase(field->name, CAIRN_STR("stamp")))
            continue;
        printf("%s%.*s", separator, (int)field->value.length, field->value.data);
        separator = ",";
    }
}

static struct cairn_http_response *answer(struct cairn_http_request *req)
{
    const char *text = report(req);
    struct cairn_http_response *res = cairn_http_text(req, 200, "seen\n");
    if (!text || !res || cairn_http_response_set(res, "Witness", text) != 0)
        return NULL;
    print_stamps(req);
    printf("\t%s\n", text);
    return res;
}

static enum cairn_poll witness_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct witness *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    if (!is_early(self->req))
        CAIRN_AWAIT(cairn_http_collect(self->req, 0), self->req);
    CAIRN_ASYNC_RETURN(answer(self->req));
    CAIRN_ASYNC_END();
}

static void witness_drop(void *state)
{
    cairn_async_drop(&((struct witness *)state)->async);
}

static struct cairn_future witness(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {.name = "witness",
        .size = sizeof(struct witness),
        .poll = witness_poll,
        .drop = witness_drop};
    (void)state;
    return cairn_future_start(&ops, &(struct witness){.req = req});
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    return cairn_http_stream_handler(witness, NULL);
}

/* It ends as one that serves does, and says on its last line how many requests it has refused, and
 * how many the app has failed. */
int main(void)
{
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = 1};
    struct cairn_error *error = NULL;
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    struct cairn_http_server *server = cairn_http_server_new(app, NULL, &options, &error);
    if (server) {
        printf("port %u\n", (unsigned)cairn_http_server_port(server));
        error = cairn_http_server_run(server);
        struct cairn_http_counters counters = cairn_http_server_counters(server);
        printf("refused %" PRIu64 " %" PRIu64 "\n", counters.refused, counters.failed);
    }
    if (error)
        fprintf(stderr, "witness: %s\n", error->message);
    int status = error != NULL;
    cairn_error_unref(error);
    cairn_http_server_free(server);
    return status;
}
