#include <cairn/http/layers/http_coalesce.h>

#include "hand_stream.h"
#include "hunger.h"

#include <netinet/in.h>

#include <cairn/http/layers/share_key.h>
#include <cairn/http/message/message_copy.h>

/* Of what is not shared; coalesce keeps it for what is. Its mock looks at requests when their call
 * is over, and those of a shared call are gone then. */
static void *post(void *arena)
{
    return cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_http_coalesce(), (struct cairn_contract_options){.new_request = post});
}

static struct cairn_service *around_mock(struct fixture *f)
{
    return fixture_around_mock(f, cairn_http_coalesce());
}

/* A request in an arena of its own, as those of two connections are. */
struct caller {
    struct cairn_arena *arena;
    struct cairn_http_request *req;
    struct cairn_future future;
};

static struct caller caller_new(const char *target)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    return (struct caller){
        .arena = arena, .req = cairn_http_request_new(arena, CAIRN_HTTP_GET, target)};
}

static void caller_send(struct fixture *f, struct caller *caller, struct cairn_service *service)
{
    caller->future = fixture_send(f, service, caller->req);
    assert_pending(f, &caller->future);
}

static struct caller caller_of(struct fixture *f, struct cairn_service *service, const char *target)
{
    struct caller caller = caller_new(target);
    caller_send(f, &caller, service);
    return caller;
}

/* The client is gone, and its exchange with it. */
static void caller_end(struct caller *caller)
{
    cairn_future_drop(&caller->future);
    cairn_arena_free(caller->arena);
}

/* Its answer is TEXT; the exchange ends. */
static void caller_gets(struct fixture *f, struct caller *caller, const char *text)
{
    struct cairn_http_response *res = fixture_response(f, &caller->future);
    assert_str(res->body, text);
    cairn_type_drop(&cairn_http_response_type, res);
    caller_end(caller);
}

/* Answers with text of the request's arena, which is gone when that is. */
static void respond(struct fixture *f, const char *text)
{
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    assert_non_null(request);
    struct cairn_http_request *req = cairn_mock_request_value(request);
    struct cairn_str body = cairn_arena_copy(req->arena, cairn_str_from(text));
    cairn_mock_respond(request, cairn_http_bytes(req, 200, "text/plain", body));
    cairn_test_settle(f->runtime);
}

static void requests_for_the_same_share_one_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct caller a = caller_of(f, s, "/users?page=1");
    struct caller b = caller_of(f, s, "/users?page=1");
    struct caller c = caller_of(f, s, "/users?page=2");
    assert_int_equal(fixture_number(s, "calls"), 2);
    assert_int_equal(fixture_number(s, "joined"), 1);
    respond(f, "one");
    respond(f, "two");
    caller_gets(f, &b, "one");
    caller_gets(f, &a, "one");
    caller_gets(f, &c, "two");
    cairn_service_drop(s);
}

static void call_goes_on_when_the_exchange_of_who_began_it_ends(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct caller leader = caller_of(f, s, "/x");
    struct caller follower = caller_of(f, s, "/x");
    caller_end(&leader);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    const struct cairn_http_request *req = cairn_mock_request_value(request);
    assert_str(req->path, "/x"); /* which is not in the arena that has gone */
    cairn_mock_respond(request, cairn_http_text(req, 200, "fine"));
    cairn_test_settle(f->runtime);
    caller_gets(f, &follower, "fine");
    cairn_service_drop(s);
}

static void inner_sees_the_whole_head_and_nothing_of_the_caller(void **state)
{
    static const int key;
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = 7};
    struct caller a = caller_new("/users/7?full=1");
    fixture_add_field(a.req, "Accept", "text/html");
    fixture_add_field(a.req, "Accept", "text/plain");
    a.req->version_minor = 0;
    a.req->peer = (struct sockaddr *)&peer;
    a.req->param_count = 1;
    a.req->params[0] = (struct cairn_http_param){CAIRN_STR("id"), CAIRN_STR("7")};
    a.req->route = CAIRN_STR("/users/{id}");
    assert_int_equal(cairn_http_extension_set(a.req, &key, &peer), 0);
    caller_send(f, &a, s);
    peer.sin_port = 0;
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    const struct cairn_http_request *req = cairn_mock_request_value(request);
    assert_ptr_not_equal(req->arena, a.arena);
    assert_str(req->method_name, "GET");
    assert_str(req->target, "/users/7?full=1");
    assert_str(req->path, "/users/7");
    assert_str(req->query, "full=1");
    assert_int_equal(req->version_minor, 0);
    assert_int_equal(req->fields.count, 2);
    assert_str(req->fields.items[1].value, "text/plain");
    assert_int_equal(((const struct sockaddr_in *)(const void *)req->peer)->sin_port, 7);
    assert_str(cairn_http_request_param(req, "id"), "7");
    assert_str(req->route, "/users/{id}");
    assert_null(req->route_prefix.data);
    assert_null(cairn_http_extension_get(req, &key));
    assert_null(req->exchange);
    cairn_mock_respond(request, cairn_http_text(req, 200, "fine"));
    cairn_test_settle(f->runtime);
    caller_gets(f, &a, "fine");
    cairn_service_drop(s);
}

