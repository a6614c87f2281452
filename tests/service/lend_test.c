#include <cairn/service/lend.h>

#include "fixture.h"

#include <cairn/service/call.h>

/* A borrower that keeps what it borrows: the owner is part of the layer, for the suite's sake. */
struct owner {
    struct cairn_service base;
    struct cairn_service *owned;
    struct cairn_service *loan;
};

static enum cairn_poll owner_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    return cairn_service_poll_ready(((struct owner *)base)->loan, cx, error);
}

static struct cairn_future owner_call(struct cairn_service *base, void *req)
{
    return cairn_service_call(((struct owner *)base)->loan, req);
}

static void owner_release(struct cairn_service *base)
{
    cairn_service_release(((struct owner *)base)->loan);
}

static void owner_drop(struct cairn_service *base)
{
    cairn_service_drop(((struct owner *)base)->loan);
    cairn_service_drop(((struct owner *)base)->owned);
}

static struct cairn_service *owner_apply(void *cx, struct cairn_service *inner)
{
    static const struct cairn_service_ops ops = {.name = "owner",
        .size = sizeof(struct owner),
        .poll_ready = owner_poll_ready,
        .call = owner_call,
        .release = owner_release,
        .drop = owner_drop,
        .not_cloneable = true};
    struct cairn_service *loan = cairn_lend(inner);
    struct owner *self = cairn_service_error(loan) ? NULL : cairn_service_new(&ops, NULL);
    (void)cx;
    if (!self) {
        cairn_service_drop(loan);
        cairn_service_drop(inner);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    self->base.request_type = loan->request_type;
    self->base.response_type = loan->response_type;
    self->owned = inner;
    self->loan = loan;
    return &self->base;
}

static void loan_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_layer_fn("lend", owner_apply, NULL);
    (void)state;
    cairn_contract_check(&layer);
}

static void lent_service_is_the_owners_again_after_the_loan_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_future future =
        cairn_service_oneshot(cairn_lend(f->service), cairn_test_value_new(1));
    assert_pending(f, &future);
    fixture_respond(f, 1, 10);
    assert_response(f, &future, 10);
    future = fixture_send(f, f->service, 2);
    fixture_respond(f, 2, 20);
    assert_response(f, &future, 20);
    assert_int_equal(cairn_mock_counts(f->mock).clones, 0);
}

static void dropping_the_loan_gives_its_reservation_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *loan = cairn_lend(f->service);
    assert_int_equal(fixture_ready(f, loan), CAIRN_READY);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    cairn_service_drop(loan);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).services, 1);
}

static void futures_of_calls_outlive_the_loan(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *loan = cairn_lend(f->service);
    struct cairn_future future = fixture_send(f, loan, 1);
    cairn_service_drop(loan);
    fixture_respond(f, 1, 10);
    assert_response(f, &future, 10);
}

static void loan_cannot_be_cloned_and_shows_what_is_lent(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *echo = cairn_test_echo(NULL);
    struct cairn_service *loan = cairn_lend(echo);
    (void)f;
    assert_false(cairn_service_is_cloneable(loan));
    assert_ptr_equal(loan->request_type, &cairn_test_value_type);
    assert_ptr_equal(loan->response_type, &cairn_test_value_type);
    assert_printed(loan, "lend\n  echo\n");
    cairn_service_drop(loan);
    cairn_service_drop(echo);
}

static void loan_of_a_broken_service_is_broken_with_the_reason(void **state)
{
    struct cairn_service *broken =
        cairn_service_broken(cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "broken before"));
    (void)state;
    assert_broken(cairn_lend(broken), CAIRN_ERROR_USER, "broken before");
    cairn_service_drop(broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loan_keeps_the_service_contract),
        fixture_test(lent_service_is_the_owners_again_after_the_loan_is_dropped),
        fixture_test(dropping_the_loan_gives_its_reservation_back),
        fixture_test(futures_of_calls_outlive_the_loan),
        fixture_test(loan_cannot_be_cloned_and_shows_what_is_lent),
        fixture_test(loan_of_a_broken_service_is_broken_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
