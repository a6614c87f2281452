#include <cairn/testkit/clock.h>

#include <cairn/service/assert.h>

enum { CLOCK_MAX_TURNS = 1000000 };

static uint64_t clock_now_ns(const struct cairn_clock *clock)
{
    const struct cairn_test_clock *self = (const struct cairn_test_clock *)(const void *)clock;

    return self->now_ns;
}

void cairn_test_clock_init(struct cairn_test_clock *clock)
{
    clock->clock.now_ns = clock_now_ns;
    clock->now_ns = UINT64_C(1000000000);
}

struct cairn_runtime *cairn_test_runtime_new(struct cairn_test_clock *clock)
{
    struct cairn_runtime_options opts = {.clock = &clock->clock};
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime;

    cairn_test_clock_init(clock);
    runtime = cairn_runtime_new(&opts, &error);
    if (!runtime) {
        char text[256];

        cairn_assert_failed(__FILE__, __LINE__, "cairn_test_runtime_new",
            cairn_error_format(error, text, sizeof(text)));
    }
    return runtime;
}

void cairn_test_clock_advance_ms(
    struct cairn_test_clock *clock, struct cairn_runtime *runtime, uint64_t ms)
{
    clock->now_ns += ms * UINT64_C(1000000);
    if (runtime)
        cairn_test_settle(runtime);
}

void cairn_test_settle(struct cairn_runtime *runtime)
{
    unsigned turns = 0;

    while (cairn_runtime_turn(runtime))
        CAIRN_ASSERT(++turns < CLOCK_MAX_TURNS, "cairn_test_settle", "a task never comes to rest");
}
