#include <cairn/testkit/value.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

enum { VALUE_MARK = 0x56414c55, VALUE_DROPPED = 0x44454144 };

struct cairn_test_value {
    unsigned mark;
    int number;
};

static size_t value_live;
static size_t value_clones;

static void value_check(const struct cairn_test_value *value)
{
    CAIRN_ASSERT(value, "test.value", "NULL where a value was expected");
    CAIRN_ASSERT(value->mark != VALUE_DROPPED, "test.value", "used after it was dropped");
    CAIRN_ASSERT(value->mark == VALUE_MARK, "test.value", "this is no test value");
}

static void *value_clone(const void *value)
{
    __atomic_add_fetch(&value_clones, 1, __ATOMIC_RELAXED);
    return cairn_test_value_new(cairn_test_value_number(value));
}

const struct cairn_type cairn_test_value_type = {
    .name = "test.value", .clone = value_clone, .drop = cairn_test_value_drop};

const struct cairn_type cairn_test_fixed_type = {
    .name = "test.fixed", .drop = cairn_test_value_drop};

struct cairn_test_value *cairn_test_value_new(int number)
{
    struct cairn_test_value *value = cairn_alloc(sizeof(*value));

    if (!value)
        return NULL;
    value->mark = VALUE_MARK;
    value->number = number;
    __atomic_add_fetch(&value_live, 1, __ATOMIC_RELAXED);
    return value;
}

void cairn_test_value_drop(void *value)
{
    struct cairn_test_value *self = value;

    if (!self)
        return;
    value_check(self);
    self->mark = VALUE_DROPPED;
    __atomic_sub_fetch(&value_live, 1, __ATOMIC_RELAXED);
    cairn_free(self);
}

int cairn_test_value_number(const void *value)
{
    const struct cairn_test_value *self = value;

    value_check(self);
    return self->number;
}

void cairn_test_value_set(void *value, int number)
{
    struct cairn_test_value *self = value;

    value_check(self);
    self->number = number;
}

int cairn_test_value_take(void *value)
{
    int number = cairn_test_value_number(value);

    cairn_test_value_drop(value);
    return number;
}

size_t cairn_test_value_live(void)
{
    return __atomic_load_n(&value_live, __ATOMIC_RELAXED);
}

size_t cairn_test_value_clones(void)
{
    return __atomic_load_n(&value_clones, __ATOMIC_RELAXED);
}
