#include <cairn/service/future_service.h>

#include "fixture.h"

#include <cairn/service/future.h>
#include <cairn/service/make_service.h>

/* Gives its service when the test lets it. */
struct door {
    bool is_open;
    struct cairn_waker waker;
    struct cairn_error *error;
    struct cairn_service *service;
};

struct door_future {
    struct door *door;
};

static enum cairn_poll door_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct door *door = ((struct door_future *)state)->door;
    if (!door->is_open) {
        cairn_waker_set(&door->waker, cx);
        return CAIRN_PENDING;
    }
    if (door->error) {
        out->error = door->error;
        return CAIRN_FAILED;
    }
    out->value = door->service;
    door->service = NULL;
    return CAIRN_READY;
}

static void door_drop(void *state)
{
    struct door *door = ((struct door_future *)state)->door;
    cairn_waker_clear(&door->waker);
    cairn_service_drop(door->service);
    door->service = NULL;
}

static struct cairn_service *behind(struct door *door)
{
    static const struct cairn_future_ops ops = {
        .name = "door", .size = sizeof(struct door_future), .poll = door_poll, .drop = door_drop};
    return cairn_future_service(cairn_future_box(&ops, &(struct door_future){door}),
        &cairn_test_value_type, &cairn_test_value_type);
}

static void door_open(struct door *door)
{
    door->is_open = true;
    cairn_wake(&door->waker);
}

/* The mock's service behind a door. */
static void put_behind(struct fixture *f, struct door *door)
{
    door->service = f->service;
    f->service = behind(door);
    assert_null(cairn_service_error(f->service));
}

static struct cairn_service *apply_complete(void *cx, struct cairn_service *inner)
{
    (void)cx;
    return cairn_future_service(
        cairn_future_ready(inner), inner->request_type, inner->response_type);
}

static struct cairn_service *apply_boxed(void *cx, struct cairn_service *inner)
{
    const struct cairn_type *request = inner->request_type;
    const struct cairn_type *response = inner->response_type;
    (void)cx;
    return cairn_future_service(
        cairn_future_ready_of(&cairn_service_type, inner), request, response);
}

static void future_service_keeps_the_service_contract(void **state)
{
    const struct cairn_layer complete = cairn_layer_fn("future_service", apply_complete, NULL);
    const struct cairn_layer boxed = cairn_layer_fn("future_service", apply_boxed, NULL);
    (void)state;
    cairn_contract_check(&complete);
    cairn_contract_check(&boxed);
}

static void T145_printed_it_tells_whether_it_is_still_a_future(void **state)
{
    struct fixture *f = *state;
    struct door door = {.service = cairn_test_echo(NULL)};
    struct cairn_service *s = behind(&door);
    assert_printed(s, "future_service(state=future)\n");
    assert_int_equal(fixture_ready(f, s), CAIRN_PENDING);
    assert_printed(s, "future_service(state=future)\n");
    door_open(&door);
    assert_int_equal(fixture_ready(f, s), CAIRN_READY);
    assert_printed(s, "future_service(state=service)\necho\n");
    cairn_service_drop(s);
}

static void readiness_drives_the_future_and_then_the_service(void **state)
{
    struct fixture *f = *state;
    struct door door = {0};
    put_behind(f, &door);
    cairn_mock_allow(f->mock, 0);
    assert_int_equal(fixture_ready(f, f->service), CAIRN_PENDING);
    door_open(&door);
    assert_true(cairn_harness_is_woken(&f->harness));
    assert_int_equal(fixture_ready(f, f->service), CAIRN_PENDING);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->harness));
    struct cairn_future future = fixture_send(f, f->service, 1);
    fixture_respond(f, 1, 10);
    assert_response(f, &future, 10);
}

static void failure_of_the_future_is_that_of_its_readiness(void **state)
{
    struct fixture *f = *state;
    struct door door = {.is_open = true};
    door.error = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "test", NULL, "no way in");
    struct cairn_service *s = behind(&door);
    assert_dead(f, s, "no way in");
    cairn_service_drop(s);
}

