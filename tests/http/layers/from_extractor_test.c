#include <cairn/http/layers/from_extractor.h>

#include "hunger.h"

#include <cairn/testkit/misuse.h>

static const char tenant_key;

/* Everyone says whose they are, and leaves it for those inside. */
static bool tenant(struct cairn_http_request *req, void *state, struct cairn_http_rejection *no)
{
    struct cairn_str value = cairn_http_request_field(req, state);
    if (!value.data) {
        *no = (struct cairn_http_rejection){
            .reason = CAIRN_HTTP_REJECTION_DATA, .status = 400, .detail = "X-Tenant must be there"};
        return false;
    }
    return cairn_http_extension_set(req, &tenant_key, (void *)(size_t)value.data) == 0;
}

static char field[] = "X-Tenant";
#define TENANT() cairn_from_extractor(.f = tenant, .state = field)

/* The table of a query string. */
struct page {
    int64_t after;
    int64_t limit;
};
static const struct cairn_field page_fields[] = {
    CAIRN_FIELD_INT(struct page, after, .max = INT64_MAX),
    CAIRN_FIELD_INT(struct page, limit, .min = 1, .max = 100),
};
static const struct cairn_record page_record = CAIRN_RECORD(struct page, page_fields);
static const struct page page_defaults = {.limit = 20};
static const char page_key;
#define PAGE()                                                                  \
    cairn_from_extractor(.bind = cairn_http_bind_query, .record = &page_record, \
        .bytes = sizeof(struct page), .defaults = &page_defaults, .key = &page_key)

static bool always(struct cairn_http_request *req, void *state, struct cairn_http_rejection *no)
{
    (void)req, (void)state, (void)no;
    return true;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_from_extractor(.f = always), (struct cairn_contract_options){0});
    fixture_contract(PAGE(), (struct cairn_contract_options){0});
}

static void what_is_there_goes_on_and_is_found_inside(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, TENANT());
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Tenant", "acme");
    struct cairn_future future = fixture_send(f, s, req);
    assert_pending(f, &future);
    assert_string_equal(cairn_http_extension_get(req, &tenant_key), "acme");
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 200);
    assert_int_equal(fixture_number(s, "passed"), 1);
    assert_int_equal(fixture_number(s, "rejected"), 0);
    cairn_service_drop(s);
}

static void what_is_not_is_answered_and_inner_not_called(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, TENANT());
    struct cairn_service *copy = cairn_service_clone(s);
    struct cairn_http_response *res = fixture_ask(f, copy, fixture_request(f, "/"));
    assert_int_equal(res->status, 400);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
    assert_non_null(memmem(res->body.data, res->body.length, "X-Tenant must be there", 22));
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(copy);
    assert_int_equal(fixture_number(s, "rejected"), 1);
    cairn_service_drop(s);
}

static struct cairn_http_response *say_sorry(
    const struct cairn_http_request *req, const struct cairn_http_rejection *no, void *cx)
{
    return cairn_http_text(req, no->status, cx);
}

static void an_application_may_reject_in_its_own_words(void **state)
{
    static char sorry[] = "sorry";
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, TENANT());
    struct cairn_http_request *req = fixture_request(f, "/");
    assert_int_equal(cairn_http_reject_with(req, say_sorry, sorry), 0);
    assert_str(fixture_ask(f, s, req)->body, "sorry");
    cairn_service_drop(s);
}

static const struct page *page_of(struct fixture *f, struct cairn_service *s, const char *target)
{
    struct cairn_http_request *req = fixture_request(f, target);
    struct cairn_future future = fixture_send(f, s, req);
    assert_pending(f, &future);
    fixture_respond(f, NULL);
    fixture_response(f, &future);
    return cairn_http_extension_get(req, &page_key);
}

