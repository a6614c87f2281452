#include "http_fixture.h"

#include <cairn/http/layers/conditional.h>

#include <unistd.h>

#include <cairn/service/stream.h>

#define MODIFIED "Sun, 06 Nov 1994 08:49:37 GMT"

/* XXH3-128 of "fine", as xxhsum -H2 prints it. */
#define FINE_TAG "\"64497e1501e4c700935f75ce25648248\""

struct answer {
    const char *body;
    const char *etag;
    const char *modified;
    int status;
    bool is_stream;
};

static enum cairn_poll endless_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    (void)state, (void)cx, (void)out;
    return CAIRN_PENDING;
}

static unsigned drops;

static void endless_drop(void *state)
{
    (void)state;
    drops++;
}

static const struct cairn_stream_ops endless_ops = {
    .name = "endless", .size = 8, .poll_next = endless_poll, .drop = endless_drop};

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    const struct answer *a = state;
    struct cairn_http_response *res =
        a->is_stream
            ? cairn_http_stream(
                  req, 200, "text/plain", cairn_stream_box(&endless_ops, &(uint64_t){0}), -1)
            : cairn_http_text(req, a->status ? a->status : 200, a->body ? a->body : "fine");
    assert_non_null(res);
    if (a->etag)
        assert_int_equal(cairn_http_response_set(res, "ETag", a->etag), 0);
    if (a->modified)
        assert_int_equal(cairn_http_response_set(res, "Last-Modified", a->modified), 0);
    assert_int_equal(cairn_http_response_set(res, "X-Kept", "yes"), 0);
    assert_int_equal(cairn_http_response_set(res, "Content-Language", "en"), 0);
    return res;
}

static struct cairn_http_response *ask_with(struct fixture *f, struct cairn_layer layer,
    const struct answer *a, enum cairn_http_method method, const char *name, const char *value)
{
    struct cairn_service *service =
        fixture_apply(layer, cairn_http_handler(answer, (void *)(uintptr_t)a));
    struct cairn_http_request *req = fixture_request(f, "/");
    req->method = method;
    if (name)
        fixture_add_field(req, name, value);
    struct cairn_http_response *res = fixture_ask(f, service, req);
    cairn_service_drop(service);
    return res;
}

static struct cairn_http_response *ask(
    struct fixture *f, const struct answer *a, const char *name, const char *value)
{
    return ask_with(f, cairn_conditional(), a, CAIRN_HTTP_GET, name, value);
}

static void assert_bare(const struct cairn_http_response *res, int status)
{
    assert_int_equal(res->status, status);
    assert_int_equal(res->body.length, 0);
    assert_true(cairn_stream_is_empty(&res->stream));
    assert_null(fixture_field(res, "Content-Type").data);
    assert_null(fixture_field(res, "Content-Language").data);
    assert_str(fixture_field(res, "X-Kept"), "yes");
}

static void assert_whole(const struct cairn_http_response *res)
{
    assert_int_equal(res->status, 200);
    assert_str(res->body, "fine");
    assert_non_null(fixture_field(res, "Content-Type").data);
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_conditional(), (struct cairn_contract_options){0});
}

static void gives_each_body_a_tag_of_its_own_that_is_always_the_same(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = ask(f, &(struct answer){0}, NULL, NULL);
    assert_whole(res);
    assert_str(fixture_field(res, "ETag"), FINE_TAG);
    struct cairn_http_response *other = ask(f, &(struct answer){.body = "fine!"}, NULL, NULL);
    assert_false(cairn_str_equal(fixture_field(other, "ETag"), fixture_field(res, "ETag")));
    struct cairn_http_response *empty = ask(f, &(struct answer){.body = ""}, NULL, NULL);
    assert_int_equal(fixture_field(empty, "ETag").length, strlen(FINE_TAG));
}

static void the_seed_changes_the_tag(void **state)
{
    struct cairn_http_response *res = ask_with(
        *state, cairn_conditional(.seed = 1), &(struct answer){0}, CAIRN_HTTP_GET, NULL, NULL);
    assert_false(cairn_str_equal(fixture_field(res, "ETag"), CAIRN_STR(FINE_TAG)));
    assert_int_equal(fixture_field(res, "ETag").length, strlen(FINE_TAG));
}

