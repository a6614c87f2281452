#include "hunger.h"

#include <cairn/http/layers/cors.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/sleep.h>

#define LONG "Access-Control-Allow-"

static struct cairn_http_request *asked_by(struct fixture *f, const char *origin)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    if (origin)
        fixture_add_field(req, "Origin", origin);
    return req;
}

static struct cairn_http_request *preflight_by(struct fixture *f, const char *origin)
{
    struct cairn_http_request *req = asked_by(f, origin);
    req->method = CAIRN_HTTP_OPTIONS;
    fixture_add_field(req, "Access-Control-Request-Method", "PUT");
    fixture_add_field(req, "Access-Control-Request-Headers", "x-a,x-b");
    return req;
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    if (state)
        cairn_http_fields_add(&res->fields, CAIRN_STR("Vary"), cairn_str_from(state));
    return res;
}

/* What a service with LAYER, whose answers have VARY, says to REQ. */
static struct cairn_http_response *ask_with(
    struct fixture *f, struct cairn_layer layer, struct cairn_http_request *req, char *vary)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(answer, vary));
    struct cairn_http_response *res = fixture_ask(f, service, req);
    cairn_service_drop(service);
    return res;
}

static struct cairn_http_response *ask(
    struct fixture *f, struct cairn_layer layer, struct cairn_http_request *req)
{
    return ask_with(f, layer, req, NULL);
}

static void assert_field(
    const struct cairn_http_response *res, const char *name, const char *expected)
{
    struct cairn_str value = fixture_field(res, name);
    if (expected)
        assert_str(value, expected);
    else
        assert_null(value.data);
}

/* All of Vary, with spaces between. */
static void assert_vary(const struct cairn_http_response *res, const char *expected)
{
    char all[256] = "";
    size_t cursor = 0;
    size_t length = 0;
    struct cairn_str value;
    while (cairn_http_fields_next(&res->fields, CAIRN_STR("Vary"), &cursor, &value)) {
        if (length)
            all[length++] = ' ';
        memcpy(all + length, value.data, value.length);
        length += value.length;
    }
    assert_string_equal(all, expected);
}

#define ASKED_METHOD "Access-Control-Request-Method"
#define ASKED_HEADERS "Access-Control-Request-Headers"

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_cors_permissive(), (struct cairn_contract_options){0});
    fixture_contract(
        cairn_cors(.origins = "http://a, http://b"), (struct cairn_contract_options){0});
}

static void any_origin_is_sent_whoever_asks(void **state)
{
    struct cairn_layer layer = cairn_cors(.origins = "*");
    struct cairn_http_response *res = ask(*state, layer, asked_by(*state, "http://a"));
    assert_field(res, LONG "Origin", "*");
    assert_field(res, LONG "Credentials", NULL);
    assert_field(res, "Access-Control-Expose-Headers", NULL);
    assert_vary(res, "");
    assert_str(res->body, "fine");
    assert_field(ask(*state, layer, asked_by(*state, NULL)), LONG "Origin", "*");
}

static void a_single_origin_is_sent_whoever_asks(void **state)
{
    struct cairn_layer layer = cairn_cors(.origins = "http://a");
    struct cairn_http_response *res = ask(*state, layer, asked_by(*state, "http://b"));
    assert_field(res, LONG "Origin", "http://a");
    assert_vary(res, "");
    assert_field(ask(*state, layer, asked_by(*state, NULL)), LONG "Origin", "http://a");
}

static void of_a_list_the_one_that_asks_is_sent(void **state)
{
    struct cairn_layer layer = cairn_cors(.origins = "http://a, http://b:81", .expose = "ETag");
    struct cairn_http_response *res = ask(*state, layer, asked_by(*state, "http://b:81"));
    assert_field(res, LONG "Origin", "http://b:81");
    assert_field(res, "Access-Control-Expose-Headers", "ETag");
    assert_vary(res, "Origin");
}

