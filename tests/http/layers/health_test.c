#include "http_fixture.h"

#include <cairn/http/handler.h>
#include <cairn/http/layers/health.h>
#include <cairn/http/server.h>
#include <cairn/testkit/misuse.h>

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "inner");
}

static bool is_well(void *cx)
{
    return *(const bool *)cx;
}

/* A registry with a latch `db` and a check `disk` of readiness, and a check `loop` of liveness. */
struct body {
    struct cairn_http_health *health;
    struct cairn_service *service;
    bool disk;
    bool loop;
};

static void body_init(struct body *body)
{
    *body = (struct body){.health = cairn_http_health_new(), .disk = true, .loop = true};
    assert_null(cairn_http_health_add_latch(body->health, CAIRN_HTTP_READINESS, "db"));
    assert_null(cairn_http_health_add_check(
        body->health, CAIRN_HTTP_READINESS, "disk", is_well, &body->disk));
    assert_null(cairn_http_health_add_check(
        body->health, CAIRN_HTTP_LIVENESS, "loop", is_well, &body->loop));
    cairn_http_health_set(body->health, "db", true);
    body->service =
        fixture_apply(cairn_health(.health = body->health), cairn_http_handler(answer, NULL));
}

static void body_fini(struct body *body)
{
    cairn_service_drop(body->service);
    cairn_http_health_unref(body->health);
}

static void assert_says(
    struct fixture *f, struct body *body, const char *target, int status, const char *text)
{
    struct cairn_http_response *res = fixture_ask(f, body->service, fixture_request(f, target));
    assert_int_equal(res->status, status);
    assert_str(res->body, text);
    assert_str(fixture_field(res, "Cache-Control"), "no-store");
}

static void keeps_the_service_contract(void **state)
{
    struct cairn_http_health *health = cairn_http_health_new();
    (void)state;
    fixture_contract(cairn_health(.health = health), (struct cairn_contract_options){0});
    cairn_http_health_unref(health);
}

static void what_is_well_is_ok(void **state)
{
    struct body body;
    body_init(&body);
    assert_says(*state, &body, "/livez", 200, "ok\n");
    assert_says(*state, &body, "/healthz", 200, "ok\n");
    assert_says(*state, &body, "/readyz", 200, "ok\n");
    body_fini(&body);
}

static void a_latch_that_was_never_set_is_not_well(void **state)
{
    struct body body;
    body_init(&body);
    assert_null(cairn_http_health_add_latch(body.health, CAIRN_HTTP_READINESS, "warm"));
    assert_says(*state, &body, "/readyz", 503, "[+] db\n[+] disk\n[-] warm\nnot ok\n");
    assert_false(cairn_http_health_is_well(body.health, CAIRN_HTTP_READINESS));
    cairn_http_health_set(body.health, "warm", true);
    assert_says(*state, &body, "/readyz", 200, "ok\n");
    assert_true(cairn_http_health_is_well(body.health, CAIRN_HTTP_READINESS));
    body_fini(&body);
}

static void liveness_does_not_know_what_the_process_depends_on(void **state)
{
    struct body body;
    body_init(&body);
    cairn_http_health_set(body.health, "db", false);
    body.disk = false;
    assert_says(*state, &body, "/readyz", 503, "[-] db\n[-] disk\nnot ok\n");
    assert_says(*state, &body, "/livez", 200, "ok\n");
    body.loop = false;
    assert_says(*state, &body, "/livez", 503, "[-] loop\nnot ok\n");
    assert_says(*state, &body, "/healthz", 503, "[-] loop\nnot ok\n");
    body_fini(&body);
}

static void verbose_lists_the_checks(void **state)
{
    struct body body;
    body_init(&body);
    assert_says(*state, &body, "/readyz?verbose", 200, "[+] db\n[+] disk\nok\n");
    assert_says(*state, &body, "/readyz?a=b&verbose=1", 200, "[+] db\n[+] disk\nok\n");
    body_fini(&body);
}

static void excluded_checks_do_not_count(void **state)
{
    struct body body;
    body_init(&body);
    body.disk = false;
    assert_says(*state, &body, "/readyz?verbose&exclude=disk", 200, "[+] db\nok\n");
    assert_says(*state, &body, "/readyz?exclude=disk&exclude=db", 200, "ok\n");
    assert_says(*state, &body, "/readyz?exclude=dis", 503, "[+] db\n[-] disk\nnot ok\n");
    body_fini(&body);
}

static void other_paths_are_inners(void **state)
{
    static const char *const targets[] = {"/", "/livez/", "/readyz2", "/a/livez", "/LIVEZ"};
    struct fixture *f = *state;
    struct body body;
    body_init(&body);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct cairn_http_response *res =
            fixture_ask(f, body.service, fixture_request(f, targets[i]));
        assert_str(res->body, "inner");
    }
    body_fini(&body);
}