static void a_weak_tag_says_so(void **state)
{
    struct cairn_http_response *res = ask_with(*state, cairn_conditional(.is_weak = true),
        &(struct answer){0}, CAIRN_HTTP_GET, NULL, NULL);
    assert_str(fixture_field(res, "ETag"), "W/" FINE_TAG);
}

static void answers_304_to_who_has_the_body(void **state)
{
    struct fixture *f = *state;
    const struct answer a = {0};
    struct cairn_http_response *res = ask(f, &a, "If-None-Match", "\"x\", " FINE_TAG);
    assert_bare(res, 304);
    assert_str(fixture_field(res, "ETag"), FINE_TAG);
    assert_bare(ask(f, &a, "If-None-Match", "W/" FINE_TAG), 304);
    assert_bare(ask(f, &a, "If-None-Match", "*"), 304);
    assert_whole(ask(f, &a, "If-None-Match", "\"x\""));
    assert_bare(
        ask_with(f, cairn_conditional(), &a, CAIRN_HTTP_HEAD, "If-None-Match", FINE_TAG), 304);
}

static void answers_412_where_the_match_is_lost(void **state)
{
    struct fixture *f = *state;
    const struct answer a = {.modified = MODIFIED};
    assert_bare(ask(f, &a, "If-Match", "\"x\""), 412);
    assert_whole(ask(f, &a, "If-Match", FINE_TAG));
    assert_bare(ask(f, &a, "If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"), 412);
    assert_whole(ask(f, &a, "If-Unmodified-Since", MODIFIED));
}

static void heeds_the_answers_own_validators(void **state)
{
    struct fixture *f = *state;
    const struct answer a = {.etag = "\"own\"", .modified = MODIFIED};
    struct cairn_http_response *res = ask(f, &a, NULL, NULL);
    assert_str(fixture_field(res, "ETag"), "\"own\"");
    res = ask(f, &a, "If-None-Match", "\"own\"");
    assert_bare(res, 304);
    assert_str(fixture_field(res, "ETag"), "\"own\"");
    assert_str(fixture_field(res, "Last-Modified"), MODIFIED);
    assert_bare(ask(f, &a, "If-Modified-Since", MODIFIED), 304);
    assert_whole(ask(f, &a, "If-None-Match", FINE_TAG));
}

static void a_tag_that_is_malformed_stays_and_matches_nothing(void **state)
{
    struct fixture *f = *state;
    const struct answer a = {.etag = "own"};
    struct cairn_http_response *res = ask(f, &a, "If-None-Match", "own");
    assert_whole(res);
    assert_str(fixture_field(res, "ETag"), "own");
}

static void a_stream_passes_unless_it_carries_a_tag(void **state)
{
    struct fixture *f = *state;
    drops = 0;
    struct cairn_http_response *res =
        ask(f, &(struct answer){.is_stream = true}, "If-None-Match", "*");
    assert_int_equal(res->status, 200);
    assert_null(fixture_field(res, "ETag").data);
    assert_int_equal(drops, 0);
    res = ask(f, &(struct answer){.is_stream = true, .etag = "\"s\""}, "If-None-Match", "\"s\"");
    assert_bare(res, 304);
    assert_int_equal(drops, 1);
}

static struct cairn_http_response *answer_file(struct cairn_http_request *req, void *state)
{
    struct cairn_http_response *res = cairn_http_file(req, 200, "text/plain", dup(0), 0, 1);
    (void)state;
    if (res && cairn_http_response_set(res, "ETag", "\"f\""))
        return NULL;
    return res;
}

static void a_file_that_is_known_is_not_sent(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_apply(cairn_conditional(), cairn_http_handler(answer_file, NULL));
    struct cairn_http_response *res = fixture_ask(f, service, fixture_request(f, "/"));
    assert_int_equal(res->status, 200);
    assert_non_null(res->file);
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "If-None-Match", "\"f\"");
    res = fixture_ask(f, service, req);
    assert_int_equal(res->status, 304);
    assert_null(res->file);
    cairn_service_drop(service);
}

static void other_methods_and_other_answers_pass(void **state)
{
    struct fixture *f = *state;
    const struct answer a = {0};
    struct cairn_http_response *res =
        ask_with(f, cairn_conditional(), &a, CAIRN_HTTP_PUT, "If-Match", "\"x\"");
    assert_whole(res);
    assert_null(fixture_field(res, "ETag").data);
    res = ask(f, &(struct answer){.status = 404}, "If-Match", "\"x\"");
    assert_int_equal(res->status, 404);
    assert_null(fixture_field(res, "ETag").data);
}