/* Whether REQ is shared: inner gets a copy then, and else REQ itself. */
static bool is_shared(struct fixture *f, struct cairn_service *s, struct cairn_http_request *req)
{
    struct cairn_future future = fixture_send(f, s, req);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    bool is_copy = cairn_mock_request_value(request) != req;
    cairn_mock_request_drop(request);
    cairn_future_drop(&future);
    return is_copy;
}

static bool is_shared_with(
    struct fixture *f, struct cairn_service *s, const char *name, const char *value)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, name, value);
    return is_shared(f, s, req);
}

static void what_is_not_for_everyone_is_not_shared(void **state)
{
    static const char *const names[] = {"Authorization", "Cookie", "Range", "If-Range", "If-Match",
        "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Upgrade", "authorization"};
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    assert_true(is_shared(f, s, fixture_request(f, "/")));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(is_shared_with(f, s, names[i], "x"));
    assert_false(is_shared_with(f, s, "Cache-Control", "max-age=0, No-Store"));
    assert_true(is_shared_with(f, s, "Cache-Control", "no-cache"));
    assert_true(is_shared_with(f, s, "Accept", "text/html"));
    cairn_service_drop(s);
}

static void methods_that_change_something_are_not_shared(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    for (int method = 0; method < CAIRN_HTTP_METHODS; method++) {
        bool is_safe = method == CAIRN_HTTP_GET || method == CAIRN_HTTP_HEAD;
        assert_int_equal(
            is_shared(f, s, cairn_http_request_new(f->arena, (enum cairn_http_method)method, "/")),
            is_safe);
    }
    cairn_service_drop(s);
}

static void request_with_a_body_is_not_shared(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_http_request *req = fixture_request(f, "/");
    req->body = CAIRN_STR("x");
    assert_false(is_shared(f, s, req));
    struct hand_stream hand = {.chunks = {"x"}};
    assert_false(is_shared(f, s, hand_stream_request(f, &hand, -1)));
    cairn_service_drop(s);
}

static void credentials_are_shared_when_asked(void **state)
{
    static const char *const vary[] = {"authorization", NULL};
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_http_coalesce(.ignores_authorization = true));
    assert_true(is_shared_with(f, s, "Authorization", "x"));
    assert_false(is_shared_with(f, s, "Cookie", "x"));
    cairn_service_drop(s);
    s = fixture_around_mock(f, cairn_http_coalesce(.ignores_cookies = true));
    assert_false(is_shared_with(f, s, "Authorization", "x"));
    assert_true(is_shared_with(f, s, "Cookie", "x"));
    cairn_service_drop(s);
    s = fixture_around_mock(f, cairn_http_coalesce(.vary = vary));
    assert_true(is_shared_with(f, s, "Authorization", "x"));
    assert_false(is_shared_with(f, s, "Cookie", "x"));
    cairn_service_drop(s);
}

/* Keys. */

static const char *const accept_and_language[] = {"Accept", "accept-language", NULL};

static struct cairn__share_key *key_new(struct fixture *f, bool takes_validators)
{
    const struct cairn_layer layer = {.name = "test"};
    const struct cairn__share_key_options opts = {
        .vary = accept_and_language, .takes_validators = takes_validators};
    struct cairn_service *inner = cairn_mock_service(f->mock);
    struct cairn_service *broken = NULL;
    struct cairn__share_key *key = cairn__share_key_new(&opts, &layer, inner, &broken);
    assert_non_null(key);
    cairn_service_drop(inner);
    return key;
}

/* Whether requests A and B have one key. */
static bool are_same(
    struct fixture *f, const struct cairn_http_request *a, const struct cairn_http_request *b)
{
    struct cairn__share_key *key = key_new(f, false);
    struct cairn_str of_a = cairn_arena_copy(f->arena, cairn__share_key_of(key, a, 0));
    struct cairn_str of_b = cairn__share_key_of(key, b, 0);
    assert_non_null(of_b.data);
    bool is_equal = cairn_str_equal(of_a, of_b);
    cairn__share_key_unref(key);
    return is_equal;
}