static void an_origin_outside_of_the_list_gets_no_field_but_its_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer =
        cairn_cors(.origins = "http://a, http://b", .credentials = true, .expose = "ETag");
    struct cairn_http_response *res = ask(f, layer, asked_by(f, "http://c"));
    assert_str(res->body, "fine");
    assert_field(res, LONG "Origin", NULL);
    assert_field(res, LONG "Credentials", NULL);
    assert_field(res, "Access-Control-Expose-Headers", NULL);
    assert_vary(res, "Origin");
    assert_vary(ask(f, layer, asked_by(f, NULL)), "Origin");
}

static bool allows(void *cx, struct cairn_str origin, const struct cairn_http_request *req)
{
    assert_string_equal(cx, "cx");
    return req->path.length == 1 && cairn_str_equal(origin, CAIRN_STR("http://a"));
}

static void a_function_may_choose(void **state)
{
    struct cairn_layer layer = cairn_cors(.allows = allows, .cx = (char[]){"cx"});
    struct cairn_http_response *res = ask(*state, layer, asked_by(*state, "http://a"));
    assert_field(res, LONG "Origin", "http://a");
    assert_vary(res, "Origin");
    assert_field(ask(*state, layer, asked_by(*state, "http://b")), LONG "Origin", NULL);
    assert_field(ask(*state, layer, asked_by(*state, NULL)), LONG "Origin", NULL);
}

static void the_origin_may_be_mirrored(void **state)
{
    struct cairn_layer layer = cairn_cors(.mirror = CAIRN_CORS_MIRROR_ORIGIN, .credentials = true);
    struct cairn_http_response *res = ask(*state, layer, asked_by(*state, "null"));
    assert_field(res, LONG "Origin", "null");
    assert_field(res, LONG "Credentials", "true");
    assert_vary(res, "Origin");
    res = ask(*state, layer, asked_by(*state, NULL));
    assert_field(res, LONG "Origin", NULL);
    assert_field(res, LONG "Credentials", NULL);
}

static struct cairn_http_response *answer_all_open(struct cairn_http_request *req, void *state)
{
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    (void)state;
    cairn_http_response_set(res, LONG "Origin", "*");
    cairn_http_response_set(res, LONG "Credentials", "true");
    cairn_http_response_set(res, "Access-Control-Expose-Headers", "*");
    return res;
}

static void what_inner_says_of_it_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_apply(
        cairn_cors(.origins = "http://a, http://b"), cairn_http_handler(answer_all_open, NULL));
    struct cairn_http_response *res = fixture_ask(f, service, asked_by(f, "http://c"));
    assert_field(res, LONG "Origin", NULL);
    assert_field(res, LONG "Credentials", NULL);
    assert_field(res, "Access-Control-Expose-Headers", NULL);
    res = fixture_ask(f, service, asked_by(f, "http://b"));
    assert_field(res, LONG "Origin", "http://b");
    assert_field(res, LONG "Credentials", NULL);
    assert_field(res, "Access-Control-Expose-Headers", NULL);
    cairn_service_drop(service);
}

static void vary_has_what_inner_says_too_and_nothing_twice(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_cors(.origins = "http://a, http://b");
    char accept[] = "Accept";
    char origin[] = "Accept, origin";
    assert_vary(ask_with(f, layer, asked_by(f, "http://a"), accept), "Accept Origin");
    assert_vary(ask_with(f, layer, asked_by(f, "http://a"), origin), "Accept, origin");
}

