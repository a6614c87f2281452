#include <cairn/http/server/supervisor.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cairn/http/server.h>
#include <cairn/http/server/activation.h>
#include <cairn/http/server/server_options.h>
#include <cairn/http/server/watchdog.h>
#include <cairn/http/server/worker.h>
#include <cairn/service/alloc.h>
#include <cairn/service/notify.h>

#define SUPERVISOR_SAID_BYTES 256
struct process {
    pid_t pid; /* 0: none runs */
    bool is_ready;
    uint64_t begun_ms; /* when it was */
    uint64_t heard_ms; /* when it last said that it is well */
    uint64_t begin_ms; /* when the next one begins */
    uint64_t wait_ms;  /* how much later that is than the death of one that dies young */
};

struct supervisor {
    struct cairn_http_server *server;
    struct process *processes;
    unsigned count;
    unsigned workers;  /* of each */
    uint64_t quiet_ms; /* one that says nothing for so long hangs; 0: nobody listens for it */
    uint64_t looked_ms;
    uint64_t notify_ms; /* between two words to the service manager; 0: none are wanted */
    uint64_t notified_ms;
    bool was_ready; /* all were, once: what dies from now on is replaced */
    bool is_draining;
    bool has_said_stopping;
    int status;
    int signal_fd;
    int said_fd;
    sigset_t mask; /* as it was before */
    char name[128];
};

static uint64_t supervisor_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* Those that the processes are to get, and the one that tells of their end. */
static void supervisor_signals(const struct supervisor *self, sigset_t *set)
{
    const struct cairn_http_server_options *options = cairn__server_options(self->server);
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGUSR2);
    sigaddset(set, SIGCHLD);
    if (options->on_signal) {
        sigaddset(set, SIGHUP);
        sigaddset(set, SIGUSR1);
    }
}

