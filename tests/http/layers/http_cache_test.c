#include <cairn/http/layers/http_cache.h>

#include "hand_stream.h"
#include "hunger.h"

#include <fcntl.h>

#include <cairn/http/date.h>
#include <cairn/http/layers/cache_life.h>
#include <cairn/http/layers/conditional.h>
#include <cairn/http/layers/http_coalesce.h>
#include <cairn/http/layers/share_key.h>
#include <cairn/layers/cache_memory.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    /* Without memory for a copy, or once a copy is there, inner is not called. */
    fixture_contract(cairn_http_cache(.only_explicit = true), (struct cairn_contract_options){0});
}

/* Answers of the mock: 200 with a text, and one field, if there is one. */
static void respond_with(
    struct fixture *f, int status, const char *text, const char *name, const char *value)
{
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    assert_non_null(request);
    struct cairn_http_response *res =
        cairn_http_text(cairn_mock_request_value(request), status, text);
    if (name)
        assert_int_equal(cairn_http_response_set(res, name, value), 0);
    cairn_mock_respond(request, res);
}

/* What became of one request. */
static struct cairn_http_response *exchange(struct fixture *f, struct cairn_service *s,
    struct cairn_http_request *req, void (*respond)(struct fixture *f))
{
    struct cairn_future future = fixture_send(f, s, req);
    union cairn_outcome out;
    enum cairn_poll p = cairn_harness_poll(&f->hand, &future, &out);
    if (p == CAIRN_PENDING) {
        respond(f);
        cairn_test_settle(f->runtime);
        p = cairn_harness_poll(&f->hand, &future, &out);
    }
    assert_int_equal(p, CAIRN_READY);
    return out.value;
}

static void end(struct cairn_http_response *res)
{
    cairn_type_drop(&cairn_http_response_type, res);
}

static void assert_status_field(struct cairn_http_response *res, const char *expected)
{
    assert_str(fixture_field(res, "Cache-Status"), expected);
}

/* HOW, and a ttl of SECONDS, or of one less: a second may just have begun. */
static void assert_ttl(struct cairn_http_response *res, const char *how, int seconds)
{
    char text[2][64];
    struct cairn_str value = fixture_field(res, "Cache-Status");
    for (int i = 0; i < 2; i++)
        snprintf(text[i], sizeof(text[i]), "%s; ttl=%d", how, seconds - i);
    assert_true(cairn_str_equal(value, cairn_str_from(text[0])) ||
                cairn_str_equal(value, cairn_str_from(text[1])));
}

static bool is_hit(struct cairn_http_response *res)
{
    struct cairn_str value = fixture_field(res, "Cache-Status");
    bool is = value.length > 10 && memcmp(value.data, "cairn; hit", 10) == 0;
    end(res);
    return is;
}

static void respond_fine(struct fixture *f)
{
    respond_with(f, 200, "fine", NULL, NULL);
}

static void answers_from_what_was_answered(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    struct cairn_http_response *res =
        exchange(f, s, fixture_request(f, "/users?page=1"), respond_fine);
    assert_status_field(res, "cairn; fwd=miss; stored");
    assert_null(fixture_field(res, "Cairn-Cache-Life").data);
    assert_null(fixture_field(res, "Age").data);
    res = exchange(f, s, fixture_request(f, "/users?page=1"), NULL);
    assert_str(res->body, "fine");
    assert_str(fixture_field(res, "Content-Type"), "text/plain; charset=utf-8");
    assert_str(fixture_field(res, "Age"), "0");
    assert_status_field(res, "cairn; hit; ttl=10");
    assert_null(fixture_field(res, "Cairn-Cache-Life").data);
    assert_true(res->owns_arena);
    end(res);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 9999);
    assert_true(is_hit(exchange(f, s, fixture_request(f, "/users?page=1"), NULL)));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_false(is_hit(exchange(f, s, fixture_request(f, "/users?page=1"), respond_fine)));
    assert_int_equal(fixture_number(s, "hits"), 2);
    assert_int_equal(fixture_number(s, "misses"), 2);
    cairn_service_drop(s);
}

static bool is_kept(struct fixture *f, struct cairn_service *s, struct cairn_http_request *req)
{
    struct cairn_future future = fixture_send(f, s, req);
    assert_pending(f, &future);
    respond_fine(f);
    struct cairn_http_response *res = fixture_response(f, &future);
    struct cairn_str value = fixture_field(res, "Cache-Status");
    bool is = cairn_str_equal(value, CAIRN_STR("cairn; fwd=miss; stored"));
    if (!is)
        assert_str(
            value, req->method == CAIRN_HTTP_GET ? "cairn; fwd=bypass" : "cairn; fwd=method");
    return is;
}

