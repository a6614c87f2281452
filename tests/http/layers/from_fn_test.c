#include "http_fixture.h"

#include <cairn/http/layers/from_fn.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/async.h>
#include <cairn/service/sleep.h>
#include <cairn/testkit/misuse.h>

/* Runs next at once. */
static struct cairn_future pass(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    (void)state;
    return cairn_http_next_run(next, req);
}

/* Answers in place of next. */
static struct cairn_future answer(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    (void)next;
    return cairn_future_ready(cairn_http_text(req, 403, state));
}

static struct cairn_future reject(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    static struct cairn_error odd = CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "test", "odd");
    (void)req, (void)next, (void)state;
    return cairn_future_failed(&odd);
}

static struct cairn_future find_no_memory(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    (void)req, (void)next, (void)state;
    return cairn_future_ready(NULL);
}

/* Waits for 100 ms; then answers by itself for the path /no; else runs next, and sets a field of
 * what that gives. */
struct late {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_http_next *next;
    struct cairn_http_response *res;
};

static enum cairn_poll late_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct late *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(100));
    if (cairn_str_equal(self->req->path, CAIRN_STR("/no")))
        CAIRN_ASYNC_RETURN(cairn_http_text(self->req, 403, "no"));
    CAIRN_AWAIT(cairn_http_next_run(self->next, self->req), self->res);
    cairn_http_response_set(self->res, "X-Seen", "yes");
    CAIRN_ASYNC_RETURN(self->res);
    CAIRN_ASYNC_END();
}

static void late_drop(void *state)
{
    cairn_async_drop(&((struct late *)state)->async);
}

static struct cairn_future late(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "late", .size = sizeof(struct late), .poll = late_poll, .drop = late_drop};
    (void)state;
    return cairn_future_start(&ops, &(struct late){.req = req, .next = next});
}

static void function_that_passes_at_once_keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_from_fn(.f = pass), (struct cairn_contract_options){0});
}

static void function_that_waits_keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_from_fn(.f = late), (struct cairn_contract_options){.step_ms = 100});
}

static void runs_next_with_the_request_and_gives_its_response(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = pass));
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, s, req);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    assert_ptr_equal(cairn_mock_request_value(request), req);
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    cairn_mock_respond(request, res);
    assert_ptr_equal(fixture_response(f, &future), res);
    assert_int_equal(fixture_number(s, "passed"), 1);
    assert_int_equal(fixture_number(s, "answered"), 0);
    cairn_service_drop(s);
}

static void answers_without_next_and_gives_the_room_back(void **state)
{
    struct fixture *f = *state;
    char text[] = "go away";
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = answer, .state = text));
    struct cairn_http_response *res = fixture_ask(f, s, fixture_request(f, "/"));
    assert_int_equal(res->status, 403);
    assert_str(res->body, "go away");
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).clones, 0);
    assert_int_equal(fixture_number(s, "answered"), 1);
    assert_int_equal(fixture_number(s, "passed"), 0);
    cairn_service_drop(s);
}

static void fails_with_the_functions_error(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = reject));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_string_equal(fixture_failure(f, &future)->message, "odd");
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(fixture_number(s, "answered"), 1);
    cairn_service_drop(s);
}

static void passes_the_errors_of_next_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = pass));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(s);
}

static void response_of_null_is_out_of_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = find_no_memory));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void async_function_runs_next_when_it_is_time_and_sees_the_response(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = late));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &future);
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(fixture_number(s, "waiting"), 1);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_pending(f, &future);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    assert_int_equal(fixture_number(s, "passed"), 1);
    fixture_respond(f, NULL);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_str(fixture_field(fixture_response(f, &future), "X-Seen"), "yes");
    cairn_service_drop(s);
}

static void async_function_may_answer_later_without_next(void **state)
{
    struct fixture *f = *state;
    struct cairn_harness other;
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = late));
    cairn_harness_init(&other, f->runtime);
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/no"));
    assert_pending(f, &future);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    assert_int_equal(cairn_harness_poll_ready(&other, s, &error), CAIRN_PENDING);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    assert_int_equal(fixture_response(f, &future)->status, 403);
    assert_true(cairn_harness_is_woken(&other));
    assert_int_equal(cairn_harness_poll_ready(&other, s, &error), CAIRN_READY);
    assert_int_equal(fixture_number(s, "answered"), 1);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    cairn_service_drop(s);
    cairn_harness_fini(&other);
}