static void a_preflight_is_answered_by_an_empty_200_and_not_passed_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_cors(.origins = "http://a", .methods = "PUT, DELETE",
                                   .headers = "X-A", .expose = "ETag", .credentials = true));
    struct cairn_http_response *res = fixture_ask(f, service, preflight_by(f, "http://a"));
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(res->status, 200);
    assert_int_equal(res->body.length, 0);
    assert_field(res, LONG "Origin", "http://a");
    assert_field(res, LONG "Methods", "PUT, DELETE");
    assert_field(res, LONG "Headers", "X-A");
    assert_field(res, LONG "Credentials", "true");
    assert_field(res, LONG "Private-Network", NULL);
    assert_field(res, "Access-Control-Max-Age", NULL);
    assert_field(res, "Access-Control-Expose-Headers", NULL);
    assert_int_equal(res->fields.count, 4);
    assert_int_equal(fixture_number(service, "preflights"), 1);
    cairn_service_drop(service);
}

static void a_preflight_gives_the_room_back_that_it_was_promised(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layers[] = {cairn_cors_permissive(), cairn_concurrency_limit(.max = 1)};
    struct cairn_service *service = cairn_stack_build(cairn_http_handler(answer, NULL), layers, 2);
    for (int i = 0; i < 3; i++)
        fixture_ask(f, service, preflight_by(f, "http://a"));
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_service_drop(service);
}

static void other_options_requests_are_passed_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_cors(.origins = "*");
    struct cairn_http_request *req = asked_by(f, "http://a");
    req->method = CAIRN_HTTP_OPTIONS;
    assert_str(ask(f, layer, req)->body, "fine");
    assert_str(ask(f, layer, preflight_by(f, NULL))->body, "fine");
    req = preflight_by(f, "http://a");
    req->method = CAIRN_HTTP_GET;
    assert_str(ask(f, layer, req)->body, "fine");
}

static void a_preflight_of_another_origin_is_told_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_cors(.origins = "http://a, http://b", .methods = "PUT",
        .headers = "X-A", .credentials = true, .max_age_s = 60, .private_network = true);
    struct cairn_http_response *res = ask(f, layer, preflight_by(f, "http://c"));
    assert_int_equal(res->status, 200);
    assert_int_equal(res->body.length, 0);
    assert_int_equal(res->fields.count, 2);
    assert_vary(res, "Origin Access-Control-Request-Private-Network");
}

static void methods_and_headers_may_be_any(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = ask(
        f, cairn_cors(.origins = "*", .methods = "*", .headers = "*"), preflight_by(f, "http://a"));
    assert_field(res, LONG "Methods", "*");
    assert_field(res, LONG "Headers", "*");
    assert_vary(res, "");
}

static void methods_and_headers_may_be_mirrored(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = ask(f,
        cairn_cors(.origins = "*", .mirror = CAIRN_CORS_MIRROR_METHODS | CAIRN_CORS_MIRROR_HEADERS),
        preflight_by(f, "http://a"));
    assert_field(res, LONG "Methods", "PUT");
    assert_field(res, LONG "Headers", "x-a,x-b");
    assert_vary(res, ASKED_METHOD " " ASKED_HEADERS);
    res = ask(f, cairn_cors(.origins = "*", .mirror = CAIRN_CORS_MIRROR_METHODS),
        preflight_by(f, "http://a"));
    assert_field(res, LONG "Headers", NULL);
    assert_vary(res, ASKED_METHOD);
}

static void nothing_is_mirrored_that_was_not_asked_for(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = preflight_by(f, "http://a");
    cairn_http_fields_remove(&req->fields, CAIRN_STR(ASKED_HEADERS));
    struct cairn_http_response *res =
        ask(f, cairn_cors(.origins = "*", .mirror = CAIRN_CORS_MIRROR_HEADERS), req);
    assert_field(res, LONG "Headers", NULL);
    assert_field(res, LONG "Methods", NULL);
    assert_vary(res, ASKED_HEADERS);
}

static void max_age_may_be_a_constant(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res =
        ask(f, cairn_cors(.origins = "*", .max_age_s = 86400), preflight_by(f, "http://a"));
    assert_field(res, "Access-Control-Max-Age", "86400");
    assert_vary(res, "");
    res = ask(f, cairn_cors(.origins = "*", .max_age_s = -1), preflight_by(f, "http://a"));
    assert_field(res, "Access-Control-Max-Age", "0");
}

