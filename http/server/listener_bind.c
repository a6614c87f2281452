#include <cairn/http/server/worker.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BIND_UNIX "unix:"

union bind_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
};

bool cairn__listener_is_unix(const char *host)
{
    return host && strncmp(host, BIND_UNIX, sizeof(BIND_UNIX) - 1) == 0;
}

/* "unix:/run/app.sock", or "unix:@name" of the abstract space, which has no file. */
static socklen_t bind_unix_address(const char *path, struct sockaddr_un *address)
{
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(address->sun_path))
        return 0;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    size_t size = offsetof(struct sockaddr_un, sun_path) + length;
    if (path[0] != '@')
        return (socklen_t)(size + 1);
    address->sun_path[0] = '\0';
    return (socklen_t)size;
}

static socklen_t bind_address(const char *host, uint16_t port, union bind_address *address)
{
    memset(address, 0, sizeof(*address));
    if (cairn__listener_is_unix(host))
        return bind_unix_address(host + sizeof(BIND_UNIX) - 1, &address->path);
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return sizeof(address->v4);
    }
    if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        return sizeof(address->v6);
    }
    return 0;
}

static int bind_prepare(int fd, int family, int shares_port)
{
    const int on = 1;
    const int off = 0;
    if (family == AF_UNIX)
        return 0;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shares_port, sizeof(shares_port)) != 0)
        return -1;
    return family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) : 0;
}

/* A bound socket; -1 with errno set. */
static int bind_socket(const union bind_address *address, socklen_t length, int shares_port)
{
    int family = address->any.sa_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind_prepare(fd, family, shares_port) != 0 || bind(fd, &address->any, length) != 0) {
        int error_number = errno;
        close(fd);
        errno = error_number;
        return -1;
    }
    return fd;
}

/* Workers share the port with each other, and so would any process of this user: one that is in use
 * already shows when we ask for it alone. Returns 0, or -1 with errno set. */
static int bind_probe(const union bind_address *address, socklen_t length)
{
    int fd = bind_socket(address, length, 0);
    if (fd < 0)
        return -1;
    int rc = listen(fd, 1);
    close(fd);
    return rc;
}

static bool bind_is_served(const union bind_address *address, socklen_t length)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = fd < 0 ? 0 : connect(fd, &address->any, length);
    bool is_refused = rc != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return !is_refused;
}

/* The file of a socket that nobody listens on any more is in the way of a new one. Returns -1 when
 * it is somebody's, or no socket. */
static int bind_clear_path(const union bind_address *address, socklen_t length)
{
    const char *path = address->path.sun_path;
    struct stat about;
    if (path[0] == '\0' || lstat(path, &about) != 0)
        return 0;
    if (S_ISSOCK(about.st_mode) && !bind_is_served(address, length))
        return unlink(path);
    errno = EADDRINUSE;
    return -1;
}

/* How much of an answer the kernel takes that it cannot send yet; its connections have it from the
 * listening socket. Without it a peer that takes a few bytes at a time has megabytes waiting there,
 * each few bytes a packet of their own that costs more to make than all else of the request. */
static void bind_bound_unsent(int fd, const struct cairn_http_limits *limits)
{
    const int bytes = (int)(2 * limits->output_high_bytes);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}

static int bind_listen(const union bind_address *address, socklen_t length, bool is_first,
    const struct cairn_http_server_options *options)
{
    bool is_unix = address->any.sa_family == AF_UNIX;
    if (is_unix && bind_clear_path(address, length) != 0)
        return -1;
    if (!is_unix && is_first && !options->share_port && bind_probe(address, length) != 0)
        return -1;
    int fd = bind_socket(address, length, 1);
    if (fd >= 0 && !is_unix)
        bind_bound_unsent(fd, &options->limits);
    if (fd < 0 || listen(fd, (int)options->backlog) == 0)
        return fd;
    close(fd);
    return -1;
}

/* 0 for a Unix socket. */
static int bind_port(int fd, uint16_t *port)
{
    union bind_address address = {0};
    socklen_t length = sizeof(address);
    if (getsockname(fd, &address.any, &length) != 0)
        return -1;
    *port = 0;
    if (address.any.sa_family == AF_INET)
        *port = ntohs(address.v4.sin_port);
    else if (address.any.sa_family == AF_INET6)
        *port = ntohs(address.v6.sin6_port);
    return 0;
}

static struct cairn_error *bind_failed(const char *host, uint16_t port)
{
    int error_number = errno;
    char where[256];
    if (cairn__listener_is_unix(host))
        snprintf(where, sizeof(where), "listening on %s", host);
    else
        snprintf(where, sizeof(where), "listening on %s port %u", host, (unsigned)port);
    return cairn_error_system("http_server", where, error_number);
}

int cairn__listener_bind(const struct cairn_http_server_options *options, int first_fd,
    uint16_t *port, struct cairn_error **error)
{
    const char *host = options->host ? options->host : "::";
    union bind_address address;
    socklen_t length = bind_address(host, *port, &address);
    int fd;
    if (length == 0) {
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "http_server", NULL,
            "host must be a numeric IPv4 or IPv6 address, unix: and a path of 1 to %zu bytes, "
            "systemd:, systemd: and a name, or fd: and a number, got \"%s\"",
            sizeof(address.path.sun_path) - 1, host);
        return -1;
    }
    if (first_fd >= 0 && address.any.sa_family == AF_UNIX)
        fd = fcntl(first_fd, F_DUPFD_CLOEXEC, 0); /* one socket, accepted from by all workers */
    else
        fd = bind_listen(&address, length, first_fd < 0, options);
    if (fd < 0 && errno == EAFNOSUPPORT && !options->host) {
        /* A machine without IPv6. */
        length = bind_address("0.0.0.0", *port, &address);
        fd = bind_listen(&address, length, first_fd < 0, options);
    }
    if (fd >= 0 && bind_port(fd, port) == 0)
        return fd;
    *error = bind_failed(host, *port);
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool bind_same_v6(const struct sockaddr_in6 *a, const struct sockaddr_in6 *b)
{
    return a->sin6_port == b->sin6_port &&
           memcmp(&a->sin6_addr, &b->sin6_addr, sizeof(a->sin6_addr)) == 0;
}

static bool bind_same(const union bind_address *a, const union bind_address *b, size_t length)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    if (a->any.sa_family == AF_INET6)
        return bind_same_v6(&a->v6, &b->v6);
    return memcmp(a->path.sun_path, b->path.sun_path,
               length - offsetof(struct sockaddr_un, sun_path)) == 0;
}

static bool bind_is_at(const union bind_address *bound, const char *host, uint16_t port)
{
    union bind_address wanted;
    socklen_t length = bind_address(host, port, &wanted);
    return length != 0 && bind_same(&wanted, bound, length);
}

bool cairn__listener_is_bound_to(int fd, const struct cairn_http_server_options *options)
{
    union bind_address bound = {0};
    socklen_t size = sizeof(bound);
    uint16_t port = options->port;
    if (getsockname(fd, &bound.any, &size) != 0 || (port == 0 && bind_port(fd, &port) != 0))
        return false;
    return bind_is_at(&bound, options->host ? options->host : "::", port) ||
           (!options->host && bind_is_at(&bound, "0.0.0.0", port));
}

int cairn__listener_port(int fd, uint16_t *port)
{
    return bind_port(fd, port);
}

void cairn__listener_unbind(const struct cairn_http_server_options *options)
{
    union bind_address address;
    if (cairn__listener_is_unix(options->host) && bind_address(options->host, 0, &address) != 0 &&
        address.path.sun_path[0] != '\0')
        unlink(address.path.sun_path);
}
