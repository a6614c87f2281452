#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>

#include "app.h"
#include "memory_repository.h"

/* The whole app of one worker, called without a socket. */
struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_harness harness;
    struct cairn_arena *arena;
    struct config config;
    struct app app;
    struct cairn_service *service;
};

static const char *no_setting(void *cx, const char *name)
{
    (void)cx;
    (void)name;
    return NULL;
}

static void build(struct fixture *fixture, struct user_repository *store)
{
    struct cairn_http_worker worker = {.count = 1, .runtime = fixture->runtime};
    fixture->app = (struct app){.config = &fixture->config, .store = store};
    fixture->service = app_new(&fixture->app, &worker);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    fixture.runtime = cairn_test_runtime_new(&fixture.clock);
    fixture.arena = cairn_arena_new(NULL);
    cairn_harness_init(&fixture.harness, fixture.runtime);
    assert_null(config_read(&fixture.config, no_setting, NULL));
    build(&fixture, memory_repository_new());
    *state = &fixture;
    return cairn_service_error(fixture.service) ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cairn_service_drop(fixture->service);
    user_repository_close(fixture->app.store);
    cairn_harness_fini(&fixture->harness);
    cairn_arena_free(fixture->arena);
    cairn_runtime_free(fixture->runtime);
    return 0;
}

static struct cairn_future start(struct fixture *fixture, struct cairn_http_request *req)
{
    struct cairn_error *error = NULL;
    enum cairn_poll p = cairn_harness_poll_ready(&fixture->harness, fixture->service, &error);
    assert_int_equal(p, CAIRN_READY);
    return cairn_service_call(fixture->service, req);
}

static struct cairn_http_response *finish(struct fixture *fixture, struct cairn_future future)
{
    union cairn_outcome out;
    assert_int_equal(cairn_block_on(fixture->runtime, future, &out), CAIRN_READY);
    return out.value;
}

static struct cairn_http_request *request(struct fixture *fixture, enum cairn_http_method method,
    const char *target, const char *type, const char *body)
{
    struct cairn_http_request *req = cairn_http_request_new(fixture->arena, method, target);
    req->body = cairn_str_from(body);
    if (type)
        cairn_http_fields_add(&req->fields, CAIRN_STR("Content-Type"), cairn_str_from(type));
    return req;
}

static struct cairn_http_response *get(struct fixture *fixture, const char *target)
{
    return finish(fixture, start(fixture, request(fixture, CAIRN_HTTP_GET, target, NULL, NULL)));
}

static struct cairn_http_response *send(
    struct fixture *fixture, enum cairn_http_method method, const char *target, const char *body)
{
    return finish(
        fixture, start(fixture, request(fixture, method, target, "application/json", body)));
}

static struct cairn_http_response *post(struct fixture *fixture, const char *body)
{
    return send(fixture, CAIRN_HTTP_POST, "/users", body);
}

static struct cairn_str field(const struct cairn_http_response *res, const char *name)
{
    return cairn_http_fields_get(&res->fields, cairn_str_from(name));
}

static void assert_field(const struct cairn_http_response *res, const char *name, const char *value)
{
    assert_true(cairn_str_equal(field(res, name), cairn_str_from(value)));
}

static json_t *body_of(const struct cairn_http_response *res)
{
    json_t *json = json_loadb(res->body.data, res->body.length, 0, NULL);
    assert_non_null(json);
    return json;
}

static void assert_text(const json_t *json, const char *key, const char *expected)
{
    assert_string_equal(json_string_value(json_object_get(json, key)), expected);
}

