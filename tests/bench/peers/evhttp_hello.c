/* evhttp_hello.c - the HTTP server that comes with libevent, answering hello. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

static void hello(struct evhttp_request *req, void *cx)
{
    struct evbuffer *body = evhttp_request_get_output_buffer(req);
    (void)cx;
    evhttp_add_header(
        evhttp_request_get_output_headers(req), "Content-Type", "text/plain; charset=utf-8");
    evbuffer_add(body, "Hello, World!", 13);
    evhttp_send_reply(req, 200, "OK", NULL);
}

static void on_term(evutil_socket_t number, short what, void *base)
{
    (void)number, (void)what;
    event_base_loopbreak(base);
}

int main(void)
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof(address);
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    struct evhttp *http = evhttp_new(base);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
    if (!bound) {
        perror("evhttp_hello");
        return 1;
    }
    evhttp_set_gencb(http, hello, NULL);
    signal(SIGPIPE, SIG_IGN); /* it writes to clients that have gone */
    struct event *term_event = evsignal_new(base, SIGTERM, on_term, base);
    event_add(term_event, NULL);
    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &length);
    fprintf(stderr, "listening on http://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    event_base_dispatch(base);
    return 0;
}