static void service_that_does_not_fit_fails_its_readiness(void **state)
{
    struct fixture *f = *state;
    struct door door = {.is_open = true, .service = cairn_test_echo(&cairn_test_fixed_type)};
    struct cairn_service *s = behind(&door);
    assert_dead(f, s,
        "needs a service from test.value to test.value, got one from test.fixed to test.fixed "
        "(echo)");
    cairn_service_drop(s);
}

static void broken_service_or_none_fails_its_readiness(void **state)
{
    struct fixture *f = *state;
    struct door door = {.is_open = true};
    door.service =
        cairn_service_broken(cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "broken before"));
    struct cairn_service *s = behind(&door);
    assert_dead(f, s, "broken before");
    cairn_service_drop(s);
    s = behind(&door);
    assert_dead(f, s, cairn_error_no_memory.message);
    cairn_service_drop(s);
}

static void dropping_it_gives_the_future_up_and_releasing_does_not(void **state)
{
    struct fixture *f = *state;
    struct door door = {0};
    put_behind(f, &door);
    assert_int_equal(fixture_ready(f, f->service), CAIRN_PENDING);
    cairn_service_release(f->service);
    assert_non_null(door.service);
    cairn_service_drop(f->service);
    f->service = NULL;
    assert_null(door.service);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void can_be_cloned_once_it_has_its_service(void **state)
{
    struct fixture *f = *state;
    struct door door = {0};
    put_behind(f, &door);
    assert_false(cairn_service_is_cloneable(f->service));
    door_open(&door);
    assert_int_equal(fixture_ready(f, f->service), CAIRN_READY);
    struct cairn_service *copy = cairn_service_clone(f->service);
    assert_non_null(copy);
    struct cairn_future future = fixture_send(f, copy, 1);
    fixture_respond(f, 1, 10);
    assert_response(f, &future, 10);
    cairn_service_drop(copy);
}

static void complete_future_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    f->service = cairn_future_service(
        cairn_future_ready(f->service), &cairn_test_value_type, &cairn_test_value_type);
    assert_true(cairn_service_is_cloneable(f->service));
    struct cairn_future future = fixture_send(f, f->service, 1);
    fixture_respond(f, 1, 10);
    assert_response(f, &future, 10);
}

struct called {
    struct cairn_service *service;
    void *req;
};

static void call_it(void *cx)
{
    struct called *called = cx;
    struct cairn_future future = cairn_service_call(called->service, called->req);
    cairn_future_drop(&future);
}

static void call_before_it_has_its_service_is_an_assertion(void **state)
{
    struct fixture *f = *state;
    struct door door = {0};
    put_behind(f, &door);
    struct called called = {f->service, NULL};
    assert_string_equal(
        cairn_test_misuse(call_it, &called), "future_service: called without having been ready");
    cairn_service_drop(f->service);
    f->service = NULL;
}

static void without_memory_it_is_broken_and_drops_the_future(void **state)
{
    struct fixture *f = *state;
    struct door door = {.service = f->service};
    struct cairn_service *echo = cairn_test_echo(NULL);
    cairn_test_alloc_fail_at(2); /* the first is the future's box */
    assert_broken(behind(&door), CAIRN_ERROR_MEMORY, cairn_error_no_memory.message);
    f->service = NULL;
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    cairn_test_alloc_fail_at(1);
    assert_broken(cairn_future_service(cairn_future_ready(echo), NULL, NULL), CAIRN_ERROR_MEMORY,
        cairn_error_no_memory.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(future_service_keeps_the_service_contract),
        fixture_test(T145_printed_it_tells_whether_it_is_still_a_future),
        fixture_test(readiness_drives_the_future_and_then_the_service),
        fixture_test(failure_of_the_future_is_that_of_its_readiness),
        fixture_test(service_that_does_not_fit_fails_its_readiness),
        fixture_test(broken_service_or_none_fails_its_readiness),
        fixture_test(dropping_it_gives_the_future_up_and_releasing_does_not),
        fixture_test(can_be_cloned_once_it_has_its_service),
        fixture_test(complete_future_is_not_waited_for),
        fixture_test(call_before_it_has_its_service_is_an_assertion),
        fixture_test(without_memory_it_is_broken_and_drops_the_future),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
