#include <cairn/service/connector.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>
#include <cairn/service/socket.h>

#define CONNECTOR_TIMEOUT_MS 1000
#define CONNECTOR_MAX_MS 86400000
#define CONNECTOR_MAX_KEEP_ALIVE_MS 32767000 /* what the kernel takes */
#define CONNECTOR_PROBES 3

/* What copies and futures share; a future may outlive every copy. */
struct connector_shared {
    unsigned references;
    struct cairn_connector_options opts; /* with the defaults filled in */
    uint64_t connected;
    uint64_t failed;
    uint64_t elapsed;
    uint64_t connecting;
};

struct connector {
    struct cairn_service base;
    struct connector_shared *shared;
};

struct connecting {
    struct connector_shared *shared;
    struct cairn__socket *socket;
    struct cairn_address *address;
    struct cairn_sleep_state sleep;
};

static void connector_unref(struct connector_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

/* Errors. */

static enum cairn_error_code connector_code(int number)
{
    switch (number) {
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENOENT: /* no such Unix socket */
    case ETIMEDOUT:
        return CAIRN_ERROR_UNAVAILABLE;
    case EAGAIN: /* a Unix socket, whose backlog is full: no event tells when it is not */
        return CAIRN_ERROR_OVERLOADED;
    default:
        return CAIRN_ERROR_SYSTEM;
    }
}

static struct cairn_error *connector_error(
    struct connector_shared *shared, int number, const struct cairn_address *address)
{
    char at[CAIRN_ADDRESS_BYTES];
    char words[64] = "unknown error";
    const char *text = number == EAGAIN ? "the listener's queue is full" : strerrordesc_np(number);
    if (text)
        strncpy(words, text, sizeof(words) - 1);
    words[0] = (char)tolower((unsigned char)words[0]);
    shared->failed++;
    return cairn_error_new(connector_code(number), "connector", NULL, "%s (%s)", words,
        cairn_address_format(address, at, sizeof(at)));
}

static struct cairn_error *connector_elapsed(
    struct connector_shared *shared, const struct cairn_address *address)
{
    char at[CAIRN_ADDRESS_BYTES];
    shared->failed++;
    shared->elapsed++;
    return cairn_error_new(CAIRN_ERROR_ELAPSED, "connector", NULL,
        "not connected after %" PRIu64 " ms (%s)", shared->opts.timeout_ms,
        cairn_address_format(address, at, sizeof(at)));
}

/* Sockets. */

/* An option that the kernel does not take is one that the connection does without. */
static void connector_set(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

static void connector_prepare(const struct cairn_connector_options *opts, int fd)
{
    int idle_s = (int)(opts->keep_alive_ms / 1000);
    if (!opts->waits_for_more)
        connector_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (idle_s == 0)
        return;
    connector_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    connector_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
    connector_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, (idle_s + 2) / 3);
    connector_set(fd, IPPROTO_TCP, TCP_KEEPCNT, CONNECTOR_PROBES);
}

/* Returns the errno of the attempt, EINPROGRESS where it goes on, and sets *FD unless it is -1. */
static int connector_begin(
    const struct cairn_connector_options *opts, const struct cairn_address *address, int *fd)
{
    int family = address->storage.ss_family;
    *fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    if (family != AF_UNIX)
        connector_prepare(opts, *fd);
    if (connect(*fd, (const struct sockaddr *)&address->storage, address->length) == 0)
        return cairn__socket_is_own_peer(*fd) ? ECONNREFUSED : 0;
    return errno == EINTR ? EINPROGRESS : errno;
}

/* The errno of an attempt that went on. */
static int connector_outcome(int fd)
{
    int number = 0;
    socklen_t length = sizeof(number);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length) != 0)
        return errno;
    return number == 0 && cairn__socket_is_own_peer(fd) ? ECONNREFUSED : number;
}

/* Takes SOCKET. NULL without memory. */
static struct cairn_byte_stream *connector_succeed(
    struct connector_shared *shared, struct cairn__socket *socket)
{
    struct cairn_byte_stream *stream =
        cairn_byte_stream_box((struct cairn_byte_stream){&cairn__socket_ops, socket});
    *(stream ? &shared->connected : &shared->failed) += 1;
    return stream;
}

/* The future of an attempt that goes on. */

static enum cairn_poll connecting_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct connecting *self = state;
    if (!self->socket->was_writable) {
        if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
            return cairn__socket_await_write(self->socket, cx, &out->error);
        out->error = connector_elapsed(self->shared, self->address);
        return CAIRN_FAILED;
    }
    int number = connector_outcome(self->socket->io.fd);
    if (number != 0) {
        out->error = connector_error(self->shared, number, self->address);
        return CAIRN_FAILED;
    }
    struct cairn__socket *socket = self->socket;
    self->socket = NULL;
    out->value = connector_succeed(self->shared, socket);
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void connecting_drop(void *state)
{
    struct connecting *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn__socket_free(self->socket);
    cairn_address_free(self->address);
    self->shared->connecting--;
    connector_unref(self->shared);
}

