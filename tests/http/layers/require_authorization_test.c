#include "http_fixture.h"

#include <cairn/http/error_response.h>
#include <cairn/http/layers/require_authorization.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/sleep.h>

static struct cairn_error away = CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "test", "away");

/* By the first letter of the target: p passes, r is refused, m finds no memory, f fails. */
static struct cairn_future decide(void *cx, struct cairn_http_request *req)
{
    (void)cx;
    switch (req->path.data[1]) {
    case 'p':
        if (cairn_http_set_user(req, cairn_http_user_new(req, CAIRN_STR("ann"), NULL)))
            return cairn_future_failed(&cairn_error_no_memory);
        return cairn_future_ready(req);
    case 'r':
        return cairn_future_ready(cairn_http_problem(req, 403, "not you"));
    case 'f':
        return cairn_future_failed(&away);
    default:
        return cairn_future_ready(NULL);
    }
}

/* The same, 100 ms later. */
struct late {
    struct cairn_future sleep;
    struct cairn_http_request *req;
};

static enum cairn_poll late_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct late *self = state;
    enum cairn_poll p = cairn_future_poll(&self->sleep, cx, out);
    if (p)
        return p;
    struct cairn_future verdict = decide(NULL, self->req);
    return cairn_future_poll(&verdict, cx, out);
}

static void late_drop(void *state)
{
    cairn_future_drop(&((struct late *)state)->sleep);
}

static struct cairn_future decide_late(void *cx, struct cairn_http_request *req)
{
    static const struct cairn_future_ops ops = {
        .name = "late", .size = sizeof(struct late), .poll = late_poll, .drop = late_drop};
    (void)cx;
    return cairn_future_box(&ops, &(struct late){cairn_sleep(100), req});
}

static struct cairn_future pass_all(void *cx, struct cairn_http_request *req)
{
    (void)cx;
    return cairn_future_ready(req);
}

static struct cairn_future pass_all_late(void *cx, struct cairn_http_request *req)
{
    static const struct cairn_future_ops ops = {
        .name = "late", .size = sizeof(struct late), .poll = late_poll, .drop = late_drop};
    (void)cx;
    req->path = CAIRN_STR("/p");
    return cairn_future_box(&ops, &(struct late){cairn_sleep(100), req});
}

static struct cairn_http_response *greet(struct cairn_http_request *req, void *state)
{
    (void)state;
    const struct cairn_http_user *user = cairn_http_user(req);
    return cairn_http_text(req, 200, user ? user->name.data : "nobody");
}

static struct cairn_service *service_of(
    struct cairn_future (*authorize)(void *cx, struct cairn_http_request *req))
{
    return fixture_apply(
        cairn_require_authorization(.authorize = authorize), cairn_http_handler(greet, NULL));
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(
        cairn_require_authorization(.authorize = pass_all), (struct cairn_contract_options){0});
}

static void keeps_it_with_a_function_that_waits(void **state)
{
    (void)state;
    fixture_contract(cairn_require_authorization(.authorize = pass_all_late),
        (struct cairn_contract_options){.step_ms = 100});
}

static void passes_the_request_with_what_the_function_left_on_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(decide);
    struct cairn_http_response *res = fixture_ask(f, service, fixture_request(f, "/p"));
    assert_str(res->body, "ann");
    assert_int_equal(fixture_number(service, "passed"), 1);
    cairn_service_drop(service);
}

static void answers_with_the_functions_response(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_require_authorization(.authorize = decide));
    struct cairn_http_response *res = fixture_ask(f, service, fixture_request(f, "/r"));
    assert_int_equal(res->status, 403);
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(fixture_number(service, "refused"), 1);
    cairn_service_drop(service);
}

static void nothing_but_the_request_lets_a_request_in(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_require_authorization(.authorize = decide));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/memory"));
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    future = fixture_send(f, service, fixture_request(f, "/fails"));
    assert_ptr_equal(fixture_failure(f, &future), &away);
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(fixture_number(service, "failed"), 2);
    cairn_service_drop(service);
}

