/* libevent_llhttp.c - a floor to compare with: libevent's raw events, llhttp, and one fixed answer.
 * It has no limits, no deadlines and no layers, and is a server for benchmarks only. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <llhttp.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                             "Content-Type: text/plain; charset=utf-8\r\n"
                             "Content-Length: 13\r\n\r\nHello, World!";

static struct event_base *base;
static llhttp_settings_t settings;
static char scratch[65536];
static char batch[65536];
static size_t batch_length;

struct connection {
    struct event event;
    llhttp_t parser;
};

static int on_message_complete(llhttp_t *parser)
{
    (void)parser;
    if (batch_length + sizeof(answer) <= sizeof(batch)) {
        memcpy(batch + batch_length, answer, sizeof(answer) - 1);
        batch_length += sizeof(answer) - 1;
    }
    return 0;
}

static void on_read(evutil_socket_t fd, short what, void *cx)
{
    struct connection *self = cx;
    ssize_t n = recv(fd, scratch, sizeof(scratch), 0);
    (void)what;
    if (n < 0 && errno == EAGAIN)
        return;
    batch_length = 0;
    if (n > 0 && llhttp_execute(&self->parser, scratch, (size_t)n) == HPE_OK) {
        if (batch_length == 0 || send(fd, batch, batch_length, MSG_NOSIGNAL) > 0)
            return;
    }
    event_del(&self->event);
    close(fd);
    free(self);
}

static void on_accept(evutil_socket_t listener, short what, void *cx)
{
    const int on = 1;
    int fd;
    (void)what;
    (void)cx;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *self = calloc(1, sizeof(*self));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        llhttp_init(&self->parser, HTTP_REQUEST, &settings);
        event_assign(&self->event, base, fd, EV_READ | EV_PERSIST, on_read, self);
        event_add(&self->event, NULL);
    }
}

static void on_term(evutil_socket_t number, short what, void *cx)
{
    (void)number;
    (void)what;
    (void)cx;
    event_base_loopbreak(base);
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    struct event_config *config = event_config_new();
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        perror("libevent_llhttp");
        return 1;
    }
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    llhttp_settings_init(&settings);
    settings.on_message_complete = on_message_complete;
    struct event *accept_event = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, NULL);
    struct event *term_event = evsignal_new(base, SIGTERM, on_term, NULL);
    event_add(accept_event, NULL);
    event_add(term_event, NULL);
    fprintf(stderr, "listening on http://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    event_base_dispatch(base);
    return 0;
}