static const struct cairn_future_ops connecting_ops = {
    .name = "connector",
    .size = sizeof(struct connecting),
    .poll = connecting_poll,
    .drop = connecting_drop,
};

/* The service. */

static struct cairn_future connector_no_memory(struct connector_shared *shared)
{
    shared->failed++;
    return cairn_future_failed(&cairn_error_no_memory);
}

/* Takes SOCKET and ADDRESS. */
static struct cairn_future connector_go_on(struct connector_shared *shared,
    struct cairn_runtime *runtime, struct cairn__socket *socket, struct cairn_address *address)
{
    shared->references++;
    shared->connecting++;
    return cairn_future_box(&connecting_ops,
        &(struct connecting){.shared = shared,
            .socket = socket,
            .address = address,
            .sleep.at_ms = cairn_runtime_deadline_ms(runtime, shared->opts.timeout_ms)});
}

static struct cairn_future connector_connect(
    struct connector_shared *shared, struct cairn_runtime *runtime, struct cairn_address *address)
{
    int fd;
    int number = connector_begin(&shared->opts, address, &fd);
    if (number != 0 && number != EINPROGRESS) {
        struct cairn_error *error = connector_error(shared, number, address);
        if (fd >= 0)
            close(fd);
        cairn_address_free(address);
        return cairn_future_failed(error);
    }
    struct cairn__socket *socket = cairn__socket_new(runtime, fd);
    if (socket && number == EINPROGRESS)
        return connector_go_on(shared, runtime, socket, address);
    cairn_address_free(address);
    if (!socket)
        return connector_no_memory(shared);
    struct cairn_byte_stream *stream = connector_succeed(shared, socket);
    return stream ? cairn_future_ready_of(&cairn_byte_stream_type, stream)
                  : cairn_future_failed(&cairn_error_no_memory);
}

static struct cairn_future connector_call(struct cairn_service *base, void *req)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "connector", "called on a thread without a runtime");
    return connector_connect(((struct connector *)base)->shared, runtime, req);
}

static void connector_cloned(struct cairn_service *base)
{
    ((struct connector *)base)->shared->references++;
}

static void connector_drop(struct cairn_service *base)
{
    connector_unref(((struct connector *)base)->shared);
}

static void connector_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct connector_shared *shared = ((const struct connector *)base)->shared;
    cairn_describe_parameter(d, "timeout", shared->opts.timeout_ms, "ms");
    if (shared->opts.keep_alive_ms)
        cairn_describe_parameter(d, "keep_alive", shared->opts.keep_alive_ms, "ms");
    cairn_describe_counter(d, "connected", shared->connected);
    cairn_describe_counter(d, "failed", shared->failed);
    cairn_describe_counter(d, "elapsed", shared->elapsed);
    cairn_describe_gauge(d, "connecting", shared->connecting);
}

static const struct cairn_service_ops connector_ops = {
    .name = "connector",
    .size = sizeof(struct connector),
    .call = connector_call,
    .cloned = connector_cloned,
    .drop = connector_drop,
    .describe = connector_describe,
};

/* NULL: they will do. Fills in the defaults. */
static struct cairn_error *connector_check(struct cairn_connector_options *opts)
{
    if (opts->timeout_ms > CONNECTOR_MAX_MS)
        return cairn_error_new(CAIRN_ERROR_INVALID, "connector", NULL,
            "timeout_ms must be 1 to %d, got %" PRIu64, CONNECTOR_MAX_MS, opts->timeout_ms);
    if (opts->keep_alive_ms > CONNECTOR_MAX_KEEP_ALIVE_MS ||
        (opts->keep_alive_ms > 0 && opts->keep_alive_ms < 1000))
        return cairn_error_new(CAIRN_ERROR_INVALID, "connector", NULL,
            "keep_alive_ms must be 0, or 1000 to %d, got %" PRIu64, CONNECTOR_MAX_KEEP_ALIVE_MS,
            opts->keep_alive_ms);
    if (opts->timeout_ms == 0)
        opts->timeout_ms = CONNECTOR_TIMEOUT_MS;
    return NULL;
}

struct cairn_service *cairn_connector_new(const struct cairn_connector_options *options)
{
    struct cairn_connector_options opts = {.size = sizeof(opts)};
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    struct cairn_error *error = connector_check(&opts);
    if (error)
        return cairn_service_broken(error);
    struct connector_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct connector *self = shared ? cairn_service_new(&connector_ops, NULL) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    shared->references = 1;
    shared->opts = opts;
    self->shared = shared;
    self->base.request_type = &cairn_address_type;
    self->base.response_type = &cairn_byte_stream_type;
    return &self->base;
}