static struct cairn_http_request *with(
    struct fixture *f, const char *target, const char *name, const char *value)
{
    struct cairn_http_request *req = fixture_request(f, target);
    fixture_add_field(req, name, value);
    return req;
}

static void what_is_not_for_everyone_is_not_looked_up(void **state)
{
    static const char *const names[] = {"Authorization", "Cookie", "Range", "If-Range", "If-Match",
        "If-Unmodified-Since", "Upgrade"};
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(is_kept(f, s, with(f, "/", names[i], "x")));
    assert_false(is_kept(f, s, with(f, "/", "Cache-Control", "no-store")));
    assert_int_equal(fixture_number(s, "bypassed"), 8);
    assert_false(is_kept(f, s, cairn_http_request_new(f->arena, CAIRN_HTTP_POST, "/")));
    assert_false(is_kept(f, s, cairn_http_request_new(f->arena, CAIRN_HTTP_OPTIONS, "/")));
    assert_int_equal(fixture_number(s, "bypassed"), 10);
    assert_true(is_kept(f, s, with(f, "/1", "If-None-Match", "\"x\"")));
    assert_true(is_kept(f, s, with(f, "/2", "If-Modified-Since", "x")));
    assert_true(is_kept(f, s, with(f, "/3", "Cache-Control", "no-cache")));
    cairn_service_drop(s);
}

static void credentials_are_ignored_or_part_of_the_key_when_asked(void **state)
{
    static const char *const vary[] = {"Cookie", NULL};
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache(.vary = vary));
    assert_true(is_kept(f, s, with(f, "/", "Cookie", "a=1")));
    assert_true(is_kept(f, s, with(f, "/", "Cookie", "a=2")));
    assert_true(is_hit(exchange(f, s, with(f, "/", "Cookie", "a=1"), NULL)));
    cairn_service_drop(s);
    s = fixture_around_mock(
        f, cairn_http_cache(.ignores_cookies = true, .ignores_authorization = true));
    assert_true(is_kept(f, s, with(f, "/", "Cookie", "a=1")));
    assert_true(is_hit(exchange(f, s, with(f, "/", "Authorization", "x"), NULL)));
    cairn_service_drop(s);
}

static void head_and_get_are_kept_apart(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    assert_true(is_kept(f, s, fixture_request(f, "/")));
    struct cairn_http_request *head = cairn_http_request_new(f->arena, CAIRN_HTTP_HEAD, "/");
    assert_false(is_hit(exchange(f, s, head, respond_fine)));
    head = cairn_http_request_new(f->arena, CAIRN_HTTP_HEAD, "/");
    assert_true(is_hit(exchange(f, s, head, NULL)));
    cairn_service_drop(s);
}

/* The rules, by themselves. */

#define NOW INT64_C(1700000000)

static const char *const known_vary[] = {"Accept", NULL};

struct rules {
    struct cairn__cache_life_rules rules;
    struct cairn__share_key *key;
};

static struct rules rules_of(struct fixture *f, uint64_t ttl_ms, uint64_t stale_ms)
{
    const struct cairn_layer layer = {.name = "test"};
    const struct cairn__share_key_options opts = {.vary = known_vary};
    struct cairn_service *inner = cairn_mock_service(f->mock);
    struct cairn_service *broken = NULL;
    struct rules rules = {.key = cairn__share_key_new(&opts, &layer, inner, &broken)};
    rules.rules = (struct cairn__cache_life_rules){rules.key, ttl_ms, stale_ms, 100};
    cairn_service_drop(inner);
    return rules;
}

/* A response with fields from NAME, VALUE, … NULL. */
static struct cairn_http_response *response_with(
    struct fixture *f, int status, const char *const *fields)
{
    struct cairn_http_response *res = cairn_http_text(fixture_request(f, "/"), status, "body");
    for (; fields && *fields; fields += 2)
        assert_int_equal(cairn_http_fields_add(
                             &res->fields, cairn_str_from(fields[0]), cairn_str_from(fields[1])),
            0);
    return res;
}

/* For how long a response with FIELDS is fresh; 0: it is not kept. */
static uint64_t fresh_ms(struct fixture *f, int status, const char *const *fields)
{
    struct rules rules = rules_of(f, 10000, 60000);
    struct cairn__cache_life life = {0};
    struct cairn_http_response *res = response_with(f, status, fields);
    bool is_kept = cairn__cache_life_of(&rules.rules, res, NOW, &life);
    assert_true(is_kept == (life.fresh_ms > 0) || !is_kept);
    cairn__share_key_unref(rules.key);
    return is_kept ? life.fresh_ms : 0;
}

#define FRESH(...) fresh_ms(f, 200, (const char *const[]){__VA_ARGS__, NULL})

