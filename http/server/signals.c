#include <cairn/http/server/signals.h>

static const int signals_numbers[CAIRN__SIGNALS] = {SIGTERM, SIGINT, SIGUSR2};

static void signals_mask(int how, sigset_t *before)
{
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < CAIRN__SIGNALS; i++)
        sigaddset(&mask, signals_numbers[i]);
    pthread_sigmask(how, &mask, before);
}

void cairn__signals_hold(sigset_t *mask)
{
    signals_mask(SIG_BLOCK, mask);
}

static void signals_only_pipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

void cairn__signals_hold_pipe(sigset_t *mask)
{
    sigset_t pipe;
    signals_only_pipe(&pipe);
    pthread_sigmask(SIG_BLOCK, &pipe, mask);
}

void cairn__signals_restore(const sigset_t *mask)
{
    static const struct timespec at_once = {0, 0};
    sigset_t pipe;
    signals_only_pipe(&pipe);
    if (!sigismember(mask, SIGPIPE))
        sigtimedwait(&pipe, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, mask, NULL);
}

static void signals_caught(struct cairn_signal *signal_, int number)
{
    struct cairn__signals *self = ((struct cairn__signal_entry *)signal_)->all;
    if (number == SIGUSR2) {
        cairn_http_server_print(self->server, stderr);
    } else if (!self->is_draining) {
        self->is_draining = true;
        cairn_http_server_drain(self->server);
    } else {
        cairn_http_server_stop(self->server);
    }
}

struct cairn_error *cairn__signals_open(
    struct cairn__signals *self, struct cairn_http_server *server, struct cairn_runtime *runtime)
{
    struct cairn_error *error = NULL;
    *self = (struct cairn__signals){.server = server};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < CAIRN__SIGNALS && !error; i++) {
        self->entries[i].all = self;
        error = cairn_signal_open(
            &self->entries[i].signal, runtime, signals_numbers[i], signals_caught);
    }
    signals_mask(SIG_UNBLOCK, NULL);
    return error;
}

void cairn__signals_close(struct cairn__signals *self)
{
    for (size_t i = 0; i < CAIRN__SIGNALS; i++)
        cairn_signal_close(&self->entries[i].signal);
}
