#include <cairn/service/assert.h>

#include <stdio.h>
#include <stdlib.h>

static void (*catcher)(const char *subject, const char *message);

void cairn_assert_catch(void (*handler)(const char *subject, const char *message))
{
    catcher = handler;
}

void cairn_assert_failed(const char *file, int line, const char *subject, const char *message)
{
    if (catcher)
        catcher(subject, message);
    fprintf(stderr, "cairn: %s: %s (%s:%d)\n", subject, message, file, line);
    abort();
}
