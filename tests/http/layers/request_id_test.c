#include "http_fixture.h"

#include <cairn/http/layers/request_id.h>
#include <cairn/http/layers/uuid7.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_request_id(), (struct cairn_contract_options){0});
}

/* Answers with the id it sees as an extension; asserts that the field says the same. */
static struct cairn_http_response *tell_id(struct cairn_http_request *req, void *state)
{
    const char *name = state ? state : "X-Request-Id";
    size_t cursor = 0;
    size_t fields = 0;
    struct cairn_str value;
    while (cairn_http_fields_next(&req->fields, cairn_str_from(name), &cursor, &value))
        fields++;
    assert_int_equal(fields, 1);
    assert_true(cairn_str_equal(value, cairn_http_request_id(req)));
    return cairn_http_bytes(req, 200, NULL, cairn_http_request_id(req));
}

/* What comes out for a request that brings ID (NULL: none). */
static struct cairn_http_response *ask(struct fixture *f, struct cairn_layer layer, const char *id)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(tell_id, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    if (id)
        fixture_add_field(req, "x-request-id", id);
    struct cairn_http_response *res = fixture_ask(f, service, req);
    assert_true(cairn_str_equal(res->body, fixture_field(res, "X-Request-Id")));
    cairn_service_drop(service);
    return res;
}

static void assert_uuid7(struct cairn_str s)
{
    assert_int_equal(s.length, 36);
    for (size_t i = 0; i < s.length; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23)
            assert_int_equal(s.data[i], '-');
        else
            assert_non_null(memchr("0123456789abcdef", s.data[i], 16));
    }
    assert_int_equal(s.data[14], '7');
    assert_non_null(memchr("89ab", s.data[19], 4));
}

static void makes_a_uuid_of_version_7(void **state)
{
    assert_uuid7(ask(*state, cairn_request_id(), NULL)->body);
}

static void takes_an_id_that_is_valid(void **state)
{
    assert_str(ask(*state, cairn_request_id(), "a.B_9-")->body, "a.B_9-");
}

static void replaces_an_id_that_is_not(void **state)
{
    struct cairn_layer layer = cairn_request_id();
    assert_uuid7(ask(*state, layer, "")->body);
    assert_uuid7(ask(*state, layer, "a b")->body);
    assert_uuid7(ask(*state, layer, "a/b")->body);
    assert_uuid7(ask(*state, layer, "caf\xc3\xa9")->body);
}

static void takes_128_bytes_and_no_more(void **state)
{
    char id[130];
    memset(id, 'x', sizeof(id));
    id[128] = '\0';
    assert_str(ask(*state, cairn_request_id(), id)->body, id);
    id[128] = 'x';
    id[129] = '\0';
    assert_uuid7(ask(*state, cairn_request_id(), id)->body);
}

/* What STATE says, and "" for none. */
static struct cairn_str make(const struct cairn_http_request *req, void *state)
{
    assert_non_null(req->arena);
    return *(char *)state ? cairn_str_from(state) : cairn_str_of(NULL, 0);
}

static struct cairn_layer making(char *id)
{
    return cairn_request_id(.make = make, .state = id);
}

static void makes_what_the_users_function_makes(void **state)
{
    char id[] = "order-7";
    assert_str(ask(*state, making(id), NULL)->body, "order-7");
    assert_str(ask(*state, making(id), "a/b")->body, "order-7");
    assert_str(ask(*state, making(id), "mine")->body, "mine");
    assert_str(
        ask(*state, cairn_request_id(.make = make, .state = id, .trust = CAIRN_REQUEST_ID_DISTRUST),
            "mine")
            ->body,
        "order-7");
}

static void makes_a_uuid_where_the_users_function_makes_none_or_none_that_is_valid(void **state)
{
    char none[] = "";
    char bad[] = "a\r\nEvil: 1";
    assert_uuid7(ask(*state, making(none), NULL)->body);
    assert_uuid7(ask(*state, making(bad), "also bad")->body);
}

static void counts_ids_that_came_in_and_were_not_valid(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_apply(cairn_request_id(), cairn_http_handler(tell_id, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Request-Id", "a b");
    fixture_ask(f, service, req);
    fixture_ask(f, service, fixture_request(f, "/"));
    assert_int_equal(fixture_number(service, "rejected"), 1);
    assert_int_equal(fixture_number(service, "made"), 2);
    cairn_service_drop(service);
}

static void takes_no_id_from_whom_it_distrusts(void **state)
{
    assert_uuid7(ask(*state, cairn_request_id(.trust = CAIRN_REQUEST_ID_DISTRUST), "forged")->body);
}

static void makes_one_field_of_several(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_apply(cairn_request_id(), cairn_http_handler(tell_id, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Request-Id", "first");
    fixture_add_field(req, "X-Request-ID", "second");
    assert_str(fixture_ask(f, service, req)->body, "first");
    cairn_service_drop(service);
}

static void uses_a_field_of_another_name_that_outlives_the_options(void **state)
{
    struct fixture *f = *state;
    char name[] = "X-Trace";
    char copy[] = "X-Trace";
    struct cairn_service *service =
        fixture_apply(cairn_request_id(.header = name), cairn_http_handler(tell_id, copy));
    memset(name, '!', sizeof(name) - 1);
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "x-trace", "abc");
    struct cairn_http_response *res = fixture_ask(f, service, req);
    cairn_service_drop(service);
    assert_str(fixture_field(res, "x-trace"), "abc");
    assert_null(fixture_field(res, "X-Request-Id").data);
}

static void leaves_the_id_that_a_response_has(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_request_id());
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    cairn_http_response_set(res, "x-request-id", "from behind");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, res);
    assert_int_equal(fixture_response(f, &future)->fields.count, res->fields.count);
    assert_str(fixture_field(res, "X-Request-Id"), "from behind");
    cairn_service_drop(service);
}

static void sets_the_id_on_an_answer_that_comes_after_the_layer_is_gone(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_request_id());
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, service, req);
    assert_pending(f, &future);
    cairn_service_drop(service);
    fixture_respond(f, NULL);
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_true(cairn_str_equal(fixture_field(res, "X-Request-Id"), cairn_http_request_id(req)));
}

