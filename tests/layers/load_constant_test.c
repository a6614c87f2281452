#include <cairn/layers/load_constant.h>

#include "fixture.h"

#include <cairn/layers/pending_requests.h>
#include <cairn/testkit/contract.h>

static void load_constant_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_load_constant(1.5);
    (void)state;
    cairn_contract_check(&layer);
}

static void load_is_the_same_whatever_is_pending(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_constant(1.5));
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_true(cairn_load_of(s) == 1.5);
    assert_true(cairn_load_of(copy) == 1.5);
    cairn_future_drop(&future);
    cairn_service_drop(s);
    cairn_service_drop(copy);
}

static void it_hides_the_load_of_what_is_inside(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        cairn_stack(cairn_mock_service(f->mock), cairn_load_constant(-3), cairn_pending_requests());
    assert_true(cairn_load_of(s) == -3);
    cairn_service_drop(s);
}

static void answer_at_once_passes_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_load_constant(1), fixture_plain_echo());
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void it_is_described_with_its_load(void **state)
{
    struct fixture *f = *state;
    char text[64] = "";
    struct cairn_service *s = fixture_apply(cairn_load_constant(0.25), fixture_plain_echo());
    FILE *out = fmemopen(text, sizeof(text), "w");
    (void)f;
    assert_non_null(out);
    cairn_stack_print(s, out);
    fclose(out);
    assert_memory_equal(text, "load_constant(load=0.25)", 24);
    cairn_service_drop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_constant_keeps_the_service_contract),
        fixture_test(load_is_the_same_whatever_is_pending),
        fixture_test(it_hides_the_load_of_what_is_inside),
        fixture_test(answer_at_once_passes_without_memory),
        fixture_test(it_is_described_with_its_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
