/* error_mapping.c - answers of your own for errors that leave the app. */
#include <stdio.h>

#include <cairn/http/error_response.h>
#include <cairn/http/handler.h>
#include <cairn/http/server.h>

#define ERROR_SOLD_OUT ((enum cairn_error_code)(CAIRN_ERROR_USER + 1))

/* [map] */
static struct cairn_http_response *to_response(
    void *cx, const struct cairn_http_request *req, const struct cairn_error *error)
{
    (void)cx;
    if (cairn_error_find(error, ERROR_SOLD_OUT))
        return cairn_http_problem(req, 410, "the show is sold out");
    return NULL; /* as cairn_http_error_response does it */
}
/* [/map] */

static int check(int is_right, const char *what)
{
    if (!is_right)
        fprintf(stderr, "wrong: %s\n", what);
    return is_right ? 0 : 1;
}

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "hello");
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_http_handler(hello, NULL);
}

static struct cairn_http_server *server_new(struct cairn_error **error)
{
    /* [server] */
    const struct cairn_http_server_options opts = {
        .size = sizeof(opts), .port = 0, .error_response = to_response};
    return cairn_http_server_new(app, NULL, &opts, error);
    /* [/server] */
}

int main(void)
{
    static struct cairn_error sold_out =
        CAIRN_ERROR_STATIC(ERROR_SOLD_OUT, "tickets", "the show is sold out");
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req =
        arena ? cairn_http_request_new(arena, CAIRN_HTTP_GET, "/hamlet") : NULL;
    if (!req)
        return check(0, "request");
    struct cairn_http_response *res = to_response(NULL, req, &sold_out);
    int rc = check(res && res->status == 410, "sold out");
    rc |= check(!to_response(NULL, req, &cairn_error_no_memory), "no memory");
    rc |= check(cairn_http_error_status(&cairn_error_no_memory) == 503, "status");
    cairn_arena_free(arena);

    struct cairn_error *error = NULL;
    struct cairn_http_server *server = server_new(&error);
    rc |= check(server && cairn_http_server_port(server) != 0, "server");
    cairn_http_server_free(server);
    return rc;
}
