#include "http_fixture.h"

#include <cairn/http/base64.h>
#include <cairn/http/layers/require_basic.h>
#include <cairn/service/sleep.h>

#define USER "ann"
#define PASSWORD "correct horse"
#define CHALLENGE "Basic realm=\"restricted\", charset=\"UTF-8\""

static struct cairn_http_response *greet(struct cairn_http_request *req, void *state)
{
    (void)state;
    const struct cairn_http_user *user = cairn_http_user(req);
    return cairn_http_text(req, 200, user ? user->name.data : "nobody");
}

static struct cairn_service *service_of(struct cairn_layer layer)
{
    return fixture_apply(layer, cairn_http_handler(greet, NULL));
}

static struct cairn_layer by_password(void)
{
    return cairn_require_basic(.user = USER, .password = PASSWORD);
}

/* PAIR is "user:password"; NULL: no field. */
static struct cairn_http_request *request_of(struct fixture *f, const char *pair)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    if (!pair)
        return req;
    struct cairn_str text = cairn_base64_encode_in(f->arena, CAIRN_BASE64, cairn_str_from(pair));
    fixture_add_field(
        req, "Authorization", cairn_arena_printf(f->arena, "Basic %s", text.data).data);
    return req;
}

static void assert_refuses(struct fixture *f, struct cairn_service *service, const char *pair)
{
    struct cairn_http_response *res = fixture_ask(f, service, request_of(f, pair));
    assert_int_equal(res->status, 401);
    assert_str(fixture_field(res, "WWW-Authenticate"), CHALLENGE);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
}

/* Takes the empty name; fails for "down"; lets in who has the same as password, with that as data.
 */
static struct cairn_error down = CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "test", "down");
static int data_of_user;

static struct cairn_future check_same(
    void *cx, struct cairn_http_request *req, struct cairn_str user, struct cairn_str password)
{
    assert_ptr_equal(cx, &data_of_user);
    if (cairn_str_equal(user, CAIRN_STR("down")))
        return cairn_future_failed(&down);
    if (!cairn_str_equal(user, password))
        return cairn_future_ready(NULL);
    const struct cairn_http_user *found = cairn_http_user_new(req, CAIRN_STR("same"), cx);
    return found ? cairn_future_ready((void *)(uintptr_t)found)
                 : cairn_future_failed(&cairn_error_no_memory);
}

struct late {
    struct cairn_future sleep;
    struct cairn_http_request *req;
    struct cairn_str user;
    struct cairn_str password;
};

static enum cairn_poll late_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct late *self = state;
    enum cairn_poll p = cairn_future_poll(&self->sleep, cx, out);
    if (p)
        return p;
    struct cairn_future verdict = check_same(&data_of_user, self->req, self->user, self->password);
    return cairn_future_poll(&verdict, cx, out);
}

static void late_drop(void *state)
{
    cairn_future_drop(&((struct late *)state)->sleep);
}

static struct cairn_future check_late(
    void *cx, struct cairn_http_request *req, struct cairn_str user, struct cairn_str password)
{
    static const struct cairn_future_ops ops = {
        .name = "late", .size = sizeof(struct late), .poll = late_poll, .drop = late_drop};
    (void)cx;
    return cairn_future_box(&ops, &(struct late){cairn_sleep(100), req, user, password});
}

static void *request_with_credentials(void *arena)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (!req || cairn_http_fields_add(&req->fields, CAIRN_STR("Authorization"),
                    CAIRN_STR("Basic YW5uOmNvcnJlY3QgaG9yc2U=")))
        return NULL;
    return req;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(
        by_password(), (struct cairn_contract_options){.new_request = request_with_credentials});
}

static void lets_in_who_knows_user_and_password(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(by_password());
    struct cairn_http_response *res = fixture_ask(f, service, request_of(f, USER ":" PASSWORD));
    assert_int_equal(res->status, 200);
    assert_str(res->body, USER);
    assert_int_equal(fixture_number(service, "passed"), 1);
    cairn_service_drop(service);
}

static void challenges_everybody_else(void **state)
{
    static const char *const pairs[] = {NULL, ":", USER, USER ":", ":" PASSWORD,
        USER ":" PASSWORD " ", USER ":Correct horse", "Ann:" PASSWORD, "bob:" PASSWORD,
        PASSWORD ":" USER, USER PASSWORD};
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, by_password());
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        assert_refuses(f, service, pairs[i]);
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(fixture_number(service, "refused"), sizeof(pairs) / sizeof(*pairs));
    cairn_service_drop(service);
}

static void challenges_what_is_malformed_or_twice(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(by_password());
    struct cairn_http_request *req = request_of(f, USER ":" PASSWORD);
    fixture_add_field(req, "Authorization", "Basic Og==");
    assert_int_equal(fixture_ask(f, service, req)->status, 401);
    req = fixture_request(f, "/");
    fixture_add_field(req, "Authorization", "Basic ?");
    assert_int_equal(fixture_ask(f, service, req)->status, 401);
    req = fixture_request(f, "/");
    fixture_add_field(req, "Authorization", "Basic");
    assert_int_equal(fixture_ask(f, service, req)->status, 401);
    cairn_service_drop(service);
}

