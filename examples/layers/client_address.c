/* client_address.c - the client behind a proxy, as log lines and limits see it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include <cairn/http/client.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/client_address.h>
#include <cairn/http/layers/http_rate_limit.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [handler] */
static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    struct cairn_str scheme = cairn_http_client_scheme(req); /* "https" */
    struct cairn_str host = cairn_http_client_host(req);     /* "www.example.org" */
    struct cairn_str text = cairn_arena_printf(req->arena, "You asked for %.*s://%.*s/.",
        (int)scheme.length, scheme.data, (int)host.length, host.data);
    (void)state;
    return text.data ? cairn_http_text(req, 200, text.data) : NULL;
}
/* [/handler] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(hello, NULL),
        cairn_client_address(.trusted = "10.0.0.0/8, loopback"), /* where the proxies are */
        cairn_access_log(),                                      /* logs the client */
        cairn_http_rate_limit(.num = 100, .per_ms = 60000));     /* counts for the client */
    /* [/snippet] */
    union cairn_outcome out;
    struct sockaddr_in proxy = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001)};
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    req->peer = (const struct sockaddr *)&proxy;
    cairn_http_fields_add(
        &req->fields, CAIRN_STR("X-Forwarded-For"), CAIRN_STR("203.0.113.9, 10.0.0.2"));
    cairn_http_fields_add(&req->fields, CAIRN_STR("X-Forwarded-Proto"), CAIRN_STR("https"));
    cairn_http_fields_add(&req->fields, CAIRN_STR("Host"), CAIRN_STR("www.example.org"));
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    int rc = 1;
    if (p == CAIRN_FAILED) {
        cairn_error_unref(out.error);
    } else {
        struct cairn_str body = ((struct cairn_http_response *)out.value)->body;
        printf("%.*s\n", (int)body.length, body.data);
        rc = cairn_str_equal(body, CAIRN_STR("You asked for https://www.example.org/.")) ? 0 : 1;
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return rc;
}