static void responses_that_are_not_for_everyone_are_not_kept(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fresh_ms(f, 200, NULL), 10000);
    assert_int_equal(FRESH("Cache-Control", "no-store"), 0);
    assert_int_equal(FRESH("Cache-Control", "max-age=60, private"), 0);
    assert_int_equal(FRESH("Cache-Control", "no-cache"), 0);
    assert_int_equal(FRESH("Cache-Control", "no-cache=\"X\", max-age=60"), 0);
    assert_int_equal(FRESH("Set-Cookie", "a=1", "Cache-Control", "max-age=60"), 0);
    assert_int_equal(FRESH("Vary", "Origin"), 0);
    assert_int_equal(FRESH("Vary", "*"), 0);
    assert_int_equal(FRESH("Vary", "accept"), 10000);
    assert_int_equal(FRESH("Vary", "Accept", "Vary", "accept, Origin"), 0);
    assert_int_equal(FRESH("Vary", ", Accept ,"), 10000);
}

static void freshness_is_what_the_response_says(void **state)
{
    char date[2][CAIRN_HTTP_DATE_BYTES];
    struct fixture *f = *state;
    assert_int_equal(FRESH("Cache-Control", "max-age=60"), 60000);
    assert_int_equal(FRESH("Cache-Control", "max-age=60, s-maxage=5"), 5000);
    assert_int_equal(FRESH("Cache-Control", "max-age=0"), 0);
    assert_int_equal(FRESH("Cache-Control", "max-age=x"), 0);
    assert_int_equal(FRESH("Cache-Control", "s-maxage=0, max-age=60"), 0);
    assert_int_equal(FRESH("Cache-Control", "max-age=60", "Age", "20"), 40000);
    assert_int_equal(FRESH("Cache-Control", "max-age=60", "Age", "60"), 0);
    assert_int_equal(FRESH("Cache-Control", "max-age=60", "Age", "no number"), 60000);
    assert_int_equal(FRESH("Cache-Control", "max-age=9999999999"), 2592000000);
    cairn_http_date(NOW + 30, date[0]);
    cairn_http_date(NOW - 10, date[1]);
    assert_int_equal(FRESH("Expires", date[0]), 30000);
    assert_int_equal(FRESH("Expires", date[0], "Cache-Control", "max-age=7"), 7000);
    assert_int_equal(FRESH("Expires", date[0], "Date", date[1]), 30000); /* 40 s, 10 s ago */
    assert_int_equal(FRESH("Expires", date[1]), 0);
    assert_int_equal(FRESH("Expires", "0"), 0);
    assert_int_equal(FRESH("Cache-Control", "max-age=60", "Date", date[1], "Age", "5"), 50000);
    assert_int_equal(FRESH("Cache-Control", "max-age=60", "Date", date[1], "Age", "15"), 45000);
    assert_int_equal(FRESH("Cache-Control", "max-age=60", "Date", date[0]), 60000);
}

static void without_a_word_the_status_decides(void **state)
{
    static const int heuristic[] = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};
    static const char *const explicit_[] = {"Cache-Control", "max-age=60", NULL};
    struct fixture *f = *state;
    for (int status = 200; status < 600; status++) {
        bool is_heuristic = false;
        for (size_t i = 0; i < sizeof(heuristic) / sizeof(heuristic[0]); i++)
            is_heuristic = is_heuristic || heuristic[i] == status;
        if (status != 206 && status != 304)
            assert_int_equal(fresh_ms(f, status, NULL), is_heuristic ? 10000 : 0);
        if (is_heuristic || status == 302 || status == 503)
            assert_int_equal(fresh_ms(f, status, explicit_), 60000);
    }
    assert_int_equal(fresh_ms(f, 206, explicit_), 0);
    assert_int_equal(fresh_ms(f, 304, explicit_), 0);
}

static void bodies_that_cannot_be_copied_or_are_too_large_are_not_kept(void **state)
{
    struct fixture *f = *state;
    struct rules rules = rules_of(f, 10000, 0);
    struct cairn__cache_life life;
    struct cairn_http_response *res = response_with(f, 200, NULL);
    struct hand_stream hand = {.chunks = {"x"}};
    char body[101] = {0};
    res->body = cairn_str_of(body, 100);
    assert_true(cairn__cache_life_of(&rules.rules, res, NOW, &life));
    res->body = cairn_str_of(body, 101);
    assert_false(cairn__cache_life_of(&rules.rules, res, NOW, &life));
    assert_false(cairn__cache_life_of(
        &rules.rules, hand_stream_response(&hand, fixture_request(f, "/")), NOW, &life));
    res = cairn_http_file(
        fixture_request(f, "/"), 200, NULL, open("/dev/null", O_RDONLY | O_CLOEXEC), 0, 0);
    assert_false(cairn__cache_life_of(&rules.rules, res, NOW, &life));
    cairn__share_key_unref(rules.key);
    fixture_end_exchange(f); /* before `hand` */
}

