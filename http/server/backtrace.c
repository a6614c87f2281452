#include <cairn/http/server/watchdog.h>

#include <errno.h>
#include <execinfo.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* Ignored unless it is caught: one that comes late does no harm. */
#define BACKTRACE_SIGNAL SIGURG
#define BACKTRACE_FRAMES 64

/* How long the answer is waited for. */
#define BACKTRACE_PATIENCE_MS 100

enum backtrace_state { BACKTRACE_IDLE, BACKTRACE_ASKED, BACKTRACE_WRITING };

static int backtrace_state; /* atomic */

static bool backtrace_move(int from, int to)
{
    return __atomic_compare_exchange_n(
        &backtrace_state, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* On the stuck thread, wherever it stands: only what is safe there. */
static void backtrace_on_signal(int number)
{
    void *frames[BACKTRACE_FRAMES];
    int error_number = errno;
    (void)number;
    if (backtrace_move(BACKTRACE_ASKED, BACKTRACE_WRITING)) {
        backtrace_symbols_fd(frames, backtrace(frames, BACKTRACE_FRAMES), STDERR_FILENO);
        backtrace_move(BACKTRACE_WRITING, BACKTRACE_IDLE);
    }
    errno = error_number;
}

bool cairn__backtrace_open(void)
{
    void *frame;
    struct sigaction before;
    struct sigaction action = {.sa_handler = backtrace_on_signal, .sa_flags = SA_RESTART};
    if (sigaction(BACKTRACE_SIGNAL, NULL, &before) != 0)
        return false;
    if (before.sa_handler == backtrace_on_signal)
        return true;
    if (before.sa_handler != SIG_DFL)
        return false;
    backtrace(&frame, 1); /* the first one loads a library, which a handler must not */
    sigemptyset(&action.sa_mask);
    return sigaction(BACKTRACE_SIGNAL, &action, NULL) == 0;
}

void cairn__backtrace_allow(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, BACKTRACE_SIGNAL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void cairn__backtrace_ask(pthread_t thread)
{
    if (!backtrace_move(BACKTRACE_IDLE, BACKTRACE_ASKED))
        return; /* another one still writes */
    pthread_kill(thread, BACKTRACE_SIGNAL);
    for (int i = 0; i < BACKTRACE_PATIENCE_MS; i++) {
        if (__atomic_load_n(&backtrace_state, __ATOMIC_ACQUIRE) == BACKTRACE_IDLE)
            return;
        poll(NULL, 0, 1);
    }
    backtrace_move(BACKTRACE_ASKED, BACKTRACE_IDLE); /* it has blocked the signal */
}