static void the_realm_is_an_option(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        service_of(cairn_require_basic(.realm = "a \"b\"", .user = USER, .password = PASSWORD));
    assert_str(fixture_field(fixture_ask(f, service, request_of(f, NULL)), "WWW-Authenticate"),
        "Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"");
    cairn_service_drop(service);
}

static void a_check_of_ones_own_decides_and_names_the_user(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        service_of(cairn_require_basic(.check = check_same, .cx = &data_of_user));
    struct cairn_http_request *req = request_of(f, "x:x");
    assert_str(fixture_ask(f, service, req)->body, "same");
    assert_ptr_equal(cairn_http_user(req)->data, &data_of_user);
    req = request_of(f, "x:y");
    assert_int_equal(fixture_ask(f, service, req)->status, 401);
    assert_null(cairn_http_user(req));
    struct cairn_future future = fixture_send(f, service, request_of(f, "down:x"));
    assert_ptr_equal(fixture_failure(f, &future), &down);
    cairn_service_drop(service);
}

static void a_check_may_wait(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(cairn_require_basic(.check = check_late));
    struct cairn_future right = fixture_send(f, service, request_of(f, "x:x"));
    struct cairn_future wrong = fixture_send(f, service, request_of(f, "x:y"));
    assert_pending(f, &right);
    assert_pending(f, &wrong);
    assert_int_equal(fixture_number(service, "waiting"), 2);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    assert_str(fixture_response(f, &right)->body, "same");
    assert_int_equal(fixture_response(f, &wrong)->status, 401);
    cairn_service_drop(service);
}

static void a_user_found_outside_of_it_does_not_open_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(by_password());
    struct cairn_http_request *req = request_of(f, "bob:" PASSWORD);
    assert_int_equal(cairn_http_set_user(req, cairn_http_user_new(req, CAIRN_STR(USER), NULL)), 0);
    assert_int_equal(fixture_ask(f, service, req)->status, 401);
    cairn_service_drop(service);
}

static void copies_what_the_options_point_to(void **state)
{
    struct fixture *f = *state;
    char user[] = USER;
    char password[] = PASSWORD;
    struct cairn_service *service =
        service_of(cairn_require_basic(.user = user, .password = password));
    memset(user, 'x', sizeof(user) - 1);
    memset(password, 'x', sizeof(password) - 1);
    assert_int_equal(fixture_ask(f, service, request_of(f, USER ":" PASSWORD))->status, 200);
    cairn_service_drop(service);
}

static void says_neither_user_nor_password(void **state)
{
    struct fixture *f = *state;
    char text[1024] = "";
    FILE *file = fmemopen(text, sizeof(text), "w");
    struct cairn_service *service = service_of(by_password());
    fixture_ask(f, service, request_of(f, USER ":" PASSWORD));
    cairn_stack_print(service, file);
    fclose(file);
    assert_non_null(strstr(text, "require_basic"));
    assert_non_null(strstr(text, "restricted"));
    assert_null(strstr(text, USER));
    assert_null(strstr(text, PASSWORD));
    cairn_service_drop(service);
}

static void any_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(by_password());
    struct cairn_http_request *right = request_of(f, USER ":" PASSWORD);
    struct cairn_http_request *wrong = request_of(f, "x:y");
    fixture_exhaust(f);
    struct cairn_future future = fixture_send(f, service, right);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    fixture_exhaust(f);
    future = fixture_send(f, service, wrong);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    struct cairn_http_request *none = request_of(f, NULL);
    fixture_exhaust(f);
    future = fixture_send(f, service, none);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void refuse(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void refuses_options_that_let_in_nobody_or_anybody(void **state)
{
    static const char nobody[] = "user and password, or check, must be set";
    static const char user[] =
        "user must not be empty, and have no colon and no control characters";
    static const char password[] = "password must not be empty, and have no control characters";
    static const char realm[] =
        "realm must be a text without control characters and without a space at an end";
    struct fixture *f = *state;
    refuse(f, cairn_require_basic_layer(NULL), nobody);
    refuse(f, cairn_require_basic(.user = "a"), nobody);
    refuse(f, cairn_require_basic(.password = "a"), nobody);
    refuse(f, cairn_require_basic(.user = "a", .check = check_same),
        "check takes the place of user and password");
    refuse(f, cairn_require_basic(.user = "", .password = "a"), user);
    refuse(f, cairn_require_basic(.user = "a:b", .password = "a"), user);
    refuse(f, cairn_require_basic(.user = "a\n", .password = "a"), user);
    refuse(f, cairn_require_basic(.user = "a", .password = ""), password);
    refuse(f, cairn_require_basic(.user = "a", .password = "\x7f"), password);
    refuse(f, cairn_require_basic(.realm = "", .check = check_same), realm);
    refuse(f, cairn_require_basic(.realm = "a\r\nb", .check = check_same), realm);
    refuse(f, cairn_require_basic(.realm = "a\tb", .check = check_same), realm);
}

static void refuses_what_cannot_be_cloned_only_if_it_may_wait(void **state)
{
    static const struct cairn_service_ops ops = {
        .name = "single", .size = sizeof(struct cairn_service), .not_cloneable = true};
    struct fixture *f = *state;
    struct cairn_service *single = cairn_service_new(&ops, cairn_mock_service(f->mock));
    assert_refused(cairn_require_basic(.check = check_same), single, CAIRN_ERROR_TYPE,
        "needs a service that can be cloned; single cannot");
    single = cairn_service_new(&ops, cairn_mock_service(f->mock));
    cairn_service_drop(fixture_apply(by_password(), single));
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(by_password());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(lets_in_who_knows_user_and_password),
        fixture_test(challenges_everybody_else),
        fixture_test(challenges_what_is_malformed_or_twice),
        fixture_test(the_realm_is_an_option),
        fixture_test(a_check_of_ones_own_decides_and_names_the_user),
        fixture_test(a_check_may_wait),
        fixture_test(a_user_found_outside_of_it_does_not_open_it),
        fixture_test(copies_what_the_options_point_to),
        fixture_test(says_neither_user_nor_password),
        fixture_test(any_allocation_may_fail),
        fixture_test(refuses_options_that_let_in_nobody_or_anybody),
        fixture_test(refuses_what_cannot_be_cloned_only_if_it_may_wait),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