static uint64_t stale_ms(struct fixture *f, uint64_t option_ms, const char *cache_control)
{
    struct rules rules = rules_of(f, 10000, option_ms);
    struct cairn__cache_life life;
    struct cairn_http_response *res =
        response_with(f, 200, (const char *const[]){"Cache-Control", cache_control, NULL});
    assert_true(cairn__cache_life_of(&rules.rules, res, NOW, &life));
    cairn__share_key_unref(rules.key);
    return life.stale_ms;
}

static void how_long_a_stale_one_will_do_is_what_the_response_says(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(stale_ms(f, 5000, "public"), 5000);
    assert_int_equal(stale_ms(f, 0, "stale-if-error=60"), 0);
    assert_int_equal(stale_ms(f, 5000, "stale-if-error=60"), 60000);
    assert_int_equal(stale_ms(f, 5000, "stale-if-error=0"), 0);
    assert_int_equal(stale_ms(f, 5000, "must-revalidate"), 0);
    assert_int_equal(stale_ms(f, 5000, "proxy-revalidate, stale-if-error=60"), 0);
    assert_int_equal(stale_ms(f, 5000, "s-maxage=60"), 0);
}

static void what_nobody_says_is_kept_only_if_that_is_wanted(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache(.only_explicit = true));
    struct cairn_http_response *res = exchange(f, s, fixture_request(f, "/"), respond_fine);
    assert_status_field(res, "cairn; fwd=miss");
    cairn_service_drop(s);
}

static void respond_for_a_minute(struct fixture *f)
{
    respond_with(f, 200, "fine", "Cache-Control", "max-age=60");
}

static void respond_for_a_minute_and_old(struct fixture *f)
{
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    struct cairn_http_response *res =
        cairn_http_text(cairn_mock_request_value(request), 200, "fine");
    assert_int_equal(cairn_http_response_set(res, "Cache-Control", "max-age=60"), 0);
    assert_int_equal(cairn_http_response_set(res, "Age", "20"), 0);
    cairn_mock_respond(request, res);
}

static void age_goes_on_from_what_it_was(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    struct cairn_http_response *res =
        exchange(f, s, fixture_request(f, "/"), respond_for_a_minute_and_old);
    assert_str(fixture_field(res, "Age"), "20");
    res = exchange(f, s, fixture_request(f, "/"), NULL);
    assert_str(fixture_field(res, "Age"), "20");
    assert_status_field(res, "cairn; hit; ttl=40");
    assert_int_equal(cairn_http_fields_remove(&res->fields, CAIRN_STR("Age")), 1);
    end(res);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 39999);
    assert_true(is_hit(exchange(f, s, fixture_request(f, "/"), NULL)));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_false(is_hit(exchange(f, s, fixture_request(f, "/"), respond_fine)));
    cairn_service_drop(s);
}

/* Stale answers. */

static struct cairn_service *stale_cache(struct fixture *f)
{
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache(.stale_ms = 60000));
    end(exchange(f, s, fixture_request(f, "/"), respond_fine));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 10000);
    return s;
}

static void respond_in_trouble(struct fixture *f)
{
    respond_with(f, 503, "trouble", "Cairn-Cache-Life", "1 2 3 4");
}

static void fail_in_trouble(struct fixture *f)
{
    fixture_fail(f, CAIRN_ERROR_UNAVAILABLE, "down");
}

static void stale_answer_stands_in_for_a_server_in_trouble(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = stale_cache(f);
    for (int i = 0; i < 2; i++) {
        struct cairn_http_response *res =
            exchange(f, s, fixture_request(f, "/"), i ? fail_in_trouble : respond_in_trouble);
        assert_int_equal(res->status, 200);
        assert_str(res->body, "fine");
        assert_non_null(fixture_field(res, "Age").data);
        assert_ttl(res, "cairn; fwd=stale", 10); /* time has not really passed */
        end(res);
    }
    assert_int_equal(fixture_number(s, "stale"), 2);
    cairn_service_drop(s);
}

static void without_a_stale_one_the_trouble_is_the_answer(void **state)
{
    static const int statuses[] = {500, 502, 503, 504, 501, 404};
    struct fixture *f = *state;
    struct cairn_service *s = stale_cache(f);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct cairn_future future = fixture_send(f, s, fixture_request(f, "/other"));
        assert_pending(f, &future);
        respond_with(f, statuses[i], "trouble", "Cairn-Cache-Life", "1 2 3 4");
        struct cairn_http_response *res = fixture_response(f, &future);
        assert_int_equal(res->status, statuses[i]);
        assert_str(res->body, "trouble");
        assert_null(fixture_field(res, "Cairn-Cache-Life").data);
        if (statuses[i] > 501)
            assert_status_field(res, "cairn; fwd=miss");
        if (statuses[i] == 501) { /* which is an answer as any other */
            assert_status_field(res, "cairn; fwd=miss; stored");
            cairn_test_clock_advance_ms(&f->clock, f->runtime, 70000);
        }
    }
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/third"));
    assert_pending(f, &future);
    fail_in_trouble(f);
    cairn_error_unref(fixture_failure(f, &future));
    cairn_service_drop(s);
}

