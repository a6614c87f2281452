#include <cairn/http/server/worker.h>

#include <errno.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections taken in one go, so that those that are served already get their turn. */
#define LISTENER_BURST 64
#define LISTENER_RETRY_MS 100
/* Where a TCP header has its flags. */
#define LISTENER_TCP_FLAGS 13

static void listener_on_retry(struct cairn_timer *timer);

static void listener_retry_later(struct cairn__listener *self)
{
    struct cairn_runtime *runtime = self->worker->runtime;
    cairn_timer_arm(runtime, &self->retry, cairn_runtime_deadline_ms(runtime, LISTENER_RETRY_MS),
        listener_on_retry);
}

static void listener_watch(struct cairn__listener *self)
{
    if (cairn_io_want_read(&self->io, true) != 0)
        listener_retry_later(self);
}

static void listener_on_retry(struct cairn_timer *timer)
{
    listener_watch(
        (struct cairn__listener *)((char *)timer - offsetof(struct cairn__listener, retry)));
}

/* The listener would be reported again at once: look away for a while. */
static void listener_pause(struct cairn__listener *self)
{
    self->worker->counters.accept_pauses++;
    cairn_io_want_read(&self->io, false);
    listener_retry_later(self);
}

/* Accepting cannot succeed now; unless an idle connection is in the way of a new one. Returns
 * whether it was. */
static bool listener_make_room(struct cairn__listener *self)
{
    if (cairn__worker_shed(self->worker) > 0)
        return true;
    listener_pause(self);
    return false;
}

/* Errors of one connection, which is gone; the next may be fine. */
static bool listener_error_is_passing(int error_number)
{
    return error_number == ECONNABORTED || error_number == EINTR || error_number == EPROTO ||
           error_number == ENETDOWN || error_number == ENOPROTOOPT || error_number == EHOSTDOWN ||
           error_number == ENONET || error_number == EHOSTUNREACH || error_number == EOPNOTSUPP ||
           error_number == ENETUNREACH || error_number == EPERM;
}

/* Returns false when there is nothing more to accept now. */
static bool listener_accept(struct cairn__listener *self)
{
    const int on = 1;
    struct cairn__worker *worker = self->worker;
    struct sockaddr_in6 peer = {0}; /* of a Unix socket's peer only the family */
    socklen_t length = sizeof(peer);
    if (worker->connection_count >= worker->connection_max)
        return listener_make_room(self);
    int fd = accept4(self->fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EAGAIN)
            return false;
        if (listener_error_is_passing(errno))
            return true;
        return listener_make_room(self);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    worker->counters.accepted++;
    cairn__connection_open(worker, fd, &peer);
    return true;
}

static void listener_ready(struct cairn_io *io, bool can_read, bool can_write)
{
    struct cairn__listener *self = (struct cairn__listener *)io;
    (void)can_read;
    (void)can_write;
    for (int i = 0; i < LISTENER_BURST && listener_accept(self); i++)
        ;
}

struct cairn_error *cairn__listener_open(
    struct cairn__listener *self, struct cairn__worker *worker, int fd)
{
    self->worker = worker;
    self->fd = fd;
    struct cairn_error *error = cairn_io_open(&self->io, worker->runtime, fd, listener_ready);
    if (!error && cairn_io_want_read(&self->io, true) != 0)
        error = &cairn_error_no_memory;
    return error;
}

/*
 * A client whose handshake ends between the last accept and the close would be reset, with a
 * request on its way perhaps. From now on none begins: packets with SYN alone are dropped, so that
 * who comes now tries again and is refused, and handshakes that have begun come to their end.
 */
void cairn__listener_admit_nobody(struct cairn__listener *self)
{
    struct sock_filter drop_syn[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, LISTENER_TCP_FLAGS),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog program = {sizeof(drop_syn) / sizeof(drop_syn[0]), drop_syn};
    if (self->fd >= 0)
        setsockopt(self->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

void cairn__listener_drain(struct cairn__listener *self)
{
    if (self->fd < 0)
        return;
    while (listener_accept(self))
        ;
    cairn__listener_close(self);
}

void cairn__listener_close(struct cairn__listener *self)
{
    cairn_timer_cancel(&self->retry);
    cairn_io_close(&self->io);
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

void cairn__listener_resume(struct cairn__listener *self)
{
    if (self->fd < 0 || self->io.is_reading)
        return;
    cairn_timer_cancel(&self->retry);
    listener_watch(self);
}
