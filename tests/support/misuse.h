/* misuse.h - catches an assertion, so that a test can prove that misuse is noticed. */
#ifndef CAIRN_TESTKIT_MISUSE_H
#define CAIRN_TESTKIT_MISUSE_H

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

/*
 * Runs F(CX). Returns NULL when it comes to its end, or "SUBJECT: MESSAGE" of the assertion that it
 * was left by, owned by the kit until the next call. What F held then is lost, as with any longjmp:
 * have it hold nothing, or keep it where the test can give it back. One thread at a time.
 */
CAIRN_API const char *cairn_test_misuse(void (*f)(void *cx), void *cx);

CAIRN_END_DECLS

#endif
