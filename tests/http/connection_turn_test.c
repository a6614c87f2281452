/* How streams share a turn of the loop, on a clock that each step takes half a millisecond of. */
#include <cairn/http/connection/connection_output.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/http/server/worker.h>
#include <cairn/service/error.h>
#include <cairn/service/runtime.h>

#define STEP_NS 500000
#define STREAMS 8

static uint64_t now_ns;
static struct cairn__worker worker;
static struct cairn__connection connection = {.worker = &worker};
static unsigned steps[STREAMS]; /* of each stream */

static uint64_t test_now_ns(const struct cairn_clock *clock)
{
    (void)clock;
    return now_ns;
}

static int begin(void **state)
{
    static const struct cairn_clock clock = {test_now_ns};
    const struct cairn_runtime_options options = {.clock = &clock};
    struct cairn_error *error = NULL;
    (void)state;
    worker = (struct cairn__worker){
        .connection_count = 4000, .runtime = cairn_runtime_new(&options, &error)};
    memset(steps, 0, sizeof(steps));
    return worker.runtime ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    cairn_runtime_free(worker.runtime);
    return 0;
}

/* COUNT streams want to go on, in their order. Returns how many do. */
static unsigned step_all(unsigned count)
{
    unsigned gone_on = 0;
    for (unsigned i = 0; i < count; i++) {
        worker.turn_bytes = 0;
        if (cairn__connection_turn_is_over(&connection))
            continue;
        steps[i]++;
        gone_on++;
        now_ns += STEP_NS;
    }
    return gone_on;
}

/* The same in a new turn of the loop. */
static unsigned turn(unsigned count)
{
    now_ns += STEP_NS;
    cairn_runtime_turn(worker.runtime);
    return step_all(count);
}

static void few_streams_go_on_in_each_turn(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(turn(3), 3);
}

static void many_have_a_millisecond_of_a_turn(void **state)
{
    (void)state;
    assert_int_equal(turn(STREAMS), 3);
}

static void the_next_turn_is_of_those_who_had_to_wait(void **state)
{
    (void)state;
    assert_int_equal(turn(STREAMS), 3);
    assert_int_equal(turn(STREAMS), 3);
    assert_int_equal(turn(STREAMS), 2); /* to the last of them */
    for (int i = 0; i < STREAMS; i++)
        assert_int_equal(steps[i], 1);
    assert_int_equal(turn(STREAMS), 3);
    assert_int_equal(steps[0], 2);
}

static void all_go_on_again_when_those_have_left(void **state)
{
    (void)state;
    assert_int_equal(turn(STREAMS), 3);
    assert_int_equal(turn(3), 0);
    assert_int_equal(turn(3), 3);
}

/* What else took long before the first of them takes nothing from them. */
static void a_turn_that_is_late_already_has_the_same_millisecond(void **state)
{
    (void)state;
    cairn_runtime_turn(worker.runtime);
    (void)cairn_runtime_now_ns(worker.runtime);
    now_ns += 20 * STEP_NS;
    assert_int_equal(step_all(STREAMS), 3);
}

static void who_has_begun_has_its_share(void **state)
{
    (void)state;
    assert_int_equal(turn(STREAMS), 3);
    worker.turn_bytes = 131072;
    assert_false(cairn__connection_turn_is_over(&connection));
    worker.turn_bytes = 131073;
    assert_true(cairn__connection_turn_is_over(&connection));
    worker.connection_count = 15;
    worker.turn_bytes = 524288;
    assert_false(cairn__connection_turn_is_over(&connection));
    worker.turn_bytes = 524289;
    assert_true(cairn__connection_turn_is_over(&connection));
    worker.connection_count = 1;
    worker.turn_bytes = 1048577;
    assert_true(cairn__connection_turn_is_over(&connection));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(few_streams_go_on_in_each_turn, begin, end),
        cmocka_unit_test_setup_teardown(many_have_a_millisecond_of_a_turn, begin, end),
        cmocka_unit_test_setup_teardown(the_next_turn_is_of_those_who_had_to_wait, begin, end),
        cmocka_unit_test_setup_teardown(all_go_on_again_when_those_have_left, begin, end),
        cmocka_unit_test_setup_teardown(
            a_turn_that_is_late_already_has_the_same_millisecond, begin, end),
        cmocka_unit_test_setup_teardown(who_has_begun_has_its_share, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
