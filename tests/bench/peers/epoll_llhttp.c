/* epoll_llhttp.c - the floor to compare with: epoll, llhttp, and one fixed answer. It has no
 * limits, no deadlines and no layers, and is a server for benchmarks only. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <llhttp.h>

#define EVENTS 512

static const char answer[] = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                             "Content-Type: text/plain; charset=utf-8\r\n"
                             "Content-Length: 13\r\n\r\nHello, World!";

struct connection {
    llhttp_t parser;
    int fd;
};

static llhttp_settings_t settings;
static char scratch[65536];
static char batch[65536];
static size_t batch_length;

static int on_message_complete(llhttp_t *parser)
{
    (void)parser;
    if (batch_length + sizeof(answer) <= sizeof(batch)) {
        memcpy(batch + batch_length, answer, sizeof(answer) - 1);
        batch_length += sizeof(answer) - 1;
    }
    return 0;
}

static void serve(struct connection *self)
{
    ssize_t n = recv(self->fd, scratch, sizeof(scratch), 0);
    if (n < 0 && errno == EAGAIN)
        return;
    batch_length = 0;
    if (n > 0 && llhttp_execute(&self->parser, scratch, (size_t)n) == HPE_OK) {
        if (batch_length == 0 || send(self->fd, batch, batch_length, MSG_NOSIGNAL) > 0)
            return;
    }
    close(self->fd);
    free(self);
}

static void accept_all(int epoll, int listener)
{
    const int on = 1;
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *self = calloc(1, sizeof(*self));
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = self}};
        if (!self)
            exit(1);
        self->fd = fd;
        llhttp_init(&self->parser, HTTP_REQUEST, &settings);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        perror("epoll_llhttp");
        exit(1);
    }
    fprintf(stderr, "listening on http://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    return fd;
}

static volatile sig_atomic_t is_over;

static void on_term(int number)
{
    (void)number;
    is_over = 1;
}

int main(void)
{
    static struct epoll_event events[EVENTS];
    struct epoll_event event = {.events = EPOLLIN};
    struct sigaction action = {.sa_handler = on_term};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_somewhere();
    sigaction(SIGTERM, &action, NULL);
    llhttp_settings_init(&settings);
    settings.on_message_complete = on_message_complete;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    while (!is_over) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                serve(events[i].data.ptr);
            else
                accept_all(epoll, listener);
        }
    }
    return 0;
}
