/* behind_proxy.c - a service behind proxies: some speak HTTP, some the PROXY protocol. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include <cairn/http/client.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/client_address.h>
#include <cairn/http/server.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *who(struct cairn_http_request *req, void *state)
{
    char text[INET6_ADDRSTRLEN] = "?";
    const void *address = cairn_http_client_address(req);
    const struct sockaddr_in *v4 = address;
    const struct sockaddr_in6 *v6 = address;
    (void)state;
    if (v4->sin_family == AF_INET)
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    else if (v4->sin_family == AF_INET6)
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    struct cairn_str body = cairn_arena_printf(req->arena, "%s\n", text);
    return body.data ? cairn_http_text(req, 200, body.data) : NULL;
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_stack(cairn_http_handler(who, NULL),
        cairn_client_address(.trusted = "10.0.0.0/8")); /* these speak HTTP */
}

int main(int argc, char **argv)
{
    uint16_t port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 8080);
    /* [snippet] */
    return cairn_http_serve(app, NULL, .port = port, .host = "127.0.0.1",
        .proxy_protocol = "loopback, 192.168.7.0/24", /* these speak the PROXY protocol */
        .proxy_protocol_only = true);                 /* nobody else may connect */
    /* [/snippet] */
}
