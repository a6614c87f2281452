#include <cairn/http/server/hand_over.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cairn/http/server/activation.h>
#include <cairn/http/server/watchdog.h>
#include <cairn/http/server/worker.h>
#include <cairn/service/notify.h>

#define HAND_OVER_READY_MS 30000
#define HAND_OVER_READY_MAX_MS 3600000

static void hand_over_close(struct cairn__hand_over *self)
{
    cairn_timer_cancel(&self->timer);
    cairn_io_close(&self->io);
    if (self->pid)
        close(self->fd);
    self->pid = 0;
}

void cairn__hand_over_end(struct cairn__hand_over *self)
{
    if (self->pid)
        kill(self->pid, SIGTERM);
    hand_over_close(self);
}

static void hand_over_ready(struct cairn__hand_over *self)
{
    char state[32];
    struct cairn_http_server *server = self->server;
    snprintf(state, sizeof(state), "MAINPID=%d", (int)self->pid);
    cairn_notify(state);
    hand_over_close(self);
    cairn__server_replaced(server);
}

/* How a process has ended that was not ready, for people. */
static void hand_over_say_status(int status)
{
    if (WIFSIGNALED(status))
        fprintf(stderr, "hand-over: the new process was ended by signal %d", WTERMSIG(status));
    else
        fprintf(stderr, "hand-over: the new process exited with %d", WEXITSTATUS(status));
    fputs(" before it was ready; this one goes on\n", stderr);
}

/* Nobody is left to become ready. */
static void hand_over_failed(struct cairn__hand_over *self)
{
    int status = 0;
    kill(self->pid, SIGKILL);
    waitpid(self->pid, &status, 0);
    hand_over_say_status(status);
    hand_over_close(self);
}

static void hand_over_heard(struct cairn_io *io, bool can_read, bool can_write)
{
    struct cairn__hand_over *self = (struct cairn__hand_over *)io;
    char byte;
    (void)can_read;
    (void)can_write;
    ssize_t n = read(self->fd, &byte, 1);
    if (n == 1)
        hand_over_ready(self);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        hand_over_failed(self);
}

static void hand_over_too_late(struct cairn_timer *timer)
{
    struct cairn__hand_over *self =
        (struct cairn__hand_over *)((char *)timer - offsetof(struct cairn__hand_over, timer));
    fputs("hand-over: the new process takes too long to be ready\n", stderr);
    hand_over_failed(self);
}

static int hand_over_start(
    struct cairn__hand_over *self, struct cairn_http_server *server, char *const argv[])
{
    int fds[CAIRN__ACTIVATION_MAX];
    int count = cairn__server_copy_listeners(server, fds);
    if (count < 0)
        return -1;
    self->server = server;
    pid_t pid = cairn__hand_over_spawn(argv, fds, count, &self->fd);
    int error_number = errno;
    while (count > 0)
        close(fds[--count]);
    errno = error_number;
    if (pid < 0)
        return -1;
    self->pid = pid;
    return 0;
}

static struct cairn_error *hand_over_watch(struct cairn__hand_over *self, uint64_t ready_ms)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    struct cairn_error *error = cairn_io_open(&self->io, runtime, self->fd, hand_over_heard);
    if (!error && cairn_io_want_read(&self->io, true) != 0)
        error = &cairn_error_no_memory;
    if (error) {
        kill(self->pid, SIGKILL);
        waitpid(self->pid, NULL, 0);
        hand_over_close(self);
        return error;
    }
    cairn_timer_arm(
        runtime, &self->timer, cairn_runtime_deadline_ms(runtime, ready_ms), hand_over_too_late);
    return NULL;
}

struct cairn_error *cairn_http_server_hand_over(
    struct cairn_http_server *server, char *const argv[], uint64_t ready_ms)
{
    static struct cairn_error busy = CAIRN_ERROR_STATIC(
        CAIRN_ERROR_CONFLICT, "hand_over", "a new process is being started already");
    static struct cairn_error unready =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CONFLICT, "hand_over", "the server is not ready itself");
    static struct cairn_error divided = CAIRN_ERROR_STATIC(
        CAIRN_ERROR_CONFLICT, "hand_over", "the server is one of several processes");
    struct cairn__hand_over *self = cairn__server_hand_over(server);
    if (cairn__server_watchdog(server)->is_supervised)
        return &divided;
    if (ready_ms > HAND_OVER_READY_MAX_MS || !argv || !argv[0])
        return cairn_error_new(CAIRN_ERROR_INVALID, "hand_over", NULL,
            "argv must name a program, and ready_ms must be 1 to %d, got %llu",
            HAND_OVER_READY_MAX_MS, (unsigned long long)ready_ms);
    if (self->pid)
        return &busy;
    if (!cairn__server_is_listening(server))
        return &unready;
    if (hand_over_start(self, server, argv) != 0)
        return cairn_error_system("hand_over", argv[0], errno);
    return hand_over_watch(self, ready_ms ? ready_ms : HAND_OVER_READY_MS);
}