static struct cairn_http_request *with(
    struct fixture *f, const char *target, const char *name, const char *value)
{
    struct cairn_http_request *req = fixture_request(f, target);
    fixture_add_field(req, name, value);
    return req;
}

static void key_has_all_that_tells_requests_apart(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *plain = fixture_request(f, "/a");
    assert_true(are_same(f, plain, fixture_request(f, "/a")));
    assert_false(are_same(f, plain, fixture_request(f, "/A")));
    assert_false(are_same(f, plain, fixture_request(f, "/a?")));
    assert_false(are_same(f, plain, cairn_http_request_new(f->arena, CAIRN_HTTP_HEAD, "/a")));
    assert_false(are_same(f, plain, with(f, "/a", "Host", "a.example")));
    assert_true(
        are_same(f, with(f, "/a", "Host", "A.example"), with(f, "/a", "Host", "a.Example")));
    assert_false(are_same(f, with(f, "/a", "Host", "a"), with(f, "/a", "Host", "b")));
    assert_true(are_same(f, plain, with(f, "/a", "User-Agent", "x")));
    assert_false(are_same(f, plain, with(f, "/a", "Accept", "x")));
    assert_false(are_same(f, plain, with(f, "/a", "Accept", ""))); /* empty is not absent */
    assert_false(are_same(f, with(f, "/a", "Accept", "x"), with(f, "/a", "Accept", "y")));
    assert_true(are_same(f, with(f, "/a", "Accept", "x"), with(f, "/a", "accept", "x")));
    assert_false(are_same(f, with(f, "/a", "Accept", "x"), with(f, "/a", "Accept-Language", "x")));
    struct cairn_http_request *two = with(f, "/a", "Accept", "x");
    fixture_add_field(two, "Accept", "y");
    assert_false(are_same(f, two, with(f, "/a", "Accept", "xy")));
    assert_false(are_same(f, two, with(f, "/a", "Accept", "x")));
}

static void key_has_the_path_that_a_layer_put_in_place_of_the_targets(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *plain = fixture_request(f, "/a/b");
    struct cairn_http_request *within = fixture_request(f, "/a/b");
    within->path = cairn_str_of(within->path.data + 2, 2); /* a group took the prefix off */
    assert_true(are_same(f, plain, within));
    struct cairn_http_request *rewritten = fixture_request(f, "/a/b");
    rewritten->path = CAIRN_STR("/c");
    assert_false(are_same(f, plain, rewritten));
    struct cairn_http_request *other = fixture_request(f, "/a/b");
    other->path = CAIRN_STR("/c");
    other->query = CAIRN_STR("d");
    assert_false(are_same(f, rewritten, other));
}

static void validators_are_taken_by_who_can_answer_in_full(void **state)
{
    struct fixture *f = *state;
    struct cairn__share_key *key = key_new(f, true);
    assert_non_null(cairn__share_key_of(key, with(f, "/", "If-None-Match", "\"x\""), 0).data);
    assert_non_null(cairn__share_key_of(key, with(f, "/", "If-Modified-Since", "x"), 0).data);
    assert_null(cairn__share_key_of(key, with(f, "/", "If-Match", "\"x\""), 0).data);
    assert_null(cairn__share_key_of(key, with(f, "/", "Upgrade", "x"), 0).data);
    cairn__share_key_unref(key);
}

static void without_memory_there_is_no_key(void **state)
{
    struct fixture *f = *state;
    struct cairn__share_key *key = key_new(f, false);
    cairn_test_alloc_fail_at(1);
    assert_null(cairn__share_key_of(key, fixture_request(f, "/"), 0).data);
    assert_non_null(cairn__share_key_of(key, fixture_request(f, "/"), 0).data);
    size_t before = cairn_test_alloc_count();
    assert_non_null(cairn__share_key_of(key, fixture_request(f, "/"), 0).data);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn__share_key_unref(key);
}

/* Bodies. */

static void response_with_a_stream_goes_to_one_and_the_others_call_for_themselves(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct hand_stream hand = {.chunks = {"stream"}};
    struct caller leader = caller_of(f, s, "/file");
    struct caller follower = caller_of(f, s, "/file");
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    cairn_mock_respond(request, hand_stream_response(&hand, cairn_mock_request_value(request)));
    cairn_test_settle(f->runtime);
    assert_pending(f, &follower.future);
    request = cairn_mock_next_request(f->mock);
    assert_ptr_equal(cairn_mock_request_value(request), follower.req); /* its own */
    cairn_mock_respond(request, cairn_http_text(follower.req, 200, "again"));
    caller_gets(f, &follower, "again");
    struct cairn_http_response *res = fixture_response(f, &leader.future);
    assert_true(res->owns_arena);
    assert_chunk(f, res, "stream");
    assert_false(hand.is_dropped);
    caller_end(&leader);
    cairn_type_drop(&cairn_http_response_type, res);
    assert_true(hand.is_dropped);
    assert_int_equal(fixture_number(s, "alone"), 1);
    cairn_service_drop(s);
}