/* A problem+json answer of STATUS whose errors are about FIELDS, in order: "name email ". */
static void assert_problem(
    const struct cairn_http_response *res, int status, const char *expected_fields)
{
    char fields[128] = "";
    size_t i;
    json_t *error;
    assert_int_equal(res->status, status);
    assert_field(res, "content-type", "application/problem+json");
    json_t *json = body_of(res);
    assert_int_equal(json_integer_value(json_object_get(json, "status")), status);
    assert_text(json, "title", cairn_http_reason(status));
    json_array_foreach(json_object_get(json, "errors"), i, error)
    {
        assert_true(json_string_length(json_object_get(error, "detail")) > 0);
        strcat(fields, json_string_value(json_object_get(error, "field")));
        strcat(fields, " ");
    }
    assert_string_equal(fields, expected_fields);
    json_decref(json);
}

static void assert_detail(const struct cairn_http_response *res, const char *part)
{
    json_t *json = body_of(res);
    assert_non_null(strstr(json_string_value(json_object_get(json, "detail")), part));
    json_decref(json);
}

#define ADA "{\"name\":\"Ada\",\"email\":\"ada@example.org\"}"
#define BOB "{\"name\":\"Bob\",\"email\":\"bob@example.org\"}"

static void a_post_makes_a_user_and_says_where_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_http_response *res = post(fixture, ADA);
    assert_int_equal(res->status, 201);
    assert_field(res, "location", "/users/1");
    assert_field(res, "content-type", "application/json");
    json_t *json = body_of(res);
    assert_int_equal(json_integer_value(json_object_get(json, "id")), 1);
    assert_text(json, "name", "Ada");
    assert_text(json, "email", "ada@example.org");
    assert_int_equal(json_string_length(json_object_get(json, "created_at")), 20);
    json_decref(json);
}

static void a_get_gives_what_was_posted(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_http_response *posted = post(fixture, ADA);
    struct cairn_http_response *res = get(fixture, "/users/1");
    assert_int_equal(res->status, 200);
    assert_true(cairn_str_equal(res->body, posted->body));
}

static void a_put_replaces_and_takes_what_was_got(void **state)
{
    struct fixture *fixture = *state;
    post(fixture, ADA);
    struct cairn_http_response *res = send(fixture, CAIRN_HTTP_PUT, "/users/1",
        "{\"id\":99,\"name\":\"Countess\",\"email\":\"ada@example.com\",\"created_at\":\"never\"}");
    assert_int_equal(res->status, 200);
    assert_null(field(res, "location").data);
    res = get(fixture, "/users/1");
    json_t *json = body_of(res);
    assert_int_equal(json_integer_value(json_object_get(json, "id")), 1);
    assert_text(json, "name", "Countess");
    assert_text(json, "email", "ada@example.com");
    json_decref(json);
}

static void a_deleted_user_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    post(fixture, ADA);
    struct cairn_http_response *res = send(fixture, CAIRN_HTTP_DELETE, "/users/1", NULL);
    assert_int_equal(res->status, 204);
    assert_int_equal(res->body.length, 0);
    assert_problem(get(fixture, "/users/1"), 404, "");
    assert_problem(send(fixture, CAIRN_HTTP_DELETE, "/users/1", NULL), 404, "");
    assert_problem(send(fixture, CAIRN_HTTP_PUT, "/users/1", ADA), 404, "");
}

static void what_is_no_id_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    const char *const targets[] = {"/users/abc", "/users/0", "/users/-1", "/users/1x",
        "/users/9223372036854775808", "/users/99999999999999999999999", "/users/%31%00"};
    post(fixture, ADA);
    for (size_t i = 0; i < 6; i++)
        assert_problem(get(fixture, targets[i]), 404, "");
    assert_int_equal(get(fixture, targets[6])->status, 400);
    assert_int_equal(get(fixture, "/users/%31")->status, 200);
}

static size_t ids_of(struct fixture *fixture, const char *target, int64_t *first, json_int_t *next)
{
    struct cairn_http_response *res = get(fixture, target);
    assert_int_equal(res->status, 200);
    json_t *json = body_of(res);
    const json_t *users = json_object_get(json, "users");
    size_t count = json_array_size(users);
    *first = json_integer_value(json_object_get(json_array_get(users, 0), "id"));
    *next = json_integer_value(json_object_get(json, "next"));
    json_decref(json);
    return count;
}

