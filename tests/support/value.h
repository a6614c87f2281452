/* value.h - a request and response for tests: a number in a block of its own, each of which is
 * counted. */
#ifndef CAIRN_TESTKIT_VALUE_H
#define CAIRN_TESTKIT_VALUE_H

#include <stddef.h>

#include <cairn/service/type.h>

CAIRN_BEGIN_DECLS

/* Using or dropping a value that was dropped already is an assertion, and so is one that is no
 * value. */
struct cairn_test_value;

/* Clonable; named "test.value". */
CAIRN_API extern const struct cairn_type cairn_test_value_type;
/* The same values under a type that cannot be cloned; named "test.fixed". */
CAIRN_API extern const struct cairn_type cairn_test_fixed_type;

/* Returns a value owned by the caller, or NULL without memory. */
CAIRN_API struct cairn_test_value *cairn_test_value_new(int number);
/* Takes VALUE. NULL: nothing. */
CAIRN_API void cairn_test_value_drop(void *value);

/* The number; VALUE is borrowed. */
CAIRN_API int cairn_test_value_number(const void *value);
CAIRN_API void cairn_test_value_set(void *value, int number);
/* The number. Takes VALUE. */
CAIRN_API int cairn_test_value_take(void *value);

/* Values that exist, on all threads, and clones made since the program began. */
CAIRN_API size_t cairn_test_value_live(void);
CAIRN_API size_t cairn_test_value_clones(void);

CAIRN_END_DECLS

#endif
