/* alloc.h - an allocator that knows every live block, and one that fails when it is told to. */
#ifndef CAIRN_TESTKIT_ALLOC_H
#define CAIRN_TESTKIT_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/alloc.h>

CAIRN_BEGIN_DECLS

/*
 * Between begin and end all memory of cairn, and of libevent, is traced. Blocks that were there
 * before begin may be freed in between; what is allocated in between must be freed in between. So a
 * runtime, which keeps boxes for later, is made and freed inside.
 *
 * New memory is full of bytes that are no zeros, so that what reads it too early shows. All of it
 * may be used from any thread; begin and end, which do not nest, from one.
 */
CAIRN_API void cairn_test_alloc_begin(void);
/*
 * Asserts that nothing is live: a leak of one byte prints each block's size and which allocation it
 * was, and fails. In the teardown of a test that an assertion has left early, the leak is what came
 * of that: with cmocka, CMOCKA_TEST_ABORT=1 shows the assertion.
 */
CAIRN_API void cairn_test_alloc_end(void);

/* The two as cmocka's setup and teardown of a test: cmocka_unit_test_setup_teardown(f,
 * cairn_test_alloc_setup, cairn_test_alloc_teardown). */
CAIRN_API int cairn_test_alloc_setup(void **state);
CAIRN_API int cairn_test_alloc_teardown(void **state);

/* Blocks and bytes that are live, and allocations made since begin (a resize is one). */
CAIRN_API size_t cairn_test_alloc_live(void);
CAIRN_API size_t cairn_test_alloc_bytes(void);
CAIRN_API size_t cairn_test_alloc_count(void);

/* Has the N-th allocation from now, counted from 1, fail: that one only. 0: none. */
CAIRN_API void cairn_test_alloc_fail_at(size_t n);
/* Whether the one that cairn_test_alloc_fail_at announced has failed. */
CAIRN_API bool cairn_test_alloc_has_failed(void);

/* While IS_EXEMPT, the calling thread's allocations neither fail nor count; they are traced all the
 * same. For what a scenario sets up and does not test. */
CAIRN_API void cairn_test_alloc_exempt(bool is_exempt);

/*
 * Runs SCENARIO(CX) with allocation 1, 2, 3 … failing, each run between a begin and an end of its
 * own, until a run comes to its end with none failing. Returns how many allocations that run made.
 */
CAIRN_API size_t cairn_test_each_allocation(void (*scenario)(void *cx), void *cx);

CAIRN_END_DECLS

#endif