static void a_list_is_read_in_parts(void **state)
{
    struct fixture *fixture = *state;
    int64_t first;
    json_int_t next;
    for (int i = 1; i <= 25; i++) {
        struct cairn_str body = cairn_arena_printf(
            fixture->arena, "{\"name\":\"User %d\",\"email\":\"u%d@example.org\"}", i, i);
        assert_int_equal(post(fixture, body.data)->status, 201);
    }
    assert_int_equal(ids_of(fixture, "/users", &first, &next), 20);
    assert_int_equal(next, 20);
    assert_int_equal(ids_of(fixture, "/users?after=20", &first, &next), 5);
    assert_int_equal(first, 21);
    assert_int_equal(next, 0);
    assert_int_equal(ids_of(fixture, "/users?limit=2&after=3&x=y", &first, &next), 2);
    assert_int_equal(first, 4);
    assert_int_equal(next, 5);
    assert_int_equal(ids_of(fixture, "/users?limit=100", &first, &next), 25);
    assert_int_equal(ids_of(fixture, "/users?after=99", &first, &next), 0);
}

static void a_bad_query_is_answered_with_every_violation(void **state)
{
    struct fixture *fixture = *state;
    assert_problem(get(fixture, "/users?limit=0"), 400, "limit ");
    assert_problem(get(fixture, "/users?limit=101"), 400, "limit ");
    assert_problem(get(fixture, "/users?limit="), 400, "limit ");
    assert_problem(get(fixture, "/users?limit"), 400, "limit ");
    assert_problem(get(fixture, "/users?after=-1"), 400, "after ");
    assert_problem(get(fixture, "/users?limit=x&after=y"), 400, "after limit ");
}

static void a_bad_user_is_answered_with_every_violation(void **state)
{
    struct fixture *fixture = *state;
    assert_problem(post(fixture, "{}"), 422, "name email ");
    assert_problem(post(fixture, "{\"name\":1,\"email\":null}"), 422, "name email ");
    assert_problem(post(fixture, "{\"name\":\"\",\"email\":\"ada@example.org\"}"), 422, "name ");
    assert_problem(post(fixture, "{\"name\":\"Ada\",\"email\":\"ada\"}"), 422, "email ");
    assert_problem(post(fixture, "[]"), 422, "");
    assert_detail(post(fixture, "[]"), "JSON object");
    post(fixture, ADA);
    assert_problem(send(fixture, CAIRN_HTTP_PUT, "/users/1", "{}"), 422, "name email ");
}

static void broken_json_is_answered_with_its_position(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_http_response *res = post(fixture, "{\"name\": \"Ada\",\n \"email\": }");
    assert_problem(res, 400, "");
    assert_detail(res, "line 2, column 11");
    assert_problem(post(fixture, NULL), 400, "");
    assert_problem(post(fixture, "{\"name\":\"Ada\"} x"), 400, "");
    assert_problem(post(fixture, "{\"name\":\"a\\u0000b\",\"email\":\"a@b.c\"}"), 400, "");
    assert_problem(post(fixture, "{\"name\":\"a\",\"name\":\"b\",\"email\":\"a@b.c\"}"), 400, "");
    assert_problem(post(fixture, "{\"name\":\"\xff\",\"email\":\"a@b.c\"}"), 400, "");
}