static struct cairn_http_response *at_once(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "at once");
}

static void answer_at_once_is_dropped_if_nobody_wants_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_http_coalesce(), cairn_http_handler(at_once, NULL));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    cairn_future_drop(&future);
    struct cairn_http_response *res = fixture_ask(f, s, fixture_request(f, "/"));
    assert_str(res->body, "at once");
    assert_true(res->owns_arena);
    cairn_type_drop(&cairn_http_response_type, res);
    cairn_service_drop(s);
}

/* The response has an arena already: one that a cache inside keeps, say. */
static void response_with_an_arena_of_its_own_keeps_that(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct caller a = caller_of(f, s, "/");
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    struct cairn_http_response *copy = cairn_http_response_type.clone(
        cairn_http_text(cairn_mock_request_value(request), 200, "kept"));
    cairn_mock_respond(request, copy);
    cairn_test_settle(f->runtime);
    struct cairn_http_response *res = fixture_response(f, &a.future);
    assert_ptr_equal(res, copy);
    caller_end(&a);
    assert_str(res->body, "kept");
    cairn_type_drop(&cairn_http_response_type, res);
    cairn_service_drop(s);
}

static void error_goes_to_everyone(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct caller a = caller_of(f, s, "/");
    struct caller b = caller_of(f, s, "/");
    fixture_fail(f, CAIRN_ERROR_UNAVAILABLE, "down");
    cairn_test_settle(f->runtime);
    cairn_error_unref(fixture_failure(f, &a.future));
    cairn_error_unref(fixture_failure(f, &b.future));
    caller_end(&a);
    caller_end(&b);
    cairn_service_drop(s);
}

static void call_is_dropped_when_all_have_given_up(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct caller a = caller_of(f, s, "/");
    struct caller b = caller_of(f, s, "/");
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    cairn_type_drop(&cairn_http_request_type, cairn_mock_request_take(request));
    caller_end(&a);
    assert_false(cairn_mock_is_abandoned(request));
    caller_end(&b);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    cairn_service_drop(s);
}

/* Memory. */

/* A request that was given up has gone with its arena. */
static void answer_or_forget(struct cairn_mock_request *request)
{
    cairn_test_alloc_exempt(true);
    if (cairn_mock_is_abandoned(request)) {
        cairn_mock_request_take(request);
        cairn_mock_request_drop(request);
    } else {
        cairn_mock_respond(request, cairn_http_text(cairn_mock_request_value(request), 200, "x"));
    }
    cairn_test_alloc_exempt(false);
}

static void one_shared_call(void *cx)
{
    struct fixture f = {0};
    const struct cairn_mock_options types = {.size = sizeof(types),
        .request_type = &cairn_http_request_type,
        .response_type = &cairn_http_response_type};
    static const struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
    struct caller callers[2];
    (void)cx;
    cairn_test_alloc_exempt(true);
    f.runtime = cairn_test_runtime_new(&f.clock);
    f.mock = cairn_mock_new(&types);
    cairn_harness_init(&f.hand, f.runtime);
    struct cairn_service *s = around_mock(&f);
    for (int i = 0; i < 2; i++) {
        callers[i] = caller_new("/a-path");
        fixture_add_field(callers[i].req, "Accept", "text/html");
        callers[i].req->peer = (const struct sockaddr *)&peer;
    }
    cairn_test_alloc_exempt(false);
    for (int i = 0; i < 2; i++)
        callers[i].future = fixture_send(&f, s, callers[i].req);
    struct cairn_mock_request *request;
    while ((request = cairn_mock_next_request(f.mock)))
        answer_or_forget(request);
    for (int i = 0; i < 2; i++) {
        union cairn_outcome out;
        enum cairn_poll p = cairn_harness_poll(&f.hand, &callers[i].future, &out);
        if (p == CAIRN_PENDING) { /* a call of its own */
            answer_or_forget(cairn_mock_next_request(f.mock));
            p = cairn_harness_poll(&f.hand, &callers[i].future, &out);
        }
        assert_int_not_equal(p, CAIRN_PENDING);
        if (p == CAIRN_READY)
            cairn_type_drop(&cairn_http_response_type, out.value);
        else
            assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        caller_end(&callers[i]);
    }
    assert_int_equal(cairn_mock_counts(f.mock).reserved, 0);
    cairn_service_drop(s);
    cairn_harness_fini(&f.hand);
    cairn_mock_free(f.mock);
    cairn_runtime_free(f.runtime);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(one_shared_call, NULL) >= 6);
}