static void waits_for_the_function_and_then_passes_or_answers(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(decide_late);
    struct cairn_future pass = fixture_send(f, service, fixture_request(f, "/p"));
    struct cairn_future refuse = fixture_send(f, service, fixture_request(f, "/r"));
    struct cairn_future fail = fixture_send(f, service, fixture_request(f, "/f"));
    assert_pending(f, &pass);
    assert_pending(f, &refuse);
    assert_pending(f, &fail);
    assert_int_equal(fixture_number(service, "waiting"), 3);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    assert_str(fixture_response(f, &pass)->body, "ann");
    assert_int_equal(fixture_response(f, &refuse)->status, 403);
    assert_ptr_equal(fixture_failure(f, &fail), &away);
    assert_int_equal(fixture_number(service, "waiting"), 0);
    cairn_service_drop(service);
}

/* Whether a copy of SERVICE gets the only room there is. */
static bool has_room(struct fixture *f, struct cairn_service *service)
{
    struct cairn_error *error = NULL;
    struct cairn_service *copy = cairn_service_clone(service);
    bool is_ready = cairn_harness_poll_ready(&f->hand, copy, &error) == CAIRN_READY;
    cairn_service_drop(copy);
    return is_ready;
}

static struct cairn_service *service_with_room_for_one(
    struct cairn_future (*authorize)(void *cx, struct cairn_http_request *req))
{
    return fixture_apply(cairn_require_authorization(.authorize = authorize),
        fixture_apply(cairn_concurrency_limit(.max = 1), cairn_http_handler(greet, NULL)));
}

static void keeps_inners_room_while_it_waits_and_gives_it_back_when_given_up(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_with_room_for_one(decide_late);
    struct cairn_future first = fixture_send(f, service, fixture_request(f, "/p"));
    assert_pending(f, &first);
    assert_false(has_room(f, service));
    cairn_future_drop(&first);
    assert_true(has_room(f, service));
    struct cairn_future second = fixture_send(f, service, fixture_request(f, "/r"));
    assert_pending(f, &second);
    assert_false(has_room(f, service));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    assert_int_equal(fixture_response(f, &second)->status, 403);
    assert_true(has_room(f, service));
    cairn_service_drop(service);
}

static void a_refusal_at_once_gives_inners_room_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_with_room_for_one(decide);
    assert_int_equal(fixture_ask(f, service, fixture_request(f, "/r"))->status, 403);
    assert_true(has_room(f, service));
    cairn_service_drop(service);
}

static void a_call_that_waits_outlives_its_service(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(decide_late);
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/p"));
    assert_pending(f, &future);
    cairn_service_drop(service);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    assert_str(fixture_response(f, &future)->body, "ann");
}

static void needs_no_memory_at_steady_state(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(decide);
    struct cairn_http_request *req = fixture_request(f, "/p");
    fixture_ask(f, service, req);
    size_t before = cairn_test_alloc_count();
    fixture_ask(f, service, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(service);
}

static void refuses_to_be_built_without_a_function(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_require_authorization(), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "authorize must be set");
    assert_refused(cairn_require_authorization_layer(NULL), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "authorize must be set");
}

static void refuses_what_cannot_be_cloned(void **state)
{
    static const struct cairn_service_ops ops = {
        .name = "single", .size = sizeof(struct cairn_service), .not_cloneable = true};
    struct fixture *f = *state;
    struct cairn_service *single = cairn_service_new(&ops, cairn_mock_service(f->mock));
    assert_refused(cairn_require_authorization(.authorize = decide), single, CAIRN_ERROR_TYPE,
        "needs a service that can be cloned; single cannot");
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_require_authorization(.authorize = decide));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        cmocka_unit_test(keeps_it_with_a_function_that_waits),
        fixture_test(passes_the_request_with_what_the_function_left_on_it),
        fixture_test(answers_with_the_functions_response),
        fixture_test(nothing_but_the_request_lets_a_request_in),
        fixture_test(waits_for_the_function_and_then_passes_or_answers),
        fixture_test(keeps_inners_room_while_it_waits_and_gives_it_back_when_given_up),
        fixture_test(a_refusal_at_once_gives_inners_room_back),
        fixture_test(a_call_that_waits_outlives_its_service),
        fixture_test(needs_no_memory_at_steady_state),
        fixture_test(refuses_to_be_built_without_a_function),
        fixture_test(refuses_what_cannot_be_cloned),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