static void trouble_is_dropped_with_a_call_that_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"x"}};
    struct cairn_service *s = stale_cache(f);
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &future);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    struct cairn_http_response *res =
        hand_stream_response(&hand, cairn_mock_request_value(request));
    res->status = 500;
    cairn_mock_respond(request, res);
    end(fixture_response(f, &future));
    assert_true(hand.is_dropped); /* a stale one was taken in its place */
    cairn_service_drop(s);
    fixture_end_exchange(f); /* before `hand` */
}

static void trouble_that_is_the_answer_is_whole(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"sorry"}};
    struct cairn_service *s = stale_cache(f);
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/other"));
    assert_pending(f, &future);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    struct cairn_http_response *res =
        hand_stream_response(&hand, cairn_mock_request_value(request));
    res->status = 502;
    cairn_mock_respond(request, res);
    assert_ptr_equal(fixture_response(f, &future), res);
    assert_chunk(f, res, "sorry");
    end(res);
    fixture_end_exchange(f); /* before `hand` */
    cairn_service_drop(s);
}

/* Changes. */

static struct cairn_http_response *change(
    struct fixture *f, struct cairn_service *s, enum cairn_http_method method, int status)
{
    struct cairn_http_request *req = cairn_http_request_new(f->arena, method, "/a");
    struct cairn_future future = fixture_send(f, s, req);
    assert_pending(f, &future);
    respond_with(f, status, "changed", NULL, NULL);
    return fixture_response(f, &future);
}

static void a_change_makes_it_forget_what_is_there(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    static const enum cairn_http_method changing[] = {
        CAIRN_HTTP_POST, CAIRN_HTTP_PUT, CAIRN_HTTP_DELETE, CAIRN_HTTP_PATCH, CAIRN_HTTP_OTHER};
    assert_true(is_kept(f, s, fixture_request(f, "/other")));
    for (size_t i = 0; i < sizeof(changing) / sizeof(changing[0]); i++) {
        assert_true(is_kept(f, s, fixture_request(f, "/a?x=1")));
        assert_true(is_hit(exchange(f, s, fixture_request(f, "/a?x=1"), NULL)));
        assert_status_field(change(f, s, changing[i], i % 2 ? 303 : 204), "cairn; fwd=method");
    }
    assert_true(is_kept(f, s, fixture_request(f, "/a?x=1")));
    assert_int_equal(fixture_number(s, "invalidated"), 5);
    assert_true(is_hit(exchange(f, s, fixture_request(f, "/other"), NULL)));
    cairn_service_drop(s);
}

static void a_change_that_failed_and_a_question_do_not(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    assert_true(is_kept(f, s, fixture_request(f, "/a")));
    change(f, s, CAIRN_HTTP_POST, 409);
    change(f, s, CAIRN_HTTP_POST, 500);
    change(f, s, CAIRN_HTTP_OPTIONS, 200);
    change(f, s, CAIRN_HTTP_TRACE, 200);
    assert_true(is_hit(exchange(f, s, fixture_request(f, "/a"), NULL)));
    assert_int_equal(fixture_number(s, "invalidated"), 0);
    cairn_service_drop(s);
}

static void what_was_asked_before_a_change_is_not_the_answer_after_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    struct cairn_future early = fixture_send(f, s, fixture_request(f, "/a"));
    assert_pending(f, &early);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    change(f, s, CAIRN_HTTP_PUT, 200);
    cairn_mock_respond(request, cairn_http_text(cairn_mock_request_value(request), 200, "old"));
    fixture_response(f, &early);
    assert_true(is_kept(f, s, fixture_request(f, "/a")));
    cairn_service_drop(s);
}

static void a_host_is_without_case(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    assert_true(is_kept(f, s, with(f, "/a", "Host", "a.Example")));
    assert_true(is_hit(exchange(f, s, with(f, "/a", "Host", "A.example"), NULL)));
    struct cairn_http_request *put = cairn_http_request_new(f->arena, CAIRN_HTTP_PUT, "/a");
    fixture_add_field(put, "Host", "A.EXAMPLE");
    assert_false(is_hit(exchange(f, s, put, respond_fine)));
    assert_true(is_kept(f, s, with(f, "/a", "Host", "a.example")));
    cairn_service_drop(s);
}

/* With its neighbours. */

