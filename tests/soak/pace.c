/* pace.c - CONNECTIONS that ask RATE times a second in all, for SECONDS or until standard input
 * ends, each in its turn and whether answers come or not: an answer's time counts from when it was
 * due to be asked for. Prints one line of JSON.
 *
 *   pace PORT CONNECTIONS RATE SECONDS */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES 1024
/* What is still unanswered this long after the end is an error. */
#define PATIENCE_US 10000000

static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

struct connection {
    int fd;
    bool is_busy;
    uint64_t due_us;  /* of the request that is under way, or the next one */
    unsigned waiting; /* requests that are due behind it */
    size_t length;    /* of what there is of an answer */
    char answer[ANSWER_BYTES];
};

static uint16_t port;
static int events;
static struct connection *connections;
static size_t connection_count;
static double rate;
static uint64_t asked;
static uint64_t errors;
static uint32_t *times_us;
static size_t times_count;
static size_t times_max;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void connect_one(struct connection *self)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = self}};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (self->fd < 0 || connect(self->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        die("connect");
    setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (epoll_ctl(events, EPOLL_CTL_ADD, self->fd, &event) != 0)
        die("epoll_ctl");
}

/* What was asked is lost; the connection is made anew. */
static void fail(struct connection *self)
{
    errors += self->is_busy;
    close(self->fd);
    self->is_busy = false;
    self->length = 0;
    connect_one(self);
}

static void ask(struct connection *self)
{
    self->is_busy = true;
    asked++;
    if (send(self->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != sizeof(request) - 1)
        fail(self);
}

static bool answer_is_whole(const struct connection *self)
{
    const char *end = memmem(self->answer, self->length, "\r\n\r\n", 4);
    const char *length = end ? strcasestr(self->answer, "\r\ncontent-length:") : NULL;
    return length &&
           (size_t)(end + 4 - self->answer) + strtoul(length + 17, NULL, 10) <= self->length;
}

static void answered(struct connection *self)
{
    if (memcmp(self->answer, "HTTP/1.1 200", 12) != 0)
        errors++;
    if (times_count < times_max)
        times_us[times_count++] = (uint32_t)(now_us() - self->due_us);
    self->is_busy = false;
    self->length = 0;
}

/* The next request of a connection is due CONNECTIONS / RATE after the one before. */
static void go_on(struct connection *self)
{
    self->due_us += (uint64_t)((double)connection_count * 1e6 / rate);
    if (self->waiting == 0)
        return;
    self->waiting--;
    ask(self);
}

static void receive(struct connection *self)
{
    ssize_t n = recv(self->fd, self->answer + self->length, ANSWER_BYTES - 1 - self->length, 0);
    if (n > 0) {
        self->length += (size_t)n;
        self->answer[self->length] = '\0';
        if (!answer_is_whole(self))
            return;
        answered(self);
        go_on(self);
        return;
    }
    bool was_busy = self->is_busy;
    fail(self);
    if (was_busy)
        go_on(self);
}

static void ask_what_is_due(uint64_t begin_us, uint64_t *next)
{
    while (begin_us + (uint64_t)((double)*next * 1e6 / rate) <= now_us()) {
        struct connection *self = &connections[*next % connection_count];
        if (self->is_busy)
            self->waiting++;
        else
            ask(self);
        ++*next;
    }
}

static bool input_has_ended(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char text[64];
    return poll(&input, 1, 0) == 1 && read(STDIN_FILENO, text, sizeof(text)) <= 0;
}

static void turn(int timeout_ms)
{
    struct epoll_event ready[256];
    int count = epoll_wait(events, ready, 256, timeout_ms);
    if (count < 0 && errno != EINTR)
        die("epoll_wait");
    for (int i = 0; i < count; i++)
        receive(ready[i].data.ptr);
}

static size_t busy(void)
{
    size_t count = 0;
    for (size_t i = 0; i < connection_count; i++)
        count += connections[i].is_busy;
    return count;
}

static void play(uint64_t seconds)
{
    uint64_t begin_us = now_us();
    uint64_t next = 0;
    for (size_t i = 0; i < connection_count; i++)
        connections[i].due_us = begin_us + (uint64_t)((double)i * 1e6 / rate);
    while (now_us() - begin_us < seconds * 1000000 && !input_has_ended()) {
        ask_what_is_due(begin_us, &next);
        turn(1);
    }
    for (size_t i = 0; i < connection_count; i++)
        connections[i].waiting = 0;
    for (uint64_t end_us = now_us(); busy() && now_us() - end_us < PATIENCE_US;)
        turn(100);
    errors += busy();
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double quantile_ms(double q)
{
    if (times_count == 0)
        return 0;
    return times_us[(size_t)(q * (double)(times_count - 1))] / 1000.0;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    if (argc != 5) {
        fprintf(stderr, "pace PORT CONNECTIONS RATE SECONDS\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    connection_count = strtoul(argv[2], NULL, 10);
    rate = strtod(argv[3], NULL);
    uint64_t seconds = strtoull(argv[4], NULL, 10);
    times_max = (size_t)(rate * (double)seconds) + connection_count;
    connections = calloc(connection_count, sizeof(*connections));
    times_us = calloc(times_max, sizeof(*times_us));
    events = epoll_create1(EPOLL_CLOEXEC);
    if (!connections || !times_us || events < 0)
        die("pace");
    for (size_t i = 0; i < connection_count; i++)
        connect_one(&connections[i]);
    play(seconds);
    qsort(times_us, times_count, sizeof(*times_us), by_size);
    printf("{\"asked\": %llu, \"answered\": %zu, \"errors\": %llu, \"p50_ms\": %.3f, \"p99_ms\": "
           "%.3f, \"max_ms\": %.3f}\n",
        (unsigned long long)asked, times_count, (unsigned long long)errors, quantile_ms(0.5),
        quantile_ms(0.99), quantile_ms(1));
    return 0;
}
