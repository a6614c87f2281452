/* hello.c - a complete server with four layers. */
#include <cairn/http/all.h>

#include <stdlib.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello, World!");
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_stack(cairn_http_handler(hello, NULL), cairn_error_to_response(),
        cairn_load_shed(), cairn_concurrency_limit(.max = 1024), cairn_timeout(.after_ms = 1000));
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