static void a_head_without_a_body_gets_no_tag(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = ask_with(f, cairn_conditional(), &(struct answer){.body = ""},
        CAIRN_HTTP_HEAD, "If-None-Match", "\"x\"");
    assert_int_equal(res->status, 200);
    assert_null(fixture_field(res, "ETag").data);
    res = ask_with(
        f, cairn_conditional(), &(struct answer){0}, CAIRN_HTTP_HEAD, "If-None-Match", "\"x\"");
    assert_str(fixture_field(res, "ETag"), FINE_TAG);
}

static void large_bodies_are_not_hashed(void **state)
{
    struct fixture *f = *state;
    const struct answer a = {0};
    assert_null(fixture_field(
        ask_with(f, cairn_conditional(.max_bytes = 3), &a, CAIRN_HTTP_GET, NULL, NULL), "ETag")
                    .data);
    assert_non_null(fixture_field(
        ask_with(f, cairn_conditional(.max_bytes = 4), &a, CAIRN_HTTP_GET, NULL, NULL), "ETag")
                        .data);
}

static void counts_in_all_copies_and_tells_its_limit(void **state)
{
    struct fixture *f = *state;
    const struct answer a = {0};
    struct cairn_service *service =
        fixture_apply(cairn_conditional(), cairn_http_handler(answer, (void *)(uintptr_t)&a));
    struct cairn_service *copy = cairn_service_clone(service);
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "If-None-Match", "*");
    fixture_ask(f, service, req);
    req = fixture_request(f, "/");
    fixture_add_field(req, "If-Match", "\"x\"");
    fixture_ask(f, copy, req);
    cairn_service_drop(service);
    assert_int_equal(fixture_number(copy, "tagged"), 2);
    assert_int_equal(fixture_number(copy, "not_modified"), 1);
    assert_int_equal(fixture_number(copy, "failed"), 1);
    assert_int_equal(fixture_number(copy, "max"), 1024 * 1024);
    cairn_service_drop(copy);
}

static void an_answer_that_comes_later_is_tagged_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_conditional());
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &future);
    cairn_service_drop(service);
    fixture_respond(f, NULL);
    assert_str(fixture_field(fixture_response(f, &future), "ETag"), FINE_TAG);
}

static void passes_errors_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_conditional());
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static void fails_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_conditional());
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    fixture_exhaust(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void is_not_built_without_memory(void **state)
{
    struct fixture *f = *state;
    for (size_t n = 1; n <= 2; n++) {
        struct cairn_layer layer = cairn_conditional_layer(NULL);
        struct cairn_service *inner = cairn_mock_service(f->mock);
        cairn_test_alloc_fail_at(n);
        struct cairn_service *broken = cairn_layer_apply(&layer, inner);
        assert_int_equal(cairn_service_error(broken)->code, CAIRN_ERROR_MEMORY);
        cairn_service_drop(broken);
    }
}

static void refuses_a_limit_out_of_range_and_what_is_not_http(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_conditional(.max_bytes = 1024u * 1024 * 1024 + 1),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "max_bytes must be 1 to 1073741824, got 1073741825");
    assert_needs_http(cairn_conditional());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(gives_each_body_a_tag_of_its_own_that_is_always_the_same),
        fixture_test(the_seed_changes_the_tag),
        fixture_test(a_weak_tag_says_so),
        fixture_test(answers_304_to_who_has_the_body),
        fixture_test(answers_412_where_the_match_is_lost),
        fixture_test(heeds_the_answers_own_validators),
        fixture_test(a_tag_that_is_malformed_stays_and_matches_nothing),
        fixture_test(a_stream_passes_unless_it_carries_a_tag),
        fixture_test(a_file_that_is_known_is_not_sent),
        fixture_test(other_methods_and_other_answers_pass),
        fixture_test(a_head_without_a_body_gets_no_tag),
        fixture_test(large_bodies_are_not_hashed),
        fixture_test(counts_in_all_copies_and_tells_its_limit),
        fixture_test(an_answer_that_comes_later_is_tagged_too),
        fixture_test(passes_errors_on),
        fixture_test(fails_without_memory),
        fixture_test(is_not_built_without_memory),
        fixture_test(refuses_a_limit_out_of_range_and_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
