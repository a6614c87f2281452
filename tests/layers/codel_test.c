#include <cairn/layers/codel.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct cairn__codel codel(void)
{
    return (struct cairn__codel){.target_ms = 5, .interval_ms = 100};
}

static void short_waits_are_never_dropped(void **state)
{
    struct cairn__codel c = codel();
    (void)state;
    for (uint64_t now_ms = 0; now_ms < 10000; now_ms++)
        assert_false(cairn__codel_drops(&c, 4, false, now_ms));
}

static void burst_that_is_over_within_an_interval_is_not_dropped(void **state)
{
    struct cairn__codel c = codel();
    (void)state;
    for (uint64_t now_ms = 1000; now_ms < 10000; now_ms += 100) {
        assert_false(cairn__codel_drops(&c, 50, false, now_ms));
        assert_false(cairn__codel_drops(&c, 50, false, now_ms + 99));
        assert_false(cairn__codel_drops(&c, 1, false, now_ms + 99));
    }
}

static void waits_over_the_target_for_an_interval_begin_to_be_dropped(void **state)
{
    struct cairn__codel c = codel();
    (void)state;
    assert_false(cairn__codel_drops(&c, 5, false, 1000));
    assert_false(cairn__codel_drops(&c, 5, false, 1099));
    assert_true(cairn__codel_drops(&c, 5, false, 1100));
    assert_false(cairn__codel_drops(&c, 5, false, 1100));
    assert_false(cairn__codel_drops(&c, 5, false, 1199));
    assert_true(cairn__codel_drops(&c, 5, false, 1200));
}

static void drops_come_closer_together_by_the_square_root_of_their_number(void **state)
{
    static const uint64_t expected[] = {1100, 1200, 1271, 1329, 1379, 1424};
    struct cairn__codel c = codel();
    size_t count = 0;
    (void)state;
    for (uint64_t now_ms = 1000; count < 6; now_ms++)
        if (cairn__codel_drops(&c, 50, false, now_ms)) {
            assert_in_range(now_ms, expected[count] - 3, expected[count] + 3);
            count++;
        }
}

static void last_one_that_waits_is_not_dropped_and_ends_dropping(void **state)
{
    struct cairn__codel c = codel();
    (void)state;
    cairn__codel_drops(&c, 50, false, 1000);
    assert_true(cairn__codel_drops(&c, 50, false, 1100));
    assert_false(cairn__codel_drops(&c, 5000, true, 5000));
    assert_false(cairn__codel_drops(&c, 50, false, 5001));
    assert_false(cairn__codel_drops(&c, 50, false, 5100));
    assert_true(cairn__codel_drops(&c, 50, false, 5101));
}

static void queue_that_fills_again_soon_is_dropped_from_at_the_old_pace(void **state)
{
    struct cairn__codel c = codel();
    uint64_t now_ms = 1000;
    (void)state;
    for (int dropped = 0; dropped < 9; now_ms++)
        dropped += cairn__codel_drops(&c, 50, false, now_ms);
    assert_false(cairn__codel_drops(&c, 1, false, now_ms));
    cairn__codel_drops(&c, 50, false, now_ms);
    now_ms += 100;
    assert_true(cairn__codel_drops(&c, 50, false, now_ms));
    assert_true(c.count > 5);
    assert_true(c.next_ms - now_ms < 50);
}

static void queue_that_fills_again_much_later_begins_at_the_start(void **state)
{
    struct cairn__codel c = codel();
    uint64_t now_ms = 1000;
    (void)state;
    for (int dropped = 0; dropped < 9; now_ms++)
        dropped += cairn__codel_drops(&c, 50, false, now_ms);
    assert_false(cairn__codel_drops(&c, 1, false, now_ms));
    now_ms += 10000;
    cairn__codel_drops(&c, 50, false, now_ms);
    assert_true(cairn__codel_drops(&c, 50, false, now_ms + 100));
    assert_int_equal(c.count, 1);
    assert_int_equal(c.next_ms, now_ms + 200);
}

static void shortest_interval_still_moves_on(void **state)
{
    struct cairn__codel c = {.target_ms = 1, .interval_ms = 1};
    unsigned dropped = 0;
    (void)state;
    for (uint64_t now_ms = 1; now_ms < 1000; now_ms++)
        dropped += cairn__codel_drops(&c, 50, false, now_ms);
    assert_in_range(dropped, 900, 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_waits_are_never_dropped),
        cmocka_unit_test(burst_that_is_over_within_an_interval_is_not_dropped),
        cmocka_unit_test(waits_over_the_target_for_an_interval_begin_to_be_dropped),
        cmocka_unit_test(drops_come_closer_together_by_the_square_root_of_their_number),
        cmocka_unit_test(last_one_that_waits_is_not_dropped_and_ends_dropping),
        cmocka_unit_test(queue_that_fills_again_soon_is_dropped_from_at_the_old_pace),
        cmocka_unit_test(queue_that_fills_again_much_later_begins_at_the_start),
        cmocka_unit_test(shortest_interval_still_moves_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