static int64_t age_of(void *cx, struct cairn_str origin, const struct cairn_http_request *req)
{
    (void)req;
    return cairn_str_equal(origin, CAIRN_STR("http://a")) ? *(int64_t *)cx : 7;
}

static void max_age_may_be_computed_and_is_brought_into_range(void **state)
{
    struct fixture *f = *state;
    int64_t age = 600;
    struct cairn_layer layer = cairn_cors(.origins = "*", .max_age = age_of, .cx = &age);
    struct cairn_http_response *res = ask(f, layer, preflight_by(f, "http://a"));
    assert_field(res, "Access-Control-Max-Age", "600");
    assert_vary(res, "Origin");
    assert_field(ask(f, layer, preflight_by(f, "http://b")), "Access-Control-Max-Age", "7");
    age = -3;
    assert_field(ask(f, layer, preflight_by(f, "http://a")), "Access-Control-Max-Age", "0");
    age = INT64_MAX;
    assert_field(ask(f, layer, preflight_by(f, "http://a")), "Access-Control-Max-Age", "86400");
    assert_vary(ask(f, layer, asked_by(f, "http://a")), "");
}

static void a_private_network_is_opened_to_who_asks_for_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer open = cairn_cors(.origins = "*", .private_network = true);
    struct cairn_http_request *req = preflight_by(f, "http://a");
    fixture_add_field(req, "Access-Control-Request-Private-Network", "true");
    struct cairn_http_response *res = ask(f, open, req);
    assert_field(res, LONG "Private-Network", "true");
    assert_vary(res, "Access-Control-Request-Private-Network");
    assert_field(ask(f, open, preflight_by(f, "http://a")), LONG "Private-Network", NULL);
    assert_field(ask(f, cairn_cors(.origins = "*"), req), LONG "Private-Network", NULL);
}

static void permissive_allows_all_but_credentials(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = ask(f, cairn_cors_permissive(), preflight_by(f, "http://a"));
    assert_field(res, LONG "Origin", "*");
    assert_field(res, LONG "Methods", "*");
    assert_field(res, LONG "Headers", "*");
    assert_field(res, LONG "Credentials", NULL);
    res = ask(f, cairn_cors_permissive(), asked_by(f, "http://a"));
    assert_field(res, LONG "Origin", "*");
    assert_field(res, "Access-Control-Expose-Headers", "*");
}

static void very_permissive_allows_credentials_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res =
        ask(f, cairn_cors_very_permissive(), preflight_by(f, "http://a"));
    assert_field(res, LONG "Origin", "http://a");
    assert_field(res, LONG "Methods", "PUT");
    assert_field(res, LONG "Headers", "x-a,x-b");
    assert_field(res, LONG "Credentials", "true");
    assert_vary(res, "Origin " ASKED_METHOD " " ASKED_HEADERS);
}

static void counts_the_origins_that_are_not_allowed(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_apply(
        cairn_cors(.origins = "http://a, http://b"), cairn_http_handler(answer, NULL));
    fixture_ask(f, service, asked_by(f, "http://a"));
    fixture_ask(f, service, asked_by(f, NULL));
    assert_int_equal(fixture_number(service, "refused"), 0);
    fixture_ask(f, service, asked_by(f, "http://c"));
    struct cairn_service *copy = cairn_service_clone(service);
    fixture_ask(f, copy, preflight_by(f, "http://c"));
    assert_int_equal(fixture_number(service, "refused"), 2);
    assert_int_equal(fixture_number(service, "preflights"), 1);
    cairn_service_drop(copy);
    cairn_service_drop(service);
}

/* Allows http://a, refuses http://b, fails with http://c; after CX milliseconds. */
struct late {
    struct cairn_future inner;
    char verdict;
};

