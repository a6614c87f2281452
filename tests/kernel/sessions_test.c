/* Sessions out of seeds. CAIRN_KERNEL_SESSIONS: how many; CAIRN_KERNEL_SEED: the first, and with
 * CAIRN_KERNEL_TRACE what happens in it is told. */
#include "session.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SESSIONS 25000
/* Of real time, which is for a session that never comes to its end. */
#define SESSIONS_LONGEST_S 20

static unsigned long sessions_number(const char *name, unsigned long fallback)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : fallback;
}

static unsigned long first_seed;

static char session_name[64];

static void sessions_too_long(int number)
{
    static const char text[] = " never comes to its end\n";
    (void)number;
    (void)!write(STDERR_FILENO, session_name, strlen(session_name));
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    abort();
}

static void every_session_ends_as_it_should(void **state)
{
    unsigned long first = sessions_number("CAIRN_KERNEL_SEED", first_seed);
    unsigned long count = sessions_number("CAIRN_KERNEL_SESSIONS", SESSIONS);
    (void)state;
    signal(SIGALRM, sessions_too_long);
    for (unsigned long seed = first; seed < first + count; seed++) {
        struct chance chance = chance_of_seed(seed);
        snprintf(session_name, sizeof(session_name), "seed %lu", seed);
        alarm(SESSIONS_LONGEST_S);
        session_run(&chance, session_name);
    }
    const struct session_sums *s = &session_sums;
    printf("%lu sessions: %lu connections, %lu requests, %lu responses, %lu refused, %lu failed, "
           "%lu cancelled, %lu timeouts, %lu waited, %lu pauses\n",
        s->sessions, s->connections, s->requests, s->responses, s->refused, s->failed, s->cancelled,
        s->timeouts, s->waited, s->pauses);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_session_ends_as_it_should)};
    first_seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
