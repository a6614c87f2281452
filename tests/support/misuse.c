#include <cairn/testkit/misuse.h>

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>

#include <cairn/service/assert.h>

static jmp_buf misuse_place;
static char misuse_text[512];

static void misuse_caught(const char *subject, const char *message)
{
    snprintf(misuse_text, sizeof(misuse_text), "%s: %s", subject, message);
    longjmp(misuse_place, 1);
}

const char *cairn_test_misuse(void (*f)(void *cx), void *cx)
{
    misuse_text[0] = '\0';
    cairn_assert_catch(misuse_caught);
    if (setjmp(misuse_place) == 0)
        f(cx);
    cairn_assert_catch(NULL);
    return misuse_text[0] ? misuse_text : NULL;
}