/* As above, for what comes out of the arena: it has room for a little more each time. */
static void copy_of_a_head_may_fail_at_each_step(void **state)
{
    static const struct sockaddr_in peer = {.sin_family = AF_INET};
    struct fixture *f = *state;
    struct cairn_http_request *req = with(f, "/users/7?full=1", "Accept", "text/html");
    const struct cairn_str sensitive = CAIRN_STR("X-Token");
    struct cairn_http_request *copy = NULL;
    size_t failures = 0;
    req->param_count = 1;
    req->params[0] = (struct cairn_http_param){CAIRN_STR("id"), CAIRN_STR("7")};
    req->route = CAIRN_STR("/users/{id}");
    req->route_host = CAIRN_STR("*.example.com");
    req->peer = (const struct sockaddr *)&peer;
    assert_int_equal(cairn_http_fields_mark_sensitive(&req->fields, &sensitive, 1), 0);
    for (size_t room = 0; !copy; room += 8) {
        struct fixture small = {.arena = cairn_arena_new(NULL)};
        size_t whole = hunger_room(&small);
        cairn_arena_free(small.arena);
        small.arena = cairn_arena_new(NULL);
        assert_non_null(cairn_arena_alloc_text(small.arena, whole - room));
        cairn_test_alloc_fail_at(1);
        copy = cairn__message_copy_head(small.arena, req);
        cairn_test_alloc_fail_at(0);
        failures += copy == NULL;
        if (copy)
            assert_true(cairn_http_fields_is_sensitive(&copy->fields, sensitive));
        cairn_arena_free(small.arena);
    }
    assert_true(failures > 50);
}

static void refuses_what_does_not_fit(void **state)
{
    static const char *const bad[] = {"Accept", "no token", NULL};
    static const char *const many[] = {
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", NULL};
    static const char *const most[] = {
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", NULL};
    struct fixture *f = *state;
    assert_invalid(f, cairn_http_coalesce(.vary = bad), "vary must be names of header fields");
    assert_invalid(f, cairn_http_coalesce(.vary = many), "vary must be at most 16 names");
    cairn_service_drop(fixture_around_mock(f, cairn_http_coalesce(.vary = most)));
    cairn_service_drop(fixture_around_mock(f, cairn_http_coalesce_layer(NULL)));
    assert_needs_http(cairn_http_coalesce());
    assert_refused_without_memory(f, cairn_http_coalesce(), 5);
}

static void is_printed_with_its_fields(void **state)
{
    struct fixture *f = *state;
    char buffer[256] = "";
    struct cairn_service *s =
        fixture_around_mock(f, cairn_http_coalesce(.vary = accept_and_language));
    FILE *out = fmemopen(buffer, sizeof(buffer), "w");
    cairn_stack_print(s, out);
    fclose(out);
    assert_string_equal(buffer, "http_coalesce(vary=Accept,accept-language)\n"
                                "coalesce  calls=0 joined=0 alone=0 in_flight=0\n"
                                "mock  calls=0 reserved=0 in_flight=0\n");
    cairn_service_drop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(requests_for_the_same_share_one_call),
        fixture_test(call_goes_on_when_the_exchange_of_who_began_it_ends),
        fixture_test(inner_sees_the_whole_head_and_nothing_of_the_caller),
        fixture_test(what_is_not_for_everyone_is_not_shared),
        fixture_test(methods_that_change_something_are_not_shared),
        fixture_test(request_with_a_body_is_not_shared),
        fixture_test(credentials_are_shared_when_asked),
        fixture_test(key_has_all_that_tells_requests_apart),
        fixture_test(key_has_the_path_that_a_layer_put_in_place_of_the_targets),
        fixture_test(validators_are_taken_by_who_can_answer_in_full),
        fixture_test(without_memory_there_is_no_key),
        fixture_test(response_with_a_stream_goes_to_one_and_the_others_call_for_themselves),
        fixture_test(answer_at_once_is_dropped_if_nobody_wants_it),
        fixture_test(response_with_an_arena_of_its_own_keeps_that),
        fixture_test(error_goes_to_everyone),
        fixture_test(call_is_dropped_when_all_have_given_up),
        cmocka_unit_test(every_allocation_may_fail),
        fixture_test(copy_of_a_head_may_fail_at_each_step),
        fixture_test(refuses_what_does_not_fit),
        fixture_test(is_printed_with_its_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