static void other_methods_are_told_which(void **state)
{
    struct fixture *f = *state;
    struct body body;
    body_init(&body);
    struct cairn_http_request *req = fixture_request(f, "/readyz");
    req->method = CAIRN_HTTP_POST;
    struct cairn_http_response *res = fixture_ask(f, body.service, req);
    assert_int_equal(res->status, 405);
    assert_str(fixture_field(res, "Allow"), "GET, HEAD");
    body_fini(&body);
}

static struct cairn_service *never(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return NULL;
}

static void a_server_that_does_not_listen_is_not_ready(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = 1};
    struct cairn_http_server *server = cairn_http_server_new(never, NULL, &options, &error);
    assert_non_null(server);
    struct cairn_service *s =
        fixture_apply(cairn_health(.server = server), cairn_http_handler(answer, NULL));
    struct cairn_http_response *res = fixture_ask(f, s, fixture_request(f, "/readyz"));
    assert_int_equal(res->status, 503);
    assert_str(res->body, "[-] serving\nnot ok\n");
    assert_int_equal(fixture_ask(f, s, fixture_request(f, "/livez"))->status, 200);
    cairn_service_drop(s);
    cairn_http_server_free(server);
}

static void probes_are_counted(void **state)
{
    struct body body;
    body_init(&body);
    assert_says(*state, &body, "/readyz", 200, "ok\n");
    cairn_http_health_set(body.health, "db", false);
    assert_says(*state, &body, "/readyz", 503, "[-] db\n[+] disk\nnot ok\n");
    assert_int_equal(fixture_number(body.service, "probes"), 2);
    assert_int_equal(fixture_number(body.service, "unwell"), 1);
    body_fini(&body);
}

static void names_are_checked(void **state)
{
    char name[66];
    struct cairn_http_health *health = cairn_http_health_new();
    (void)state;
    memset(name, 'a', 65);
    name[65] = '\0';
    const char *const bad[] = {NULL, "", "a b", "a\n", "\xc3\xa4", name};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cairn_error *error =
            cairn_http_health_add_latch(health, CAIRN_HTTP_READINESS, bad[i]);
        assert_int_equal(error->code, CAIRN_ERROR_INVALID);
        cairn_error_unref(error);
    }
    assert_null(cairn_http_health_add_latch(health, CAIRN_HTTP_READINESS, name + 1));
    struct cairn_error *error = cairn_http_health_add_latch(health, CAIRN_HTTP_LIVENESS, name + 1);
    assert_int_equal(error->code, CAIRN_ERROR_CONFLICT);
    cairn_error_unref(error);
    cairn_http_health_unref(health);
}

/* A check is no latch. */
static void set_disk(void *cx)
{
    cairn_http_health_set(cx, "disk", true);
}

static void to_set_what_is_no_latch_is_a_mistake(void **state)
{
    struct body body;
    (void)state;
    body_init(&body);
    assert_string_equal(
        cairn_test_misuse(set_disk, body.health), "health: there is no latch of that name");
    body_fini(&body);
}

static void without_memory_there_is_503(void **state)
{
    struct fixture *f = *state;
    struct body body;
    body_init(&body);
    struct cairn_http_request *req = fixture_request(f, "/readyz?verbose");
    struct cairn_future future = fixture_send(f, body.service, req);
    (void)fixture_response(f, &future);
    fixture_exhaust(f);
    future = fixture_send(f, body.service, req);
    struct cairn_error *error = fixture_failure(f, &future);
    assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
    cairn_error_unref(error);
    body_fini(&body);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_health *health = cairn_http_health_new();
    assert_invalid(f, cairn_health_layer(NULL), "server, health or both must be given");
    assert_needs_http(cairn_health(.health = health));
    assert_refused_without_memory(f, cairn_health(.health = health), 1);
    cairn_http_health_unref(health);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(what_is_well_is_ok),
        fixture_test(a_latch_that_was_never_set_is_not_well),
        fixture_test(liveness_does_not_know_what_the_process_depends_on),
        fixture_test(verbose_lists_the_checks),
        fixture_test(excluded_checks_do_not_count),
        fixture_test(other_paths_are_inners),
        fixture_test(other_methods_are_told_which),
        fixture_test(a_server_that_does_not_listen_is_not_ready),
        fixture_test(probes_are_counted),
        fixture_test(names_are_checked),
        fixture_test(to_set_what_is_no_latch_is_a_mistake),
        fixture_test(without_memory_there_is_503),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