static enum cairn_poll late_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct late *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p)
        return p;
    if (self->verdict == 'c') {
        out->error = cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "broken");
        return CAIRN_FAILED;
    }
    out->value = self->verdict == 'a' ? self : NULL;
    return CAIRN_READY;
}

static struct cairn_future allows_late(
    void *cx, struct cairn_str origin, const struct cairn_http_request *req)
{
    static const struct cairn_future_ops ops = {
        .name = "late", .size = sizeof(struct late), .poll = late_poll, .wraps = true};
    const uint64_t *after_ms = cx;
    struct late late = {*after_ms ? cairn_sleep(*after_ms) : cairn_future_ready(NULL),
        origin.data[origin.length - 1]};
    assert_non_null(req);
    return cairn_future_wrap(&ops, &late);
}

static void a_function_may_choose_later(void **state)
{
    struct fixture *f = *state;
    uint64_t after_ms = 10;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_cors(.allows_later = allows_late, .cx = &after_ms));
    struct cairn_future future = fixture_send(f, service, asked_by(f, "http://a"));
    fixture_respond(f, NULL);
    assert_pending(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 10);
    cairn_service_drop(service);
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_field(res, LONG "Origin", "http://a");
    assert_vary(res, "Origin");
}

static void a_function_that_chooses_later_may_choose_at_once(void **state)
{
    struct fixture *f = *state;
    uint64_t after_ms = 0;
    struct cairn_layer layer = cairn_cors(.allows_later = allows_late, .cx = &after_ms);
    assert_field(ask(f, layer, asked_by(f, "http://a")), LONG "Origin", "http://a");
    assert_field(ask(f, layer, preflight_by(f, "http://a")), LONG "Origin", "http://a");
    assert_field(ask(f, layer, asked_by(f, "http://b")), LONG "Origin", NULL);
    assert_field(ask(f, layer, asked_by(f, NULL)), LONG "Origin", NULL);
    assert_vary(ask(f, layer, asked_by(f, NULL)), "Origin");
}

static void a_preflight_waits_for_the_choice(void **state)
{
    struct fixture *f = *state;
    uint64_t after_ms = 10;
    struct cairn_service *service = fixture_around_mock(
        f, cairn_cors(.allows_later = allows_late, .cx = &after_ms, .methods = "PUT"));
    struct cairn_future future = fixture_send(f, service, preflight_by(f, "http://a"));
    assert_pending(f, &future);
    assert_null(cairn_mock_next_request(f->mock));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 10);
    assert_field(fixture_response(f, &future), LONG "Methods", "PUT");
    cairn_service_drop(service);
}

static void a_choice_that_fails_is_a_refusal(void **state)
{
    struct fixture *f = *state;
    uint64_t after_ms = 10;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_cors(.allows_later = allows_late, .cx = &after_ms));
    struct cairn_future future = fixture_send(f, service, asked_by(f, "http://c"));
    fixture_respond(f, NULL);
    assert_pending(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 10);
    assert_field(fixture_response(f, &future), LONG "Origin", NULL);
    assert_int_equal(fixture_number(service, "refused"), 1);
    assert_int_equal(fixture_number(service, "failed"), 1);
    cairn_service_drop(service);
}

static void a_choice_that_is_waited_for_goes_with_the_call(void **state)
{
    struct fixture *f = *state;
    uint64_t after_ms = 10;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_cors(.allows_later = allows_late, .cx = &after_ms));
    struct cairn_future future = fixture_send(f, service, asked_by(f, "http://a"));
    struct cairn_future preflight = fixture_send(f, service, preflight_by(f, "http://a"));
    assert_pending(f, &future);
    assert_pending(f, &preflight);
    cairn_future_drop(&future);
    cairn_future_drop(&preflight);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    cairn_service_drop(service);
}