static void a_body_that_is_not_json_is_not_read(void **state)
{
    struct fixture *fixture = *state;
    const char *const bad[] = {NULL, "text/plain", "application/jsonx", "application/json-patch",
        "text/plain; a=application/json"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_problem(finish(fixture, start(fixture, request(fixture, CAIRN_HTTP_POST, "/users",
                                                          bad[i], ADA))),
            415, "");
    struct cairn_http_response *res = finish(fixture,
        start(fixture,
            request(fixture, CAIRN_HTTP_POST, "/users", "Application/JSON ; charset=utf-8", ADA)));
    assert_int_equal(res->status, 201);
}

static void an_email_that_is_taken_is_a_conflict(void **state)
{
    struct fixture *fixture = *state;
    post(fixture, ADA);
    post(fixture, BOB);
    assert_problem(post(fixture, ADA), 409, "email ");
    assert_problem(send(fixture, CAIRN_HTTP_PUT, "/users/2", ADA), 409, "email ");
}

static void other_paths_and_methods_are_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_problem(get(fixture, "/"), 404, "");
    assert_problem(get(fixture, "/users/1/x"), 404, "");
    assert_problem(send(fixture, CAIRN_HTTP_PATCH, "/users/1", ADA), 405, "");
    assert_int_equal(get(fixture, "/healthz")->status, 200);
}

static void every_answer_has_the_headers_of_the_stack(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_http_response *answers[] = {get(fixture, "/healthz"), get(fixture, "/users/1")};
    for (size_t i = 0; i < 2; i++) {
        assert_field(answers[i], "x-content-type-options", "nosniff");
        assert_true(field(answers[i], "x-request-id").length > 0);
    }
}

/* A repository that takes an hour for everything; but the user 13 is always busy. */
static struct cairn_future stuck_find_by_id(struct user_repository *self, int64_t id)
{
    static struct cairn_error busy =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "stuck", "the database is locked");
    (void)self;
    return id == 13 ? cairn_future_failed(&busy) : cairn_sleep(3600000);
}

static struct cairn_future stuck_save(struct user_repository *self, const struct user *user)
{
    (void)user;
    return stuck_find_by_id(self, 0);
}

static struct cairn_future stuck_list(struct user_repository *self, int64_t after, size_t limit)
{
    (void)limit;
    return stuck_find_by_id(self, after);
}

static void stuck_describe(const struct user_repository *self, struct cairn_describe *d)
{
    cairn_describe_text(d, "is", self->ops->name);
}

static void stuck_close(struct user_repository *self)
{
    (void)self;
}

static const struct user_repository_ops stuck_ops = {
    .name = "stuck",
    .find_by_id = stuck_find_by_id,
    .save = stuck_save,
    .list = stuck_list,
    .delete_by_id = stuck_find_by_id,
    .describe = stuck_describe,
    .close = stuck_close,
};

static struct user_repository stuck = {&stuck_ops};

static int set_up_stuck(void **state)
{
    int rc = set_up(state);
    struct fixture *fixture = *state;
    cairn_service_drop(fixture->service);
    user_repository_close(fixture->app.store);
    fixture->config.max_concurrency = 1;
    build(fixture, &stuck);
    return rc;
}

static void a_request_over_the_limit_is_refused_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_http_request *req = request(fixture, CAIRN_HTTP_GET, "/users/1", NULL, NULL);
    struct cairn_future first = start(fixture, req);
    struct cairn_http_response *res = get(fixture, "/users/2");
    assert_problem(res, 503, "");
    assert_field(res, "retry-after", "1");
    cairn_future_drop(&first);
    assert_int_equal(get(fixture, "/healthz")->status, 200);
}

/* Lets time pass until the answer of TARGET is there, but no longer than its timeout. */
static struct cairn_http_response *get_in_time(struct fixture *fixture, const char *target)
{
    union cairn_outcome out;
    struct cairn_future future =
        start(fixture, request(fixture, CAIRN_HTTP_GET, target, NULL, NULL));
    enum cairn_poll p = cairn_harness_poll(&fixture->harness, &future, &out);
    for (unsigned ms = 0; p && ms < fixture->config.request_timeout_ms; ms++) {
        cairn_test_clock_advance_ms(&fixture->clock, fixture->runtime, 1);
        if (cairn_harness_is_woken(&fixture->harness))
            p = cairn_harness_poll(&fixture->harness, &future, &out);
    }
    assert_int_equal(p, CAIRN_READY);
    return out.value;
}

static void a_repository_that_does_not_answer_is_a_timeout(void **state)
{
    struct fixture *fixture = *state;
    assert_problem(get_in_time(fixture, "/users/1"), 504, "");
}