static void has_no_id_without_the_layer(void **state)
{
    assert_null(cairn_http_request_id(fixture_request(*state, "/")).data);
}

static void copies_share_the_counters_and_never_the_ids(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_apply(cairn_request_id(), cairn_http_handler(tell_id, NULL));
    struct cairn_service *copy = cairn_service_clone(service);
    struct cairn_http_response *a = fixture_ask(f, service, fixture_request(f, "/"));
    struct cairn_http_response *b = fixture_ask(f, copy, fixture_request(f, "/"));
    assert_false(cairn_str_equal(a->body, b->body));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Request-Id", "mine");
    fixture_ask(f, copy, req);
    assert_int_equal(fixture_number(service, "made"), 2);
    assert_int_equal(fixture_number(service, "taken"), 1);
    cairn_service_drop(copy);
    cairn_service_drop(service);
}

static void fails_and_gives_the_reservation_back_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *service = fixture_around_mock(f, cairn_request_id());
    struct cairn_http_request *req = fixture_request(f, "/");
    cairn_mock_allow(f->mock, 1);
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(service, req);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(service);
}

/* With less and less room, so that each step finds none in turn. */
static void fails_or_answers_with_whatever_room_there_is(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_apply(cairn_request_id(), cairn_http_handler(tell_id, NULL));
    unsigned failed = 0;
    for (size_t used = 0; used < 4096; used += 16) {
        union cairn_outcome out;
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
        assert_non_null(cairn_arena_alloc_text(arena, used));
        cairn_test_alloc_fail_at(1);
        struct cairn_future future = fixture_send(f, service, req);
        if (cairn_harness_poll(&f->hand, &future, &out) == CAIRN_FAILED) {
            assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
            assert_true(cairn_test_alloc_has_failed());
            failed++;
        }
        cairn_test_alloc_fail_at(0);
        cairn_arena_free(arena);
    }
    assert_in_range(failed, 10, 100);
    cairn_service_drop(service);
}

static void refuses_what_is_no_header_and_no_trust(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_request_id(.header = "X Request"), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "header must be the name of a header field");
    assert_refused(cairn_request_id(.trust = (enum cairn_request_id_trust)2),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "trust must be CAIRN_REQUEST_ID_TRUST or CAIRN_REQUEST_ID_DISTRUST, got 2");
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_request_id_layer(NULL));
}

static void uuids_hold_the_time_in_front(void **state)
{
    struct cairn__uuid7 maker;
    char text[CAIRN__UUID_BYTES];
    (void)state;
    cairn__uuid7_init(&maker, 7);
    cairn__uuid7_next(&maker, 0x0123456789ab, text);
    assert_memory_equal(text, "01234567-89ab-7", 15);
    assert_uuid7(cairn_str_of(text, sizeof(text)));
}

static void uuids_ascend_within_a_millisecond_and_when_the_clock_goes_back(void **state)
{
    struct cairn__uuid7 maker;
    char last[CAIRN__UUID_BYTES] = "";
    (void)state;
    cairn__uuid7_init(&maker, 7);
    for (unsigned i = 0; i < 10000; i++) {
        char text[CAIRN__UUID_BYTES];
        cairn__uuid7_next(&maker, i < 5000 ? 1000 : 900, text);
        assert_true(memcmp(last, text, sizeof(text)) < 0);
        memcpy(last, text, sizeof(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(makes_a_uuid_of_version_7),
        fixture_test(takes_an_id_that_is_valid),
        fixture_test(replaces_an_id_that_is_not),
        fixture_test(takes_128_bytes_and_no_more),
        fixture_test(makes_what_the_users_function_makes),
        fixture_test(makes_a_uuid_where_the_users_function_makes_none_or_none_that_is_valid),
        fixture_test(counts_ids_that_came_in_and_were_not_valid),
        fixture_test(takes_no_id_from_whom_it_distrusts),
        fixture_test(makes_one_field_of_several),
        fixture_test(uses_a_field_of_another_name_that_outlives_the_options),
        fixture_test(leaves_the_id_that_a_response_has),
        fixture_test(sets_the_id_on_an_answer_that_comes_after_the_layer_is_gone),
        fixture_test(has_no_id_without_the_layer),
        fixture_test(copies_share_the_counters_and_never_the_ids),
        fixture_test(fails_and_gives_the_reservation_back_without_memory),
        fixture_test(fails_or_answers_with_whatever_room_there_is),
        fixture_test(refuses_what_is_no_header_and_no_trust),
        fixture_test(refuses_what_is_not_http),
        cmocka_unit_test(uuids_hold_the_time_in_front),
        cmocka_unit_test(uuids_ascend_within_a_millisecond_and_when_the_clock_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