static void conditional_outside_answers_304_from_what_is_kept(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_conditional(), fixture_around_mock(f, cairn_http_cache()));
    struct cairn_http_response *res = exchange(f, s, fixture_request(f, "/"), respond_fine);
    struct cairn_str tag = cairn_arena_copy(f->arena, fixture_field(res, "ETag"));
    assert_non_null(tag.data);
    res = exchange(f, s, with(f, "/", "If-None-Match", tag.data), NULL);
    assert_int_equal(res->status, 304);
    assert_int_equal(fixture_number(s, "hits"), 1);
    end(res);
    cairn_service_drop(s);
}

static void coalesce_inside_has_one_request_fetch_what_all_ask_for(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_http_cache(), fixture_around_mock(f, cairn_http_coalesce()));
    struct cairn_future first = fixture_send(f, s, fixture_request(f, "/"));
    struct cairn_future second = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &first);
    assert_pending(f, &second);
    respond_fine(f);
    cairn_test_settle(f->runtime);
    assert_null(cairn_mock_next_request(f->mock));
    end(fixture_response(f, &first));
    end(fixture_response(f, &second));
    assert_true(is_hit(exchange(f, s, fixture_request(f, "/"), NULL)));
    cairn_service_drop(s);
}

static void response_with_a_stream_passes(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"stream"}};
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &future);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    cairn_mock_respond(request, hand_stream_response(&hand, cairn_mock_request_value(request)));
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_status_field(res, "cairn; fwd=miss");
    assert_chunk(f, res, "stream");
    end(res);
    cairn_service_drop(s);
    fixture_end_exchange(f); /* before `hand` */
}

static void a_store_may_be_shared_and_its_copies_know_their_life(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    const struct cairn_cache_memory_options opts = {
        .size = sizeof(opts), .type = &cairn_http_response_type};
    struct cairn_cache_store *store = cairn_cache_memory_new(&opts, &error);
    struct cairn_service *a = fixture_around_mock(f, cairn_http_cache(.store = store));
    struct cairn_service *b =
        fixture_around_mock(f, cairn_http_cache(.store = store, .name = "b", .ttl_ms = 1));
    cairn_cache_store_unref(store);
    end(exchange(f, a, fixture_request(f, "/"), respond_for_a_minute));
    struct cairn_http_response *res = exchange(f, b, fixture_request(f, "/"), NULL);
    assert_ttl(res, "b; hit", 60);
    end(res);
    cairn_service_drop(a);
    cairn_service_drop(b);
}

static void two_caches_say_what_each_did(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_http_cache(.name = "outer"),
        fixture_around_mock(f, cairn_http_cache(.name = "inner", .only_explicit = true)));
    struct cairn_http_response *res = exchange(f, s, fixture_request(f, "/"), respond_fine);
    struct cairn_str value;
    size_t cursor = 0;
    assert_true(cairn_http_fields_next(&res->fields, CAIRN_STR("Cache-Status"), &cursor, &value));
    assert_str(value, "inner; fwd=miss");
    assert_true(cairn_http_fields_next(&res->fields, CAIRN_STR("Cache-Status"), &cursor, &value));
    assert_str(value, "outer; fwd=miss; stored");
    cairn_service_drop(s);
}

static void may_say_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache(.is_silent = true));
    struct cairn_http_response *res = exchange(f, s, fixture_request(f, "/"), respond_fine);
    assert_null(fixture_field(res, "Cache-Status").data);
    res = exchange(f, s, fixture_request(f, "/"), NULL);
    assert_null(fixture_field(res, "Cache-Status").data);
    assert_str(fixture_field(res, "Age"), "0");
    end(res);
    cairn_service_drop(s);
}

static void hits_while_inner_is_not_ready_when_asked(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache(.hits_while_unready = true));
    end(exchange(f, s, fixture_request(f, "/"), respond_fine));
    cairn_mock_allow(f->mock, 0);
    assert_true(is_hit(exchange(f, s, fixture_request(f, "/"), NULL)));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/other"));
    struct cairn_error *error = fixture_failure(f, &future);
    assert_int_equal(error->code, CAIRN_ERROR_OVERLOADED);
    cairn_error_unref(error);
    cairn_service_drop(s);
}

static void futures_outlive_the_service(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    struct cairn_service *copy = cairn_service_clone(s);
    cairn_service_drop(s);
    assert_pending(f, &future);
    cairn_service_drop(copy);
    respond_fine(f);
    assert_status_field(fixture_response(f, &future), "cairn; fwd=miss; stored");
}

/* A store that answers later, and whose copies were made a minute ago. */
struct late_store {
    struct cairn_cache_store base;
    struct cairn_http_response *kept;
    bool is_open;
    struct cairn_waker waker;
};

struct late_get {
    struct late_store *store;
};

