#include <cairn/http/server/signals.h>

#include <cairn/http/server/worker.h>

/* The last two only where the user has something to do on them. */
static const int signals_numbers[CAIRN__SIGNALS] = {SIGTERM, SIGINT, SIGUSR2, SIGHUP, SIGUSR1};

static size_t signals_count(const struct cairn_http_server_options *options)
{
    return options->on_signal ? CAIRN__SIGNALS : CAIRN__SIGNALS - 2;
}

static void signals_mask(const struct cairn_http_server_options *options, int how, sigset_t *before)
{
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < signals_count(options); i++)
        sigaddset(&mask, signals_numbers[i]);
    pthread_sigmask(how, &mask, before);
}

void cairn__signals_hold(const struct cairn_http_server_options *options, sigset_t *mask)
{
    signals_mask(options, SIG_BLOCK, mask);
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
    } else if (number == SIGHUP || number == SIGUSR1) {
        self->options->on_signal(self->options->signal_cx, self->server, number);
    } else if (!self->is_draining) {
        self->is_draining = true;
        cairn_http_server_drain(self->server);
    } else {
        cairn__server_set_ended_by(self->server, number);
        cairn_http_server_stop(self->server);
    }
}

struct cairn_error *cairn__signals_open(struct cairn__signals *self,
    struct cairn_http_server *server, const struct cairn_http_server_options *options,
    struct cairn_runtime *runtime)
{
    struct cairn_error *error = NULL;
    *self = (struct cairn__signals){.server = server, .options = options};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < signals_count(options) && !error; i++) {
        self->entries[i].all = self;
        error = cairn_signal_open(
            &self->entries[i].signal, runtime, signals_numbers[i], signals_caught);
    }
    signals_mask(options, SIG_UNBLOCK, NULL);
    return error;
}

void cairn__signals_close(struct cairn__signals *self)
{
    for (size_t i = 0; i < CAIRN__SIGNALS; i++)
        cairn_signal_close(&self->entries[i].signal);
}