static int supervisor_exit_status(int status)
{
    return WIFSIGNALED(status) ? CAIRN__SERVE_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A process of its own from here on. The signals stay held back until its server lets them come:
 * one that is sent meanwhile is not lost. */
static _Noreturn void process_run(struct supervisor *self, unsigned index, pid_t parent)
{
    char usec[32];
    sigset_t mask = self->mask;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* which was too late for that one */
        _exit(CAIRN__SERVE_SIGNALLED + SIGTERM);
    supervisor_signals(self, &mask);
    sigdelset(&mask, SIGCHLD);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    close(self->signal_fd);
    close(self->said_fd);
    snprintf(usec, sizeof(usec), "%" PRIu64, self->quiet_ms * 1000);
    /* NOLINTBEGIN(concurrency-mt-unsafe): a process that was just forked has one thread */
    setenv("NOTIFY_SOCKET", self->name, 1);
    unsetenv("WATCHDOG_PID");
    if (self->quiet_ms)
        setenv("WATCHDOG_USEC", usec, 1);
    else
        unsetenv("WATCHDOG_USEC");
    struct cairn_http_server *server = self->server;
    cairn__server_keep(server, index * self->workers, self->workers);
    cairn_free(self->processes);
    exit(cairn__serve_run(server));
    /* NOLINTEND(concurrency-mt-unsafe) */
}

static void process_die(struct process *process, uint64_t now_ms)
{
    if (now_ms - process->begun_ms >= CAIRN__PROCESS_STEADY_MS)
        process->wait_ms = 0;
    process->pid = 0;
    process->begin_ms = now_ms + process->wait_ms;
    process->wait_ms = process->wait_ms ? 2 * process->wait_ms : CAIRN__PROCESS_WAIT_MIN_MS;
    if (process->wait_ms > CAIRN__PROCESS_WAIT_MAX_MS)
        process->wait_ms = CAIRN__PROCESS_WAIT_MAX_MS;
}

static void supervisor_begin(struct supervisor *self, unsigned index, uint64_t now_ms)
{
    struct process *process = &self->processes[index];
    pid_t parent = getpid();
    fflush(NULL); /* what is buffered is written once */
    pid_t pid = fork();
    if (pid == 0)
        process_run(self, index, parent);
    int error_number = errno;
    process->begun_ms = now_ms;
    process->is_ready = false;
    if (pid > 0) {
        process->pid = pid;
        return;
    }
    fprintf(stderr, "process %u cannot begin: %s\n", index, strerrordesc_np(error_number));
    process_die(process, now_ms);
}

static void supervisor_send(const struct supervisor *self, int number)
{
    for (unsigned i = 0; i < self->count; i++) {
        if (self->processes[i].pid)
            kill(self->processes[i].pid, number);
    }
}

/* No new connection goes where only this process would have it. */
static void supervisor_drain(struct supervisor *self, int number)
{
    if (self->is_draining)
        self->status = CAIRN__SERVE_SIGNALLED + number;
    self->is_draining = true;
    cairn__server_close_listeners(self->server);
    supervisor_send(self, number);
}

static void supervisor_say_end(
    unsigned index, const struct process *process, int status, uint64_t now_ms)
{
    fprintf(stderr, "process %u (%d) ", index, (int)process->pid);
    if (WIFSIGNALED(status))
        fprintf(stderr, "was ended by signal %d", WTERMSIG(status));
    else
        fprintf(stderr, "exited with %d", WEXITSTATUS(status));
    fprintf(stderr, " after %" PRIu64 " ms", now_ms - process->begun_ms);
}

static void supervisor_lost(struct supervisor *self, unsigned index, int status, uint64_t now_ms)
{
    struct process *process = &self->processes[index];
    if (self->is_draining) {
        if (!self->status)
            self->status = supervisor_exit_status(status);
        process->pid = 0;
        return;
    }
    supervisor_say_end(index, process, status, now_ms);
    process_die(process, now_ms);
    if (self->was_ready) {
        fprintf(stderr, "; another one begins in %" PRIu64 " ms\n", process->begin_ms - now_ms);
        return;
    }
    fputs(" before all were ready\n", stderr); /* half a server helps nobody */
    self->status = supervisor_exit_status(status);
    supervisor_drain(self, SIGTERM);
}

static void supervisor_reap(struct supervisor *self, uint64_t now_ms)
{
    for (unsigned i = 0; i < self->count; i++) {
        int status = 0;
        pid_t pid = self->processes[i].pid;
        if (pid && waitpid(pid, &status, WNOHANG) == pid)
            supervisor_lost(self, i, status, now_ms);
    }
}

static void supervisor_signalled(struct supervisor *self, uint64_t now_ms)
{
    struct signalfd_siginfo about;
    while (read(self->signal_fd, &about, sizeof(about)) == sizeof(about)) {
        int number = (int)about.ssi_signo;
        if (number == SIGCHLD)
            supervisor_reap(self, now_ms);
        else if (number == SIGTERM || number == SIGINT)
            supervisor_drain(self, number);
        else
            supervisor_send(self, number);
    }
}

static void supervisor_ready(struct supervisor *self, struct process *process)
{
    process->is_ready = true;
    if (self->was_ready)
        return;
    for (unsigned i = 0; i < self->count; i++) {
        if (!self->processes[i].is_ready)
            return;
    }
    self->was_ready = true;
    cairn_notify("READY=1");
    cairn__activation_say_ready();
}

static void process_kill(struct process *process, unsigned index)
{
    fprintf(stderr, "process %u (%d) hangs, and is killed\n", index, (int)process->pid);
    kill(process->pid, SIGKILL);
}

static void supervisor_hear(
    struct supervisor *self, unsigned index, const char *text, uint64_t now_ms)
{
    struct process *process = &self->processes[index];
    process->heard_ms = now_ms;
    if (cairn__processes_said(text, "READY=1"))
        supervisor_ready(self, process);
    if (cairn__processes_said(text, CAIRN__WATCHDOG_TRIGGER))
        process_kill(process, index);
    if (cairn__processes_said(text, "STOPPING=1") && self->is_draining &&
        !self->has_said_stopping) {
        self->has_said_stopping = true;
        cairn_notify(text); /* how long it may take as well */
    }
}

static void supervisor_listen(struct supervisor *self, uint64_t now_ms)
{
    char text[SUPERVISOR_SAID_BYTES];
    for (pid_t pid; (pid = cairn__processes_hear(self->said_fd, text, sizeof(text)));) {
        for (unsigned i = 0; i < self->count; i++) {
            if (self->processes[i].pid == pid)
                supervisor_hear(self, i, text, now_ms);
        }
    }
}

/* Who says nothing any more is as stuck as who says that it is; but not if this process stood still
 * as well. */
static void supervisor_look(struct supervisor *self, uint64_t now_ms)
{
    bool stood_still = now_ms - self->looked_ms > self->quiet_ms / 2;
    self->looked_ms = now_ms;
    for (unsigned i = 0; i < self->count && self->quiet_ms; i++) {
        struct process *process = &self->processes[i];
        if (stood_still)
            process->heard_ms = now_ms;
        if (process->pid && process->is_ready && now_ms - process->heard_ms >= self->quiet_ms) {
            process_kill(process, i);
            process->heard_ms = now_ms;
        }
    }
}

static void supervisor_notify(struct supervisor *self, uint64_t now_ms)
{
    if (!self->notify_ms || now_ms - self->notified_ms < self->notify_ms)
        return;
    cairn_notify("WATCHDOG=1");
    self->notified_ms = now_ms;
}

static void supervisor_begin_due(struct supervisor *self, uint64_t now_ms)
{
    for (unsigned i = 0; i < self->count && !self->is_draining; i++) {
        const struct process *process = &self->processes[i];
        if (!process->pid && now_ms >= process->begin_ms)
            supervisor_begin(self, i, now_ms);
    }
}

static uint64_t supervisor_sooner(uint64_t wait_ms, uint64_t other_ms)
{
    return other_ms < wait_ms ? other_ms : wait_ms;
}

/* Until something is to be done; -1: until something happens. */
static int supervisor_wait_ms(const struct supervisor *self, uint64_t now_ms)
{
    uint64_t wait_ms = INT32_MAX;
    if (self->quiet_ms)
        wait_ms = self->quiet_ms / 4 + 1;
    if (self->notify_ms)
        wait_ms = supervisor_sooner(wait_ms, self->notify_ms);
    for (unsigned i = 0; i < self->count && !self->is_draining; i++) {
        const struct process *process = &self->processes[i];
        if (!process->pid)
            wait_ms = supervisor_sooner(
                wait_ms, process->begin_ms > now_ms ? process->begin_ms - now_ms : 0);
    }
    return wait_ms == INT32_MAX ? -1 : (int)wait_ms;
}

static bool supervisor_has_processes(const struct supervisor *self)
{
    for (unsigned i = 0; i < self->count; i++) {
        if (self->processes[i].pid)
            return true;
    }
    return false;
}

static void supervisor_run(struct supervisor *self)
{
    struct pollfd fds[] = {
        {.fd = self->signal_fd, .events = POLLIN}, {.fd = self->said_fd, .events = POLLIN}};
    self->looked_ms = supervisor_now_ms();
    do {
        uint64_t now_ms = supervisor_now_ms();
        supervisor_listen(self, now_ms);
        supervisor_signalled(self, now_ms);
        supervisor_begin_due(self, now_ms);
        supervisor_look(self, now_ms);
        supervisor_notify(self, now_ms);
        if (supervisor_has_processes(self) || !self->is_draining)
            poll(fds, 2, supervisor_wait_ms(self, now_ms));
    } while (supervisor_has_processes(self) || !self->is_draining);
}

static bool supervisor_open(struct supervisor *self)
{
    sigset_t set;
    supervisor_signals(self, &set);
    pthread_sigmask(SIG_BLOCK, &set, &self->mask);
    self->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    self->said_fd = cairn__processes_listen(self->name, sizeof(self->name));
    self->processes = cairn_alloc_zero(self->count * sizeof(*self->processes));
    if (self->signal_fd >= 0 && self->said_fd >= 0 && self->processes)
        return true;
    fputs("http_server: the processes cannot be watched\n", stderr);
    return false;
}

static void supervisor_close(struct supervisor *self)
{
    if (self->signal_fd >= 0)
        close(self->signal_fd);
    if (self->said_fd >= 0)
        close(self->said_fd);
    cairn_free(self->processes);
    pthread_sigmask(SIG_SETMASK, &self->mask, NULL);
}

int cairn__supervise(struct cairn_http_server *server, unsigned count)
{
    const struct cairn_http_server_options *options = cairn__server_options(server);
    struct supervisor self = {.server = server,
        .count = count,
        .workers = options->workers / count,
        .quiet_ms = options->no_watchdog ? 0 : 2 * options->hang_ms,
        .notify_ms = cairn__watchdog_granted_ns() / 4000000,
        .status = 1};
    if (supervisor_open(&self)) {
        self.status = 0;
        supervisor_run(&self);
    }
    supervisor_close(&self);
    return self.status;
}
