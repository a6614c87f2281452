/* client.c - a load of an exact size: CONNECTIONS of them make REQUESTS in all, each DEPTH at a
 * time, and every answer is looked at. With --hold the connections stay open, idle, until standard
 * input ends. Prints how many requests were answered.
 *
 *   client [--hold] PORT CONNECTIONS REQUESTS [DEPTH] */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_DEPTH 64
#define ANSWER_BYTES 1024

static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

struct connection {
    int fd;
    unsigned expected; /* answers that are still to come */
    size_t length;     /* of what there is of an answer */
    char answers[MOST_DEPTH * ANSWER_BYTES];
};

static char batch[MOST_DEPTH * sizeof(request)];
static struct connection *connections;
static size_t connection_count;
static unsigned depth = 1;
static uint64_t unsent;
static uint64_t answered;
static uint64_t total;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void ask(struct connection *self)
{
    self->expected = unsent < depth ? (unsigned)unsent : depth;
    unsent -= self->expected;
    size_t length = self->expected * (sizeof(request) - 1);
    if (length && send(self->fd, batch, length, MSG_NOSIGNAL) != (ssize_t)length)
        die("send");
}

/* The length of the whole answer that DATA begins with, or 0. */
static size_t answer_length(const char *data, size_t length)
{
    static const char name[] = "\r\ncontent-length:";
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end)
        return 0;
    if (memcmp(data, "HTTP/1.1 200", 12) != 0)
        die("an answer that is not 200");
    for (const char *at = data; at < end; at++) {
        if (strncasecmp(at, name, sizeof(name) - 1) == 0) {
            size_t whole = (size_t)(end + 4 - data) + strtoul(at + sizeof(name) - 1, NULL, 10);
            return whole <= length ? whole : 0;
        }
    }
    die("an answer without Content-Length");
    return 0;
}

static void take_answers(struct connection *self)
{
    size_t at = 0;
    size_t length;
    while (at < self->length && (length = answer_length(self->answers + at, self->length - at))) {
        at += length;
        self->expected--;
        answered++;
    }
    self->length -= at;
    memmove(self->answers, self->answers + at, self->length);
}

static void receive(struct connection *self)
{
    ssize_t n =
        recv(self->fd, self->answers + self->length, sizeof(self->answers) - self->length - 1, 0);
    if (n <= 0)
        die("the server closed a connection");
    self->length += (size_t)n;
    self->answers[self->length] = '\0';
    take_answers(self);
    if (self->expected == 0)
        ask(self);
}

static int open_connection(uint16_t port)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static void begin(int epoll, uint16_t port)
{
    for (size_t i = 0; i < connection_count; i++) {
        struct connection *self = &connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = self}};
        self->fd = open_connection(port);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event) != 0)
            die("epoll_ctl");
    }
    for (size_t i = 0; i < connection_count; i++)
        ask(&connections[i]);
}

static void play(int epoll)
{
    struct epoll_event events[256];
    while (answered < total) {
        int count = epoll_wait(epoll, events, 256, 10000);
        if (count <= 0)
            die("no answer in ten seconds");
        for (int i = 0; i < count; i++)
            receive(events[i].data.ptr);
    }
}

int main(int argc, char **argv)
{
    bool holds = argc > 1 && strcmp(argv[1], "--hold") == 0;
    char **args = argv + 1 + holds;
    if (argc - 1 - holds < 3) {
        fprintf(stderr, "client [--hold] PORT CONNECTIONS REQUESTS [DEPTH]\n");
        return 2;
    }
    connection_count = strtoul(args[1], NULL, 10);
    unsent = total = strtoull(args[2], NULL, 10);
    depth = args[3] ? (unsigned)strtoul(args[3], NULL, 10) : 1;
    connections = calloc(connection_count, sizeof(*connections));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!connections || epoll < 0 || depth < 1 || depth > MOST_DEPTH)
        die("client");
    for (unsigned i = 0; i < depth; i++)
        memcpy(batch + i * (sizeof(request) - 1), request, sizeof(request) - 1);
    begin(epoll, (uint16_t)strtoul(args[0], NULL, 10));
    play(epoll);
    printf("%llu\n", (unsigned long long)answered);
    fflush(stdout);
    while (holds && getchar() != EOF)
        ;
    return 0;
}
