/* body.c - what a large body costs a server's process in memory, up and down. Fails when one costs
 * a MiB or more. body [MIB], 1024 unless said. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cairn/http/server.h>
#include <cairn/service/blocking.h>

#include "http/large_app.h"

#define PIECE_BYTES 262144
#define MOST_KB 1024

static char bytes[PIECE_BYTES];

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void serve(int to)
{
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = 1};
    struct cairn_error *error = NULL;
    struct cairn_blocking_pool *pool = cairn_blocking_pool_new(NULL, &error);
    struct cairn_http_server *server =
        pool ? cairn_http_server_new(large_app, pool, &options, &error) : NULL;
    if (!server)
        _exit(2);
    uint16_t port = cairn_http_server_port(server);
    if (write(to, &port, sizeof(port)) != sizeof(port))
        _exit(2);
    _exit(cairn_http_server_run(server) != NULL);
}

static pid_t start(uint16_t *port)
{
    int ends[2];
    if (pipe(ends) != 0)
        die("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(ends[1]);
    }
    if (read(ends[0], port, sizeof(*port)) != sizeof(*port))
        die("the server did not start");
    close(ends[0]);
    close(ends[1]);
    return pid;
}

/* A line of the process's status, in kB. */
static long status_kb(pid_t pid, const char *name)
{
    char path[64];
    char line[256];
    long kb = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        die(path);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, name, strlen(name)) == 0)
            kb = strtol(line + strlen(name) + 1, NULL, 10);
    }
    fclose(file);
    return kb;
}

/* The highest so far is what it is now. */
static void forget_peak(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/clear_refs", (int)pid);
    FILE *file = fopen(path, "w");
    if (!file || fputs("5", file) < 0 || fclose(file) != 0)
        die(path);
}

static int ask(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        die("connect");
    return fd;
}

static void send_all(int fd, const char *data, size_t length)
{
    while (length) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n <= 0)
            die("send");
        data += n;
        length -= (size_t)n;
    }
}

/* Reads to the end of the connection; slowly, where that is asked for. */
static uint64_t receive_all(int fd, bool is_slow)
{
    static const struct timespec pause = {0, 200000};
    uint64_t received = 0;
    uint64_t paused = 0;
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        received += (uint64_t)n;
        if (is_slow && received - paused > 1 << 20) {
            paused = received;
            nanosleep(&pause, NULL);
        }
    }
    return received;
}

static void upload(uint16_t port, const char *path, uint64_t length)
{
    char head[256];
    int fd = ask(port);
    snprintf(head, sizeof(head),
        "POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %llu\r\n\r\n", path,
        (unsigned long long)length);
    send_all(fd, head, strlen(head));
    for (uint64_t sent = 0; sent < length; sent += PIECE_BYTES)
        send_all(fd, bytes, PIECE_BYTES);
    receive_all(fd, false);
    snprintf(head, sizeof(head), "\r\n\r\n%llu", (unsigned long long)length);
    if (!memmem(bytes, sizeof(bytes), head, strlen(head)))
        die("the answer has another length");
    close(fd);
}

static void download(uint16_t port, const char *path, uint64_t length)
{
    char head[256];
    int fd = ask(port);
    snprintf(head, sizeof(head), "GET %s/%llu HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        path, (unsigned long long)length);
    send_all(fd, head, strlen(head));
    if (receive_all(fd, true) < length)
        die("the answer is too short");
    close(fd);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Returns whether it was little. */
static bool measure(const char *path, uint64_t length)
{
    bool is_upload = path[1] == 'c' || path[1] == 'p' || path[2] == 'a';
    void (*transfer)(uint16_t, const char *, uint64_t) = is_upload ? upload : download;
    uint16_t port;
    pid_t pid = start(&port);
    transfer(port, path, is_upload ? PIECE_BYTES : 1); /* has done so once */
    long idle = status_kb(pid, "VmRSS:");
    forget_peak(pid);
    double begin = seconds();
    transfer(port, path, length);
    double took = seconds() - begin;
    long grown = status_kb(pid, "VmHWM:") - idle;
    printf("%-8s %s, %llu MiB in %.2f s: %ld kB at most beyond the %ld kB of the idle server\n",
        path, is_upload ? "up" : "down", (unsigned long long)length >> 20, took, grown, idle);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    return grown < MOST_KB;
}

int main(int argc, char **argv)
{
    static const char *const paths[] = {"/count", "/save", "/pool", "/stream", "/file"};
    uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 10) : 1024;
    bool is_good = true;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        is_good &= measure(paths[i], mib << 20);
    return is_good ? 0 : 1;
}
