#include <cairn/http/server/hand_over.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cairn/http/server/activation.h>
#include <cairn/service/alloc.h>

#define SPAWN_NAME "cairn"
#define SPAWN_PID "LISTEN_PID="
#define SPAWN_READY "CAIRN_READY_FD=" /* CAIRN__READY_FD */
#define SPAWN_PID_DIGITS 11           /* of an int, with its sign */

/* What the new process is told, made before it is forked: afterwards nothing may be allocated. */
struct spawn_environment {
    char **entries; /* the environment with ours in front; the strings are borrowed */
    char pid[sizeof(SPAWN_PID) + SPAWN_PID_DIGITS];
    char fds[sizeof("LISTEN_FDS=") + SPAWN_PID_DIGITS];
    char names[sizeof("LISTEN_FDNAMES=") + CAIRN__ACTIVATION_MAX * sizeof(SPAWN_NAME)];
    char ready[sizeof(SPAWN_READY) + SPAWN_PID_DIGITS];
};

static bool spawn_is_ours(const char *entry)
{
    static const char *const names[] = {
        SPAWN_READY, SPAWN_PID, "LISTEN_FDS=", "LISTEN_FDNAMES=", "WATCHDOG_PID="};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

static void spawn_name_sockets(struct spawn_environment *self, int count)
{
    char *at = self->names;
    at = stpcpy(at, "LISTEN_FDNAMES=");
    for (int i = 0; i < count; i++) {
        at = stpcpy(at, i ? ":" : "");
        at = stpcpy(at, SPAWN_NAME);
    }
}

static int spawn_environment_init(struct spawn_environment *self, int count)
{
    size_t before = 0;
    size_t used = 4;
    while (environ[before])
        before++;
    self->entries = cairn_alloc((before + used + 1) * sizeof(*self->entries));
    if (!self->entries)
        return -1;
    memset(self->pid, 0, sizeof(self->pid));
    snprintf(self->fds, sizeof(self->fds), "LISTEN_FDS=%d", count);
    snprintf(self->ready, sizeof(self->ready), SPAWN_READY "%d", CAIRN__HAND_OVER_FD + count);
    spawn_name_sockets(self, count);
    self->entries[0] = self->pid;
    self->entries[1] = self->fds;
    self->entries[2] = self->names;
    self->entries[3] = self->ready;
    for (size_t i = 0; i < before; i++) {
        if (!spawn_is_ours(environ[i]))
            self->entries[used++] = environ[i];
    }
    self->entries[used] = NULL;
    return 0;
}

/* In the new process, where printf must not be called. */
static void spawn_write_pid(char *out, pid_t pid)
{
    char digits[SPAWN_PID_DIGITS];
    size_t count = 0;
    for (; pid > 0; pid /= 10)
        digits[count++] = (char)('0' + pid % 10);
    out = stpcpy(out, SPAWN_PID);
    while (count > 0)
        *out++ = digits[--count];
    *out = '\0';
}

/* As a process that a shell has started: every signal does what it does by default, none waits. */
static void spawn_reset_signals(void)
{
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &by_default, NULL);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* Two pipes, whose ends for the new process lie above where it gets its descriptors. */
struct spawn_pipes {
    int report[2]; /* why it could not be run; closed when it runs */
    int ready[2];  /* that it is ready */
};

/* Never returns. */
static void spawn_child(char *const argv[], const int *fds, int count,
    struct spawn_environment *environment, const struct spawn_pipes *pipes)
{
    int rc = dup2(pipes->ready[1], CAIRN__HAND_OVER_FD + count);
    for (int i = 0; i < count && rc >= 0; i++)
        rc = dup2(fds[i], CAIRN__HAND_OVER_FD + i);
    if (rc >= 0) {
        spawn_write_pid(environment->pid, getpid());
        spawn_reset_signals();
        environ = environment->entries;
        execvp(argv[0], argv);
    }
    int error_number = errno;
    if (write(pipes->report[1], &error_number, sizeof(error_number)) < 0)
        _exit(126);
    _exit(127);
}

static int spawn_pipe(int ends[2], int above)
{
    int low[2];
    if (pipe2(low, O_CLOEXEC) != 0)
        return -1;
    ends[0] = low[0];
    ends[1] = fcntl(low[1], F_DUPFD_CLOEXEC, above);
    int error_number = errno;
    close(low[1]);
    errno = error_number;
    return ends[1] < 0 ? -1 : 0;
}

static int spawn_pipes_open(struct spawn_pipes *self, int above)
{
    if (spawn_pipe(self->report, above) != 0 || spawn_pipe(self->ready, above) != 0)
        return -1;
    return fcntl(self->ready[0], F_SETFL, O_NONBLOCK);
}

static void spawn_pipe_close(int ends[2])
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
        ends[i] = -1;
    }
}

static pid_t spawn_fork(char *const argv[], const int *fds, int count,
    struct spawn_environment *environment, const struct spawn_pipes *pipes)
{
    sigset_t all;
    sigset_t before;
    /* A signal for the old process must not find its handlers in the new one. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        spawn_child(argv, fds, count, environment, pipes);
    int error_number = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error_number;
    return pid;
}

/* Waits until the program runs, which is soon. Returns 0, or what errno was in the new process. */
static int spawn_outcome(struct spawn_pipes *pipes)
{
    int failure = 0;
    close(pipes->report[1]);
    pipes->report[1] = -1;
    while (read(pipes->report[0], &failure, sizeof(failure)) < 0 && errno == EINTR)
        ;
    return failure;
}

static pid_t spawn_with(char *const argv[], const int *fds, int count,
    struct spawn_environment *environment, struct spawn_pipes *pipes)
{
    if (spawn_pipes_open(pipes, CAIRN__HAND_OVER_FD + count + 1) != 0)
        return -1;
    pid_t pid = spawn_fork(argv, fds, count, environment, pipes);
    if (pid < 0)
        return -1;
    int failure = spawn_outcome(pipes);
    if (failure == 0)
        return pid;
    waitpid(pid, NULL, 0);
    errno = failure;
    return -1;
}

pid_t cairn__hand_over_spawn(char *const argv[], const int *fds, int count, int *ready)
{
    struct spawn_environment environment;
    struct spawn_pipes pipes = {{-1, -1}, {-1, -1}};
    if (spawn_environment_init(&environment, count) != 0) {
        errno = ENOMEM;
        return -1;
    }
    pid_t pid = spawn_with(argv, fds, count, &environment, &pipes);
    int error_number = errno;
    *ready = pid < 0 ? -1 : pipes.ready[0];
    if (pid > 0)
        pipes.ready[0] = -1;
    spawn_pipe_close(pipes.report);
    spawn_pipe_close(pipes.ready);
    cairn_free(environment.entries);
    errno = error_number;
    return pid;
}