static enum cairn_poll late_get_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct late_store *store = ((struct late_get *)state)->store;
    struct cairn__cache_life life;
    if (!store->is_open) {
        cairn_waker_set(&store->waker, cx);
        return CAIRN_PENDING;
    }
    out->value = NULL;
    if (!store->kept)
        return CAIRN_READY;
    struct cairn_http_response *copy = cairn_http_response_type.clone(store->kept);
    assert_true(cairn__cache_life_read(copy, &life));
    life.stored_s -= 60;
    assert_int_equal(cairn__cache_life_write(copy, &life), 0);
    out->value = copy;
    return CAIRN_READY;
}

static struct cairn_future late_get(
    struct cairn_cache_store *base, struct cairn_str key, bool is_stale_welcome)
{
    static const struct cairn_future_ops ops = {
        .name = "late", .size = sizeof(struct late_get), .poll = late_get_poll};
    (void)key;
    (void)is_stale_welcome;
    return cairn_future_box(&ops, &(struct late_get){(struct late_store *)base});
}

static void late_put(struct cairn_cache_store *base, struct cairn_str key, const void *response,
    uint64_t fresh, uint64_t stale)
{
    (void)key;
    assert_int_equal(fresh, 100000);
    assert_int_equal(stale, 0);
    ((struct late_store *)base)->kept = cairn_http_response_type.clone(response);
}

static void respond_for_a_while(struct fixture *f)
{
    respond_with(f, 200, "fine", "Cache-Control", "max-age=100");
}

static void a_store_may_answer_later(void **state)
{
    static const struct cairn_cache_store_ops ops = {
        .name = "late", .get = late_get, .put = late_put, .waits = true};
    struct fixture *f = *state;
    struct late_store store = {.base = {.ops = &ops, .references = 1}};
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache(.store = &store.base));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &future);
    store.is_open = true;
    cairn_wake(&store.waker);
    assert_pending(f, &future);
    respond_for_a_while(f);
    assert_status_field(fixture_response(f, &future), "cairn; fwd=miss; stored");
    struct cairn_http_response *res = exchange(f, s, fixture_request(f, "/"), NULL);
    assert_str(fixture_field(res, "Age"), "60");
    assert_status_field(res, "cairn; hit; ttl=40");
    end(res);
    end(store.kept);
    cairn_service_drop(s);
}

/* Memory. */

static struct cairn_http_response *at_once(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "at once");
}

static void twice(void *cx)
{
    struct fixture f = {0};
    (void)cx;
    cairn_test_alloc_exempt(true);
    f.runtime = cairn_test_runtime_new(&f.clock);
    cairn_harness_init(&f.hand, f.runtime);
    cairn_test_alloc_exempt(false);
    struct cairn_layer layer = cairn_http_cache(.stale_ms = 1000);
    struct cairn_service *s = cairn_layer_apply(&layer, cairn_http_handler(at_once, NULL));
    for (int i = 0; i < 2 && !cairn_service_error(s); i++) {
        union cairn_outcome out;
        cairn_test_alloc_exempt(true);
        f.arena = cairn_arena_new(NULL);
        struct cairn_http_request *req = fixture_request(&f, "/");
        cairn_test_alloc_exempt(false);
        struct cairn_future future = fixture_send(&f, s, req);
        enum cairn_poll p = cairn_harness_poll(&f.hand, &future, &out);
        if (p == CAIRN_READY)
            end(out.value);
        else
            assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        cairn_arena_free(f.arena);
    }
    cairn_service_drop(s);
    cairn_harness_fini(&f.hand);
    cairn_runtime_free(f.runtime);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(twice, NULL) >= 10);
}

/* The mark is the first to find no room, so that the response is not kept, or Cache-Status is. */
static void without_room_for_a_field_the_call_fails(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache(.only_explicit = true));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &future);
    hunger_respond_starving(f);
    struct cairn_error *error = fixture_failure(f, &future);
    assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(s);
    s = fixture_around_mock(f, cairn_http_cache());
    future = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &future);
    hunger_respond_starving(f);
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_status_field(res, "cairn; fwd=miss");
    end(res);
    cairn_service_drop(s);
}

/* Without memory for what it has to know of a call it does not look the request up. */
static void without_room_for_a_call_the_request_passes(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    for (size_t room = 0; room <= 32; room += 16) {
        struct cairn_error *error = NULL;
        fixture_end_exchange(f);
        struct cairn_http_request *req = fixture_request(f, "/");
        size_t whole = hunger_room(f);
        fixture_end_exchange(f);
        req = fixture_request(f, "/");
        assert_non_null(cairn_arena_alloc_text(f->arena, whole - room));
        assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
        cairn_test_alloc_fail_at(1);
        struct cairn_future future = cairn_service_call(s, req);
        assert_true(cairn_test_alloc_has_failed());
        cairn_test_alloc_fail_at(0);
        assert_pending(f, &future);
        respond_fine(f);
        assert_status_field(fixture_response(f, &future), "cairn; fwd=bypass");
    }
    assert_int_equal(fixture_number(s, "bypassed"), 3);
    cairn_service_drop(s);
}