static void a_table_is_bound_and_left_for_those_inside(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, PAGE());
    assert_int_equal(page_of(f, s, "/?after=7&limit=5")->after, 7);
    assert_int_equal(page_of(f, s, "/?after=7&limit=5")->limit, 5);
    assert_int_equal(page_of(f, s, "/")->limit, 20);
    assert_int_equal(page_defaults.after, 0);
    struct cairn_http_response *res = fixture_ask(f, s, fixture_request(f, "/?limit=0&after=x"));
    assert_int_equal(res->status, 400);
    assert_non_null(memmem(res->body.data, res->body.length, "\"limit\"", 7));
    assert_non_null(memmem(res->body.data, res->body.length, "\"after\"", 7));
    cairn_service_drop(s);
    s = fixture_around_mock(
        f, cairn_from_extractor(.bind = cairn_http_bind_query, .record = &page_record,
               .bytes = sizeof(struct page), .key = &page_key));
    assert_int_equal(page_of(f, s, "/")->limit, 0); /* zeros where there are no defaults */
    cairn_service_drop(s);
}

static struct cairn_http_request *get_page(struct fixture *f)
{
    return fixture_request(f, "/?limit=5");
}

static struct cairn_http_response *no_content(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_response_new(req, 204);
}

static void without_memory_the_call_fails(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(PAGE(), cairn_http_handler(no_content, NULL));
    assert_whole_or_failed(f, s, get_page, 0);
    cairn_service_drop(s);
    s = fixture_around_mock(f, TENANT());
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(s, req);
    cairn_test_alloc_fail_at(0);
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static bool without_a_word(
    struct cairn_http_request *req, void *state, struct cairn_http_rejection *no)
{
    (void)req, (void)state, (void)no;
    return false;
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

static void rejecting_without_a_status_is_misuse(void **state)
{
    struct fixture *f = *state;
    struct call call = {
        fixture_around_mock(f, cairn_from_extractor(.f = without_a_word)), fixture_request(f, "/")};
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, call.service, &error), CAIRN_READY);
    assert_string_equal(cairn_test_misuse(call_it, &call),
        "from_extractor: the extractor rejected a request with a status that is not from 400 to "
        "599");
    cairn_service_drop(call.service);
}

static void is_printed_with_its_name(void **state)
{
    struct fixture *f = *state;
    char buffer[256] = "";
    struct cairn_service *s =
        fixture_around_mock(f, cairn_from_extractor(.f = always, .name = "tenant"));
    FILE *out = fmemopen(buffer, sizeof(buffer), "w");
    cairn_stack_print(s, out);
    fclose(out);
    assert_non_null(strstr(buffer, "from_extractor(name=tenant)  passed=0 rejected=0\n"));
    cairn_service_drop(s);
}

static void refuses_what_does_not_fit(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_from_extractor_layer(NULL), "f or bind must be set, and not both");
    assert_invalid(f, cairn_from_extractor(.f = always, .bind = cairn_http_bind_query),
        "f or bind must be set, and not both");
    assert_invalid(
        f, cairn_from_extractor(.bind = cairn_http_bind_query), "record must be set with bind");
    assert_invalid(f, cairn_from_extractor(.bind = cairn_http_bind_query, .record = &page_record),
        "key must be set with bind");
    assert_invalid(f,
        cairn_from_extractor(.bind = cairn_http_bind_query, .record = &page_record,
            .key = &page_key),
        "bytes must be 1 to 65536 with bind, got 0");
    assert_invalid(f,
        cairn_from_extractor(.bind = cairn_http_bind_query, .record = &page_record,
            .key = &page_key, .bytes = 65537),
        "bytes must be 1 to 65536 with bind, got 65537");
    assert_needs_http(TENANT());
    assert_refused_without_memory(f, TENANT(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(what_is_there_goes_on_and_is_found_inside),
        fixture_test(what_is_not_is_answered_and_inner_not_called),
        fixture_test(an_application_may_reject_in_its_own_words),
        fixture_test(a_table_is_bound_and_left_for_those_inside),
        fixture_test(without_memory_the_call_fails),
        fixture_test(rejecting_without_a_status_is_misuse),
        fixture_test(is_printed_with_its_name),
        fixture_test(refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
