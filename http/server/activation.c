#include <cairn/http/server/activation.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/server/worker.h>
#include <cairn/service/str.h>

#define ACTIVATION_FIRST_FD 3
#define ACTIVATION_SYSTEMD "systemd:"
#define ACTIVATION_FD "fd:"

static bool activation_begins(const char *host, const char *prefix)
{
    return host && strncmp(host, prefix, strlen(prefix)) == 0;
}

bool cairn__activation_is_host(const char *host)
{
    return activation_begins(host, ACTIVATION_SYSTEMD) || activation_begins(host, ACTIVATION_FD);
}

/* A number of digits alone, at most MAX; -1 for anything else. */
static long activation_number(const char *text, long max)
{
    char *end;
    if (!text || text[0] < '0' || text[0] > '9')
        return -1;
    errno = 0;
    long number = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && number <= max ? number : -1;
}

static const char *activation_env(const char *variable)
{
    return getenv(variable); /* NOLINT(concurrency-mt-unsafe): nobody changes it meanwhile */
}

/* The number in VARIABLE, if it is meant for this process; -1: none. */
static int activation_variable(const char *variable)
{
    if (activation_number(activation_env("LISTEN_PID"), INT_MAX) != (long)getpid())
        return -1;
    return (int)activation_number(activation_env(variable), INT_MAX - ACTIVATION_FIRST_FD);
}

static bool activation_is_inheritable(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && !(flags & FD_CLOEXEC);
}

void cairn__activation_say_ready(void)
{
    int fd = activation_variable(CAIRN__READY_FD);
    if (fd < ACTIVATION_FIRST_FD || !activation_is_inheritable(fd))
        return;
    ssize_t rc = write(fd, "\n", 1);
    (void)rc; /* who does not read it any more does not wait for it */
    close(fd);
}

/* The name of the I-th of them in LISTEN_FDNAMES; "unknown" as systemd says where there is none. */
static struct cairn_str activation_name(int i)
{
    const char *names = activation_env("LISTEN_FDNAMES");
    for (; names && i > 0; i--) {
        names = strchr(names, ':');
        names = names ? names + 1 : NULL;
    }
    return names ? cairn_str_of(names, strcspn(names, ":")) : CAIRN_STR("unknown");
}

static bool activation_is_listening(int fd)
{
    int type = 0;
    int is_listening = 0;
    socklen_t size = sizeof(int);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening;
}

static bool activation_is_free(int fd)
{
    return activation_is_inheritable(fd) && activation_is_listening(fd);
}

/* Whether OPTIONS asks for the I-th socket. */
static bool activation_fits(const struct cairn_http_server_options *options, int i, int fd)
{
    if (!activation_begins(options->host, ACTIVATION_SYSTEMD))
        return cairn__listener_is_bound_to(fd, options);
    struct cairn_str wanted = cairn_str_from(options->host + strlen(ACTIVATION_SYSTEMD));
    return wanted.length == 0 || cairn_str_equal(wanted, activation_name(i));
}

static int activation_own(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return -1;
    return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static size_t activation_take_number(
    const struct cairn_http_server_options *options, int *fds, struct cairn_error **error)
{
    long fd = activation_number(options->host + strlen(ACTIVATION_FD), INT_MAX);
    if (fd < 0 || !activation_is_free((int)fd)) {
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "http_server", NULL,
            "host must be fd: and the number of a listening stream socket that is not closed on "
            "exec, got \"%s\"",
            options->host);
        return 0;
    }
    fds[0] = (int)fd;
    return 1;
}

static size_t activation_take_inherited(
    const struct cairn_http_server_options *options, int *fds, struct cairn_error **error)
{
    size_t count = 0;
    int named = activation_variable("LISTEN_FDS");
    int inherited = named < 0 ? 0 : named;
    for (int i = 0; i < inherited && count < CAIRN__ACTIVATION_MAX; i++) {
        int fd = ACTIVATION_FIRST_FD + i;
        if (activation_is_free(fd) && activation_fits(options, i, fd))
            fds[count++] = fd;
    }
    if (count == 0 && activation_begins(options->host, ACTIVATION_SYSTEMD))
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "http_server", NULL,
            "host is \"%s\", but of the %d sockets handed to this process (LISTEN_FDS) none is it",
            options->host, inherited);
    return count;
}

size_t cairn__activation_take(
    const struct cairn_http_server_options *options, int *fds, struct cairn_error **error)
{
    size_t count = activation_begins(options->host, ACTIVATION_FD)
                       ? activation_take_number(options, fds, error)
                       : activation_take_inherited(options, fds, error);
    for (size_t i = 0; i < count; i++) {
        if (activation_own(fds[i]) != 0) {
            *error = cairn_error_system("http_server", "a socket handed over", errno);
            return 0;
        }
    }
    return count;
}
