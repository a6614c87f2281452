#include <cairn/layers/pending_requests.h>

#include "fixture.h"

#include <cairn/service/alloc.h>
#include <cairn/testkit/contract.h>

static void pending_requests_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_pending_requests();
    (void)state;
    cairn_contract_check(&layer);
}

/* A response that keeps the handle, as one with a body that streams would. */
struct page {
    struct cairn_load_handle handle;
    int number;
};

static void page_drop(void *value)
{
    struct page *page = value;
    cairn_load_handle_drop(&page->handle);
    cairn_free(page);
}

static const struct cairn_type page_type = {.name = "test.page", .drop = page_drop};

static void *page_of(void *cx, struct cairn_load_handle handle, void *response)
{
    (void)cx;
    struct page *page = cairn_alloc(sizeof(*page));
    assert_non_null(page);
    *page = (struct page){handle, cairn_test_value_take(response)};
    return page;
}

static struct cairn_layer tracked(void)
{
    return cairn_pending_requests(.completion = {page_of, NULL, &page_type});
}

static struct page *page_take(struct cairn_harness *harness, struct cairn_future *future)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(harness, future, &out), CAIRN_READY);
    return out.value;
}

static void assert_load(const struct cairn_service *service, double load)
{
    assert_true(cairn_load_of(service) == load);
}

static void load_is_the_number_of_calls_that_are_pending(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_pending_requests());
    assert_load(s, 0);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    assert_load(s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_load(s, 2);
    assert_int_equal(fixture_number(s, "pending"), 2);
    fixture_respond(f, 1, 1);
    assert_load(s, 2); /* nobody has collected it */
    assert_response(&f->a, &first, 1);
    assert_load(s, 1);
    fixture_fail(f, 2, CAIRN_ERROR_USER, "no");
    assert_failure(&f->a, &second, CAIRN_ERROR_USER, "mock", "no");
    assert_load(s, 0);
    cairn_service_drop(s);
}

static void a_call_that_is_given_up_has_ended(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_pending_requests());
    struct cairn_future unpolled = fixture_send(&f->a, s, 1);
    struct cairn_future polled = fixture_send(&f->a, s, 2);
    assert_pending(&f->a, &polled);
    cairn_future_drop(&unpolled);
    assert_load(s, 1);
    cairn_future_drop(&polled);
    assert_load(s, 0);
    cairn_service_drop(s);
}

static void copies_count_together(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_pending_requests());
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_future future = fixture_send(&f->a, copy, 1);
    assert_load(s, 1);
    cairn_service_drop(copy);
    assert_load(s, 1);
    cairn_future_drop(&future);
    assert_load(s, 0);
    cairn_service_drop(s);
}

static void a_call_outlives_its_service(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_pending_requests());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_service_drop(s);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
}

static void T088_count_stays_up_while_the_response_keeps_the_handle(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, tracked());
    assert_ptr_equal(s->response_type, &page_type);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_load(s, 1);
    fixture_respond(f, 1, 7);
    struct page *page = page_take(&f->a, &future);
    assert_int_equal(page->number, 7);
    assert_load(s, 1);
    page_drop(page);
    assert_load(s, 0);
    cairn_service_drop(s);
}

static void T089_count_goes_down_as_each_handle_is_dropped_in_any_order(void **state)
{
    struct fixture *f = *state;
    struct page *pages[3];
    struct cairn_service *s = fixture_around_mock(f, tracked());
    for (int i = 0; i < 3; i++) {
        struct cairn_future future = fixture_send(&f->a, s, i);
        fixture_respond(f, i, i);
        pages[i] = page_take(&f->a, &future);
    }
    assert_load(s, 3);
    page_drop(pages[1]);
    assert_load(s, 2);
    page_drop(pages[2]);
    assert_load(s, 1);
    cairn_service_drop(s);
    page_drop(pages[0]); /* outlives the service */
}

static void a_tracked_call_that_fails_or_is_given_up_has_ended(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, tracked());
    struct cairn_future failed = fixture_send(&f->a, s, 1);
    struct cairn_future dropped = fixture_send(&f->a, s, 2);
    fixture_fail(f, 1, CAIRN_ERROR_USER, "no");
    assert_failure(&f->a, &failed, CAIRN_ERROR_USER, "mock", "no");
    assert_load(s, 1);
    cairn_future_drop(&dropped);
    assert_load(s, 0);
    cairn_service_drop(s);
}

static void a_tracked_answer_that_is_there_at_once_keeps_its_handle_until_it_is_dropped(
    void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(tracked(), cairn_test_echo(NULL));
    struct cairn_future future = fixture_send(&f->a, s, 3);
    assert_load(s, 1);
    cairn_future_drop(&future); /* unpolled: the page is dropped, and the handle with it */
    assert_load(s, 0);
    cairn_service_drop(s);
}

static void answer_at_once_costs_no_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_pending_requests(), fixture_plain_echo());
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    assert_load(s, 0);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void the_outermost_layer_that_tells_a_load_is_asked(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_pending_requests());
    assert_true(cairn_load_is_told(s));
    assert_false(cairn_load_is_told(s->inner));
    assert_true(isnan(cairn_load_of(s->inner)));
    cairn_service_drop(s);
}

static void apply_without_memory(void *cx)
{
    const struct cairn_layer layer = cairn_pending_requests();
    (void)cx;
    cairn_service_drop(cairn_layer_apply(&layer, fixture_plain_echo()));
}

static void is_broken_without_memory(void **state)
{
    (void)state;
    assert_int_equal(cairn_test_each_allocation(apply_without_memory, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pending_requests_keeps_the_service_contract),
        fixture_test(load_is_the_number_of_calls_that_are_pending),
        fixture_test(a_call_that_is_given_up_has_ended),
        fixture_test(copies_count_together),
        fixture_test(a_call_outlives_its_service),
        fixture_test(T088_count_stays_up_while_the_response_keeps_the_handle),
        fixture_test(T089_count_goes_down_as_each_handle_is_dropped_in_any_order),
        fixture_test(a_tracked_call_that_fails_or_is_given_up_has_ended),
        fixture_test(a_tracked_answer_that_is_there_at_once_keeps_its_handle_until_it_is_dropped),
        fixture_test(answer_at_once_costs_no_memory),
        fixture_test(the_outermost_layer_that_tells_a_load_is_asked),
        cmocka_unit_test(is_broken_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