static void call_that_is_given_up_releases_the_room(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = late));
    struct cairn_future polled = fixture_send(f, s, fixture_request(f, "/"));
    struct cairn_future unpolled = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &polled);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 2);
    cairn_future_drop(&polled);
    cairn_future_drop(&unpolled);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    assert_int_equal(fixture_number(s, "answered"), 0);
    cairn_service_drop(s);
}

static void call_outlives_every_copy(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = late));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    cairn_service_drop(s);
    assert_pending(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    assert_pending(f, &future);
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 200);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void second_call_waits_beside_the_first_with_room_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_layer layers[] = {cairn_from_fn(.f = late), cairn_concurrency_limit(.max = 2)};
    struct cairn_service *s = cairn_stack_build(cairn_mock_service(f->mock), layers, 2);
    struct cairn_future first = fixture_send(f, s, fixture_request(f, "/no"));
    struct cairn_future second = fixture_send(f, s, fixture_request(f, "/no"));
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_PENDING);
    assert_pending(f, &first);
    assert_pending(f, &second);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    fixture_response(f, &second);
    fixture_response(f, &first);
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    cairn_service_drop(s);
}

static void copies_that_are_done_are_used_again(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = late));
    for (unsigned i = 0; i < 5; i++) {
        struct cairn_future futures[40];
        for (unsigned k = 0; k < 40; k++)
            futures[k] = fixture_send(f, s, fixture_request(f, "/"));
        assert_int_equal(cairn_mock_counts(f->mock).services, 41);
        for (unsigned k = 0; k < 40; k++)
            cairn_future_drop(&futures[k]);
        assert_int_equal(cairn_mock_counts(f->mock).services, 17);
    }
    assert_int_equal(cairn_mock_counts(f->mock).clones, 40 + 4 * 24);
    cairn_service_drop(s);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static struct cairn_http_response *say_fine(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

static void function_that_passes_at_once_costs_neither_copy_nor_box(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s =
        fixture_apply(cairn_from_fn(.f = pass), cairn_http_handler(say_fine, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = cairn_service_call(s, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(fixture_response(f, &future)->status, 200);
    cairn_service_drop(s);
}

static void fails_without_room_in_the_arena(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = pass));
    struct cairn_http_request *req = fixture_request(f, "/");
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(s, req);
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void fails_and_releases_without_memory_for_each_step(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    unsigned failed = 0;
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = late));
    for (size_t n = 1; n < 6; n++) {
        union cairn_outcome out;
        struct cairn_http_request *req = fixture_request(f, "/");
        assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
        cairn_test_alloc_fail_at(n);
        struct cairn_future future = cairn_service_call(s, req);
        cairn_test_alloc_fail_at(0);
        if (cairn_harness_poll(&f->hand, &future, &out) == CAIRN_FAILED) {
            assert_ptr_equal(out.error, &cairn_error_no_memory);
            failed++;
        }
        cairn_future_drop(&future);
        assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    }
    /* The boxes of the sleep, of the function and of the layer, and the copy; where boxes are
     * pooled, those the pool has not got yet. */
    assert_in_range(failed, 1, 4);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    cairn_service_drop(s);
}

static struct cairn_future run_twice(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    (void)state;
    struct cairn_future first = cairn_http_next_run(next, req);
    cairn_future_drop(&first);
    return cairn_http_next_run(next, req);
}

static struct cairn_future give_nothing(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    (void)req, (void)next, (void)state;
    return (struct cairn_future){0};
}

/* Answers, and keeps next beyond that. */
static struct cairn_future keep(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    *(struct cairn_http_next **)state = next;
    return cairn_future_ready(cairn_http_text(req, 200, "done"));
}

struct call {
    struct cairn_service *service;
    struct cairn_http_request *req;
};

static void call_it(void *cx)
{
    struct call *call = cx;
    (void)cairn_service_call(call->service, call->req);
}

static void assert_misuse(struct fixture *f, struct cairn_layer layer, const char *message)
{
    struct call call = {
        fixture_apply(layer, cairn_http_handler(say_fine, NULL)), fixture_request(f, "/")};
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, call.service, &error), CAIRN_READY);
    assert_string_equal(cairn_test_misuse(call_it, &call), message);
    cairn_service_drop(call.service);
}