static void passes_errors_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_cors_permissive());
    struct cairn_future future = fixture_send(f, service, asked_by(f, "http://a"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static void outlives_its_options(void **state)
{
    struct fixture *f = *state;
    char origins[] = "http://a, http://b";
    char expose[] = "ETag";
    struct cairn_service *service =
        fixture_around_mock(f, cairn_cors(.origins = origins, .expose = expose));
    memset(origins, '!', sizeof(origins) - 1);
    memset(expose, '!', sizeof(expose) - 1);
    struct cairn_future future = fixture_send(f, service, asked_by(f, "http://b"));
    cairn_service_drop(service);
    fixture_respond(f, NULL);
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_field(res, LONG "Origin", "http://b");
    assert_field(res, "Access-Control-Expose-Headers", "ETag");
}

static struct cairn_http_request *asked_by_b(struct fixture *f)
{
    return asked_by(f, "http://b");
}

static size_t asked_length;

static struct cairn_http_request *preflight_by_b(struct fixture *f)
{
    static const char names[] = "x-0123456789abcdef";
    struct cairn_http_request *req = preflight_by(f, "http://b");
    cairn_http_fields_set(
        &req->fields, CAIRN_STR(ASKED_HEADERS), cairn_str_of(names, asked_length));
    return req;
}

static void fails_whichever_memory_is_missing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_apply(
        cairn_cors(.origins = "http://a, http://b", .expose = "ETag", .credentials = true,
            .mirror = CAIRN_CORS_MIRROR_METHODS | CAIRN_CORS_MIRROR_HEADERS, .max_age_s = 60,
            .private_network = true),
        cairn_http_handler(answer, NULL));
    assert_whole_or_failed(f, service, asked_by_b, 5);
    for (asked_length = 1; asked_length <= 16; asked_length++)
        assert_whole_or_failed(f, service, preflight_by_b, 9);
    cairn_service_drop(service);
}

static void gives_the_answer_back_that_it_cannot_edit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_cors(.origins = "*"));
    struct cairn_future future = fixture_send(f, service, asked_by_b(f));
    hunger_respond_starving(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void needs_one_way_to_choose_an_origin(void **state)
{
    struct fixture *f = *state;
    static const char message[] =
        "origins or allows or allows_later or CAIRN_CORS_MIRROR_ORIGIN must be set, one of them";
    assert_invalid(f, cairn_cors_layer(NULL), message);
    assert_invalid(f, cairn_cors(.methods = "PUT"), message);
    assert_invalid(f, cairn_cors(.origins = "*", .allows = allows), message);
    assert_invalid(f, cairn_cors(.allows_later = allows_late, .allows = allows), message);
    assert_invalid(f, cairn_cors(.allows = allows, .mirror = CAIRN_CORS_MIRROR_ORIGIN), message);
}

static void refuses_credentials_with_a_wildcard(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_cors(.origins = "*", .credentials = true),
        "origins must not be \"*\" with credentials: a browser refuses that");
    assert_invalid(f, cairn_cors(.origins = "http://a", .methods = "*", .credentials = true),
        "methods must not be \"*\" with credentials: a browser refuses that");
    assert_invalid(f, cairn_cors(.origins = "http://a", .headers = "*", .credentials = true),
        "headers must not be \"*\" with credentials: a browser refuses that");
    assert_invalid(f, cairn_cors(.origins = "http://a", .expose = "*", .credentials = true),
        "expose must not be \"*\" with credentials: a browser refuses that");
}

static void refuses_lists_of_something_else(void **state)
{
    struct fixture *f = *state;
    static const char origins[] =
        "origins must be \"*\" or of the form scheme://host[:port], separated by commas: lower "
        "case, no path, no wildcard, no default port";
    assert_invalid(f, cairn_cors(.origins = ""), origins);
    assert_invalid(f, cairn_cors(.origins = "https://a/"), origins);
    assert_invalid(f, cairn_cors(.origins = "https://a, *"), origins);
    assert_invalid(f, cairn_cors(.origins = "https://*.a"), origins);
    assert_invalid(f, cairn_cors(.origins = "https://a\r\nX: y"), origins);
    assert_invalid(f, cairn_cors(.origins = "*", .methods = "PUT, *"),
        "methods must be \"*\" or names, separated by commas");
    assert_invalid(f, cairn_cors(.origins = "*", .headers = ""),
        "headers must be \"*\" or names, separated by commas");
    assert_invalid(f, cairn_cors(.origins = "*", .expose = "ETag\r\nX: y"),
        "expose must be \"*\" or names, separated by commas");
}

