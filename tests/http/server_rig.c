#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void *rig_thread(void *cx)
{
    struct server_rig *rig = cx;
    rig->result = cairn_http_server_run(rig->server);
    return NULL;
}

void server_rig_start(struct server_rig *rig, cairn_http_app *app, void *cx,
    const struct cairn_http_server_options *options)
{
    struct cairn_http_server_options mine = {.size = sizeof(mine)};
    struct cairn_error *error = NULL;
    if (options)
        mine = *options;
    mine.size = sizeof(mine);
    mine.keep_signals = true;
    if (!mine.host)
        mine.host = "127.0.0.1";
    if (!mine.workers)
        mine.workers = 1;
    rig->server = cairn_http_server_new(app, cx, &mine, &error);
    if (!rig->server)
        fail_msg("%s", error->message);
    assert_int_equal(pthread_create(&rig->thread, NULL, rig_thread, rig), 0);
}

struct cairn_http_counters server_rig_finish(struct server_rig *rig)
{
    cairn_http_server_drain(rig->server);
    assert_int_equal(pthread_join(rig->thread, NULL), 0);
    if (rig->result)
        fail_msg("%s", rig->result->message);
    struct cairn_http_counters counters = cairn_http_server_counters(rig->server);
    cairn_http_server_free(rig->server);
    return counters;
}

void server_rig_stop(struct server_rig *rig)
{
    server_rig_finish(rig);
}

static int client_try(const struct sockaddr *address, socklen_t length)
{
    const struct timeval patience = {.tv_sec = 10};
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(fd, address, length) == 0)
        return fd;
    close(fd);
    return -1;
}

static int client_open(const struct sockaddr *address, socklen_t length)
{
    int fd = client_try(address, length);
    assert_true(fd >= 0);
    return fd;
}

int client_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return client_open((const struct sockaddr *)&address, sizeof(address));
}

int client_connect_or_fail(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return client_try((const struct sockaddr *)&address, sizeof(address));
}

int client_connect6(uint16_t port)
{
    struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
    return client_open((const struct sockaddr *)&address, sizeof(address));
}

void client_send_bytes(int fd, const void *data, size_t length)
{
    while (length) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        assert_true(n > 0);
        data = (const char *)data + n;
        length -= (size_t)n;
    }
}

void client_send(int fd, const char *text)
{
    client_send_bytes(fd, text, strlen(text));
}

void client_get(int fd, const char *path)
{
    char request[256];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    client_send(fd, request);
}

/* One byte at a time, so that nothing of the next response is taken. */
static bool client_byte(int fd, char *text, size_t *length, size_t size)
{
    assert_true(*length + 1 < size);
    if (recv(fd, text + *length, 1, 0) != 1)
        return false;
    text[++*length] = '\0';
    return true;
}

static void client_bytes(int fd, char *text, size_t *length, size_t size, size_t count)
{
    assert_true(*length + count < size);
    while (count) {
        ssize_t n = recv(fd, text + *length, count, 0);
        assert_true(n > 0);
        *length += (size_t)n;
        count -= (size_t)n;
    }
    text[*length] = '\0';
}

static void client_chunks(int fd, char *text, size_t *length, size_t size)
{
    for (;;) {
        size_t line = *length;
        do {
            client_bytes(fd, text, length, size, 1);
        } while (text[*length - 1] != '\n');
        size_t count = strtoul(text + line, NULL, 16);
        client_bytes(fd, text, length, size, count + 2);
        if (count == 0)
            return;
    }
}

size_t client_response(int fd, bool is_head, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    while (length < 4 || memcmp(text + length - 4, "\r\n\r\n", 4) != 0) {
        if (!client_byte(fd, text, &length, size)) {
            assert_int_equal(length, 0);
            return 0;
        }
    }
    const char *field = strstr(text, "Content-Length: ");
    if (is_head)
        return length;
    if (field)
        client_bytes(fd, text, &length, size, strtoul(field + 16, NULL, 10));
    else if (strstr(text, "Transfer-Encoding: chunked"))
        client_chunks(fd, text, &length, size);
    return length;
}

size_t client_drain(int fd, char *text, size_t size)
{
    size_t length = 0;
    ssize_t n;
    while (length + 1 < size && (n = recv(fd, text + length, size - 1 - length, 0)) > 0)
        length += (size_t)n;
    text[length] = '\0';
    return length;
}

bool client_is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, 0) <= 0;
}

bool client_is_reset(int fd)
{
    char bytes[65536];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        continue;
    return n < 0 && errno == ECONNRESET;
}