static void misuse_is_an_assertion(void **state)
{
    assert_misuse(*state, cairn_from_fn(.f = run_twice),
        "from_fn: next was run twice, or after its call was over");
    assert_misuse(
        *state, cairn_from_fn(.f = give_nothing), "from_fn: the function returned no future");
}

struct kept {
    struct cairn_http_next *next;
    struct cairn_http_request *req;
};

static void run_kept(void *cx)
{
    struct kept *kept = cx;
    (void)cairn_http_next_run(kept->next, kept->req);
}

static void next_that_is_run_after_its_call_is_an_assertion(void **state)
{
    struct fixture *f = *state;
    struct kept kept = {NULL, fixture_request(f, "/")};
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = keep, .state = &kept.next));
    fixture_ask(f, s, kept.req);
    assert_string_equal(cairn_test_misuse(run_kept, &kept),
        "from_fn: next was run twice, or after its call was over");
    cairn_service_drop(s);
}

static void is_printed_with_the_name_that_outlives_the_options(void **state)
{
    struct fixture *f = *state;
    char name[] = "json";
    char text[256];
    struct cairn_service *s = fixture_around_mock(f, cairn_from_fn(.f = pass, .name = name));
    memset(name, '!', sizeof(name) - 1);
    FILE *file = fmemopen(text, sizeof(text), "w");
    cairn_stack_print(s, file);
    fclose(file);
    assert_non_null(strstr(text, "from_fn"));
    assert_non_null(strstr(text, "json"));
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct cairn_mock_options fixed = {.size = sizeof(fixed),
        .not_cloneable = true,
        .request_type = &cairn_http_request_type,
        .response_type = &cairn_http_response_type};
    struct cairn_mock *mock = cairn_mock_new(&fixed);
    assert_invalid(f, cairn_from_fn_layer(NULL), "f must be set");
    assert_refused(cairn_from_fn(.f = pass), cairn_mock_service(mock), CAIRN_ERROR_TYPE,
        "needs a service that can be cloned; mock cannot");
    assert_needs_http(cairn_from_fn(.f = pass));
    cairn_mock_free(mock);
}

static void is_refused_without_memory(void **state)
{
    struct fixture *f = *state;
    assert_refused_without_memory(f, cairn_from_fn(.f = pass), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(function_that_passes_at_once_keeps_the_service_contract),
        cmocka_unit_test(function_that_waits_keeps_the_service_contract),
        fixture_test(runs_next_with_the_request_and_gives_its_response),
        fixture_test(answers_without_next_and_gives_the_room_back),
        fixture_test(fails_with_the_functions_error),
        fixture_test(passes_the_errors_of_next_on),
        fixture_test(response_of_null_is_out_of_memory),
        fixture_test(async_function_runs_next_when_it_is_time_and_sees_the_response),
        fixture_test(async_function_may_answer_later_without_next),
        fixture_test(call_that_is_given_up_releases_the_room),
        fixture_test(call_outlives_every_copy),
        fixture_test(second_call_waits_beside_the_first_with_room_of_its_own),
        fixture_test(copies_that_are_done_are_used_again),
        fixture_test(function_that_passes_at_once_costs_neither_copy_nor_box),
        fixture_test(fails_without_room_in_the_arena),
        fixture_test(fails_and_releases_without_memory_for_each_step),
        fixture_test(misuse_is_an_assertion),
        fixture_test(next_that_is_run_after_its_call_is_an_assertion),
        fixture_test(is_printed_with_the_name_that_outlives_the_options),
        fixture_test(what_cannot_be_built_is_refused),
        fixture_test(is_refused_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
