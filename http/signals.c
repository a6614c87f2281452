#include <cairn/http/signals.h>

#include <signal.h>

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
    static const int numbers[CAIRN__SIGNALS] = {SIGTERM, SIGINT, SIGUSR2};
    struct cairn_error *error = NULL;
    *self = (struct cairn__signals){.server = server};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < CAIRN__SIGNALS && !error; i++) {
        self->entries[i].all = self;
        error = cairn_signal_open(&self->entries[i].signal, runtime, numbers[i], signals_caught);
    }
    return error;
}

void cairn__signals_close(struct cairn__signals *self)
{
    for (size_t i = 0; i < CAIRN__SIGNALS; i++)
        cairn_signal_close(&self->entries[i].signal);
}