static void an_uncached_answer_costs_nothing_outside_of_the_arena(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_http_cache(.only_explicit = true), cairn_http_handler(at_once, NULL));
    for (int i = 0; i < 2; i++) {
        struct cairn_http_request *req = fixture_request(f, "/");
        size_t before = cairn_test_alloc_count();
        fixture_ask(f, s, req);
        if (i > 0) /* the first made room for the key */
            assert_int_equal(cairn_test_alloc_count(), before);
    }
    cairn_service_drop(s);
}

static void refuses_what_does_not_fit(void **state)
{
    static const char *const bad[] = {"no token", NULL};
    struct fixture *f = *state;
    assert_invalid(f, cairn_http_cache(.vary = bad), "vary must be names of header fields");
    assert_invalid(f, cairn_http_cache(.name = "a b"), "name must be a token, got \"a b\"");
    assert_invalid(f, cairn_http_cache(.name = ""), "name must be a token, got \"\"");
    assert_invalid(f, cairn_http_cache(.ttl_ms = 2592000001),
        "ttl_ms must be 1 to 2592000000, got 2592000001");
    assert_invalid(f, cairn_http_cache(.stale_ms = 2592000001),
        "stale_ms must be 0 to 2592000000, got 2592000001");
    assert_invalid(f, cairn_http_cache(.max_entries = 16777217),
        "max_entries must be 1 to 16777216, got 16777217");
    assert_invalid(f, cairn_http_cache(.max_body_bytes = 1073741825),
        "max_body_bytes must be 1 to 1073741824, got 1073741825");
    assert_needs_http(cairn_http_cache());
    assert_refused_without_memory(f, cairn_http_cache(), 6);
    cairn_service_drop(fixture_around_mock(f, cairn_http_cache_layer(NULL)));
}

static void has_defaults_that_it_tells(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_cache());
    assert_int_equal(fixture_number(s, "ttl"), 10000);
    assert_int_equal(fixture_number(s, "stale_for"), 0);
    assert_int_equal(fixture_number(s, "max_entries"), 1024);
    assert_int_equal(fixture_number(s, "max_body"), 65536);
    cairn_service_drop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(answers_from_what_was_answered),
        fixture_test(what_is_not_for_everyone_is_not_looked_up),
        fixture_test(credentials_are_ignored_or_part_of_the_key_when_asked),
        fixture_test(head_and_get_are_kept_apart),
        fixture_test(responses_that_are_not_for_everyone_are_not_kept),
        fixture_test(freshness_is_what_the_response_says),
        fixture_test(without_a_word_the_status_decides),
        fixture_test(bodies_that_cannot_be_copied_or_are_too_large_are_not_kept),
        fixture_test(how_long_a_stale_one_will_do_is_what_the_response_says),
        fixture_test(what_nobody_says_is_kept_only_if_that_is_wanted),
        fixture_test(age_goes_on_from_what_it_was),
        fixture_test(stale_answer_stands_in_for_a_server_in_trouble),
        fixture_test(without_a_stale_one_the_trouble_is_the_answer),
        fixture_test(trouble_that_is_the_answer_is_whole),
        fixture_test(trouble_is_dropped_with_a_call_that_is_given_up),
        fixture_test(a_change_makes_it_forget_what_is_there),
        fixture_test(a_change_that_failed_and_a_question_do_not),
        fixture_test(what_was_asked_before_a_change_is_not_the_answer_after_it),
        fixture_test(a_host_is_without_case),
        fixture_test(conditional_outside_answers_304_from_what_is_kept),
        fixture_test(coalesce_inside_has_one_request_fetch_what_all_ask_for),
        fixture_test(response_with_a_stream_passes),
        fixture_test(a_store_may_be_shared_and_its_copies_know_their_life),
        fixture_test(two_caches_say_what_each_did),
        fixture_test(may_say_nothing),
        fixture_test(hits_while_inner_is_not_ready_when_asked),
        fixture_test(futures_outlive_the_service),
        fixture_test(a_store_may_answer_later),
        cmocka_unit_test(every_allocation_may_fail),
        fixture_test(without_room_for_a_field_the_call_fails),
        fixture_test(without_room_for_a_call_the_request_passes),
        fixture_test(an_uncached_answer_costs_nothing_outside_of_the_arena),
        fixture_test(refuses_what_does_not_fit),
        fixture_test(has_defaults_that_it_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