static void a_repository_that_stays_busy_is_unavailable_for_now(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_http_response *res = get_in_time(fixture, "/users/13");
    assert_problem(res, 503, "");
    assert_field(res, "retry-after", "1");
}

static void the_printed_stack_has_every_layer_and_the_repository(void **state)
{
    struct fixture *fixture = *state;
    const char *const names[] = {"request_id", "set_header", "error_to_response", "load_shed",
        "concurrency_limit", "rate_limit", "timeout", "users", "retry", "repository", "memory"};
    char text[8192] = "";
    get(fixture, "/users/1");
    FILE *out = fmemopen(text, sizeof(text), "w");
    cairn_stack_print(fixture->service, out);
    fclose(out);
    const char *place = text;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        place = strstr(place, names[i]);
        assert_non_null(place);
    }
}

/* Each request with one allocation failing anywhere. */
static void requests_of_every_kind(void *cx)
{
    struct fixture fixture = {0};
    (void)cx;
    cairn_test_alloc_exempt(true);
    fixture.runtime = cairn_test_runtime_new(&fixture.clock);
    fixture.arena = cairn_arena_new(NULL);
    cairn_harness_init(&fixture.harness, fixture.runtime);
    assert_null(config_read(&fixture.config, no_setting, NULL));
    struct user_repository *store = memory_repository_new();
    struct cairn_http_request *requests[] = {
        request(&fixture, CAIRN_HTTP_POST, "/users", "application/json", ADA),
        request(&fixture, CAIRN_HTTP_GET, "/users/1", NULL, NULL),
        request(&fixture, CAIRN_HTTP_GET, "/users?limit=3", NULL, NULL),
        request(&fixture, CAIRN_HTTP_PUT, "/users/1", "application/json", "{}"),
        request(&fixture, CAIRN_HTTP_DELETE, "/users/1", NULL, NULL),
    };
    cairn_test_alloc_exempt(false);
    build(&fixture, store);
    for (size_t i = 0; i < 5 && !cairn_service_error(fixture.service); i++) {
        union cairn_outcome out;
        struct cairn_future future = start(&fixture, requests[i]);
        if (cairn_block_on(fixture.runtime, future, &out) == CAIRN_FAILED) {
            assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
            cairn_error_unref(out.error);
        }
    }
    cairn_service_drop(fixture.service);
    user_repository_close(store);
    cairn_harness_fini(&fixture.harness);
    cairn_arena_free(fixture.arena);
    cairn_runtime_free(fixture.runtime);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    json_set_alloc_funcs(cairn_alloc, cairn_free);
    assert_true(cairn_test_each_allocation(requests_of_every_kind, NULL) > 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_post_makes_a_user_and_says_where_it_is),
        TEST(a_get_gives_what_was_posted),
        TEST(a_put_replaces_and_takes_what_was_got),
        TEST(a_deleted_user_is_not_found),
        TEST(what_is_no_id_is_not_found),
        TEST(a_list_is_read_in_parts),
        TEST(a_bad_query_is_answered_with_every_violation),
        TEST(a_bad_user_is_answered_with_every_violation),
        TEST(broken_json_is_answered_with_its_position),
        TEST(a_body_that_is_not_json_is_not_read),
        TEST(an_email_that_is_taken_is_a_conflict),
        TEST(other_paths_and_methods_are_refused),
        TEST(every_answer_has_the_headers_of_the_stack),
        cmocka_unit_test_setup_teardown(
            a_request_over_the_limit_is_refused_at_once, set_up_stuck, tear_down),
        cmocka_unit_test_setup_teardown(
            a_repository_that_does_not_answer_is_a_timeout, set_up_stuck, tear_down),
        cmocka_unit_test_setup_teardown(
            a_repository_that_stays_busy_is_unavailable_for_now, set_up_stuck, tear_down),
        TEST(the_printed_stack_has_every_layer_and_the_repository),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