static void refuses_what_does_not_go_together_or_is_out_of_range(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f,
        cairn_cors(.origins = "*", .methods = "PUT", .mirror = CAIRN_CORS_MIRROR_METHODS),
        "methods and its mirror exclude each other");
    assert_invalid(f,
        cairn_cors(.origins = "*", .headers = "X-A", .mirror = CAIRN_CORS_MIRROR_HEADERS),
        "headers and its mirror exclude each other");
    assert_invalid(
        f, cairn_cors(.origins = "*", .mirror = 8), "mirror must be of enum cairn_cors_mirror");
    assert_invalid(
        f, cairn_cors(.origins = "*", .max_age_s = 86401), "max_age_s must be -1 to 86400");
    assert_invalid(f, cairn_cors(.origins = "*", .max_age_s = -2), "max_age_s must be -1 to 86400");
    assert_invalid(f, cairn_cors(.origins = "*", .max_age_s = 1, .max_age = age_of),
        "max_age_s and max_age exclude each other");
}

static void refuses_what_is_not_http_and_to_be_built_without_memory(void **state)
{
    assert_needs_http(cairn_cors_permissive());
    assert_refused_without_memory(*state, cairn_cors_permissive(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(any_origin_is_sent_whoever_asks),
        fixture_test(a_single_origin_is_sent_whoever_asks),
        fixture_test(of_a_list_the_one_that_asks_is_sent),
        fixture_test(an_origin_outside_of_the_list_gets_no_field_but_its_answer),
        fixture_test(a_function_may_choose),
        fixture_test(the_origin_may_be_mirrored),
        fixture_test(what_inner_says_of_it_is_replaced),
        fixture_test(vary_has_what_inner_says_too_and_nothing_twice),
        fixture_test(a_preflight_is_answered_by_an_empty_200_and_not_passed_on),
        fixture_test(a_preflight_gives_the_room_back_that_it_was_promised),
        fixture_test(other_options_requests_are_passed_on),
        fixture_test(a_preflight_of_another_origin_is_told_nothing),
        fixture_test(methods_and_headers_may_be_any),
        fixture_test(methods_and_headers_may_be_mirrored),
        fixture_test(nothing_is_mirrored_that_was_not_asked_for),
        fixture_test(max_age_may_be_a_constant),
        fixture_test(max_age_may_be_computed_and_is_brought_into_range),
        fixture_test(a_private_network_is_opened_to_who_asks_for_it),
        fixture_test(permissive_allows_all_but_credentials),
        fixture_test(very_permissive_allows_credentials_too),
        fixture_test(counts_the_origins_that_are_not_allowed),
        fixture_test(a_function_may_choose_later),
        fixture_test(a_function_that_chooses_later_may_choose_at_once),
        fixture_test(a_preflight_waits_for_the_choice),
        fixture_test(a_choice_that_fails_is_a_refusal),
        fixture_test(a_choice_that_is_waited_for_goes_with_the_call),
        fixture_test(passes_errors_on),
        fixture_test(outlives_its_options),
        fixture_test(fails_whichever_memory_is_missing),
        fixture_test(gives_the_answer_back_that_it_cannot_edit),
        fixture_test(needs_one_way_to_choose_an_origin),
        fixture_test(refuses_credentials_with_a_wildcard),
        fixture_test(refuses_lists_of_something_else),
        fixture_test(refuses_what_does_not_go_together_or_is_out_of_range),
        fixture_test(refuses_what_is_not_http_and_to_be_built_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
