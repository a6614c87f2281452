/* transfer.c - COUNT downloads of PATH, or uploads of BYTES to it, one after the other on one
 * connection. What comes is thrown away in the kernel. Prints the bytes of all bodies.
 *
 *   transfer PORT get PATH COUNT
 *   transfer PORT post PATH COUNT BYTES */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char bytes[262144];
static int fd;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void send_all(const char *data, size_t length)
{
    while (length) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n <= 0)
            die("send");
        data += n;
        length -= (size_t)n;
    }
}

/* Reads until the head is whole, and no further. Returns the length of its body. */
static uint64_t take_head(void)
{
    static const char name[] = "\r\ncontent-length:";
    char head[4096];
    size_t length = 0;
    while (length < 4 || memcmp(head + length - 4, "\r\n\r\n", 4) != 0) {
        if (length == sizeof(head) - 1 || recv(fd, head + length, 1, 0) != 1)
            die("no head");
        length++;
    }
    head[length] = '\0';
    if (memcmp(head, "HTTP/1.1 200", 12) != 0)
        die("an answer that is not 200");
    for (const char *at = head; *at; at++) {
        if (strncasecmp(at, name, sizeof(name) - 1) == 0)
            return strtoull(at + sizeof(name) - 1, NULL, 10);
    }
    die("an answer without Content-Length");
    return 0;
}

static uint64_t take_answer(void)
{
    uint64_t length = take_head();
    for (uint64_t left = length; left;) {
        size_t most = left < sizeof(bytes) ? left : sizeof(bytes);
        ssize_t n = recv(fd, bytes, most, MSG_TRUNC);
        if (n <= 0)
            die("a body that is short");
        left -= (uint64_t)n;
    }
    return length;
}

static uint64_t download(const char *path)
{
    char head[512];
    int length = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
    send_all(head, (size_t)length);
    return take_answer();
}

static uint64_t upload(const char *path, uint64_t size)
{
    char head[512];
    int length = snprintf(head, sizeof(head),
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %llu\r\n\r\n", path,
        (unsigned long long)size);
    send_all(head, (size_t)length);
    for (uint64_t left = size; left;) {
        size_t piece = left < sizeof(bytes) ? left : sizeof(bytes);
        send_all(bytes, piece);
        left -= piece;
    }
    take_answer();
    return size;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (argc < 5) {
        fprintf(stderr, "transfer PORT get PATH COUNT | PORT post PATH COUNT BYTES\n");
        return 2;
    }
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        die("connect");
    uint64_t total = 0;
    for (unsigned long left = strtoul(argv[4], NULL, 10); left; left--) {
        total += strcmp(argv[2], "get") == 0 ? download(argv[3])
                                             : upload(argv[3], strtoull(argv[5], NULL, 10));
    }
    printf("%llu\n", (unsigned long long)total);
    return 0;
}
