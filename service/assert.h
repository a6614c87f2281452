/* assert.h - assertions that stay on: a caller's mistake ends the program with a sentence. */
#ifndef CAIRN_SERVICE_ASSERT_H
#define CAIRN_SERVICE_ASSERT_H

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

/*
 * Prints "cairn: SUBJECT: MESSAGE" and the place on standard error, then aborts. SUBJECT is the
 * layer, future or function whose contract was broken, so that the reader knows where to look.
 *
 * A test may replace the abort with cairn_assert_catch; nothing else should.
 */
CAIRN_API
#if defined(__GNUC__)
__attribute__((noreturn, cold))
#endif
void cairn_assert_failed(const char *file, int line, const char *subject, const char *message);

/*
 * Has HANDLER called in place of the abort (NULL: abort again). HANDLER must not return: it leaves
 * by longjmp or ends the process. For tests of misuse only.
 */
CAIRN_API void cairn_assert_catch(void (*handler)(const char *subject, const char *message));

#define CAIRN_ASSERT(condition, subject, message)                      \
    do {                                                               \
        if (CAIRN_UNLIKELY(!(condition)))                              \
            cairn_assert_failed(__FILE__, __LINE__, subject, message); \
    } while (0)

CAIRN_END_DECLS

#endif
