#include "hand_stream.h"

#include <cairn/http/body.h>
#include <cairn/http/layers/idempotency_keys.h>
#include <cairn/service/alloc.h>
#include <cairn/service/sleep.h>

/* A shop that makes one order a call. */
struct shop {
    int orders;
    int status;       /* 0: 201 */
    const char *body; /* NULL: the number of the order */
};

static struct cairn_http_response *order(struct cairn_http_request *req, void *state)
{
    struct shop *shop = state;
    struct cairn_str text = cairn_arena_printf(req->arena, "order %d", ++shop->orders);
    struct cairn_http_response *res = cairn_http_text(
        req, shop->status ? shop->status : 201, shop->body ? shop->body : text.data);
    if (!text.data || !res || cairn_http_response_set(res, "Location", "/orders/7"))
        return NULL;
    return res;
}

static struct cairn_service *around(struct cairn_layer layer, struct shop *shop)
{
    return fixture_apply(layer, cairn_http_handler(order, shop));
}

static struct cairn_http_request *request(
    struct fixture *f, enum cairn_http_method method, const char *key, const char *body)
{
    struct cairn_http_request *req = cairn_http_request_new(f->arena, method, "/orders");
    if (key)
        fixture_add_field(req, "Idempotency-Key", key);
    req->body = cairn_str_from(body);
    return req;
}

static struct cairn_http_request *post(struct fixture *f, const char *key, const char *body)
{
    return request(f, CAIRN_HTTP_POST, key, body);
}

static void assert_replayed(const struct cairn_http_response *res, const char *body)
{
    assert_int_equal(res->status, 201);
    assert_str(res->body, body);
    assert_str(fixture_field(res, "Location"), "/orders/7");
    assert_str(fixture_field(res, "Idempotent-Replayed"), "true");
}

static void assert_first(const struct cairn_http_response *res, const char *body)
{
    assert_str(res->body, body);
    assert_null(fixture_field(res, "Idempotent-Replayed").data);
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_idempotency_keys(), (struct cairn_contract_options){0});
}

/* Each with a key of its own. */
static void *keyed_request(void *arena)
{
    static unsigned number;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    fixture_add_field(req, "Idempotency-Key", cairn_arena_printf(arena, "%u", ++number).data);
    return req;
}

static void keeps_the_service_contract_with_keys(void **state)
{
    (void)state;
    fixture_contract(cairn_idempotency_keys(),
        (struct cairn_contract_options){.new_request = keyed_request, .may_replace = true});
}

static void carries_a_request_out_once(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(), &shop);
    assert_first(fixture_ask(f, service, post(f, "\"k-1\"", "{}")), "order 1");
    assert_replayed(fixture_ask(f, service, post(f, "\"k-1\"", "{}")), "order 1");
    assert_replayed(fixture_ask(f, service, post(f, "k-1", "{}")), "order 1");
    assert_first(fixture_ask(f, service, post(f, "\"k-2\"", "{}")), "order 2");
    assert_int_equal(shop.orders, 2);
    assert_int_equal(fixture_number(service, "first"), 2);
    assert_int_equal(fixture_number(service, "replayed"), 2);
    assert_int_equal(fixture_number(service, "entries"), 2);
    cairn_service_drop(service);
}

static void a_replay_outlives_exchange_and_layer(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(), &shop);
    fixture_ask(f, service, post(f, "k", "{}"));
    fixture_end_exchange(f);
    struct cairn_http_response *res = fixture_ask(f, service, post(f, "k", "{}"));
    cairn_service_drop(service);
    assert_replayed(res, "order 1");
}

static void what_has_no_key_passes(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(), &shop);
    fixture_ask(f, service, post(f, NULL, "{}"));
    assert_first(fixture_ask(f, service, post(f, NULL, "{}")), "order 2");
    assert_int_equal(fixture_number(service, "first"), 0);
    cairn_service_drop(service);
}

static void assert_problem(struct cairn_http_response *res, int status, const char *detail)
{
    assert_int_equal(res->status, status);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
    assert_non_null(memmem(res->body.data, res->body.length, detail, strlen(detail)));
}

static void a_missing_key_is_400_where_one_is_required(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(.required = true), &shop);
    assert_problem(fixture_ask(f, service, post(f, NULL, "{}")), 400,
        "\"the field Idempotency-Key is missing\"");
    assert_int_equal(fixture_ask(f, service, request(f, CAIRN_HTTP_GET, NULL, NULL))->status, 201);
    assert_int_equal(shop.orders, 1);
    assert_int_equal(fixture_number(service, "rejected"), 1);
    cairn_service_drop(service);
}

static void a_key_that_is_none_is_400(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(), &shop);
    assert_problem(fixture_ask(f, service, post(f, "\"a", "{}")), 400,
        "\"the field Idempotency-Key is malformed\"");
    assert_problem(fixture_ask(f, service, post(f, "", "{}")), 400, "malformed");
    struct cairn_http_request *req = post(f, "a", "{}");
    fixture_add_field(req, "Idempotency-Key", "b");
    assert_problem(fixture_ask(f, service, req), 400, "malformed");
    assert_int_equal(shop.orders, 0);
    cairn_service_drop(service);
}

static void another_payload_under_the_key_is_422(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(), &shop);
    fixture_ask(f, service, post(f, "k", "{}"));
    assert_problem(fixture_ask(f, service, post(f, "k", "{ }")), 422,
        "\"the key was used for another request\"");
    assert_int_equal(fixture_ask(f, service, request(f, CAIRN_HTTP_PATCH, "k", "{}"))->status, 422);
    struct cairn_http_request *req = post(f, "k", "{}");
    req->target = CAIRN_STR("/orders?b");
    assert_int_equal(fixture_ask(f, service, req)->status, 422);
    assert_replayed(fixture_ask(f, service, post(f, "k", "{}")), "order 1");
    assert_int_equal(fixture_number(service, "mismatches"), 3);
    assert_int_equal(shop.orders, 1);
    cairn_service_drop(service);
}

static void a_second_one_while_the_first_runs_is_409(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_idempotency_keys());
    struct cairn_future first = fixture_send(f, service, post(f, "k", "{}"));
    assert_pending(f, &first);
    struct cairn_http_response *res = fixture_ask(f, service, post(f, "k", "{}"));
    assert_problem(res, 409, "\"the request with this key is being carried out\"");
    assert_str(fixture_field(res, "Retry-After"), "1");
    assert_int_equal(fixture_ask(f, service, post(f, "k", "other"))->status, 422);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    fixture_respond(f, NULL);
    assert_first(fixture_response(f, &first), "fine");
    res = fixture_ask(f, service, post(f, "k", "{}"));
    assert_str(fixture_field(res, "Idempotent-Replayed"), "true");
    assert_int_equal(fixture_number(service, "conflicts"), 1);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 1);
    cairn_service_drop(service);
}

static void a_failed_call_frees_the_key(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_idempotency_keys());
    struct cairn_future future = fixture_send(f, service, post(f, "k", "{}"));
    fixture_fail(f, CAIRN_ERROR_CLOSED, "gone");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "gone");
    cairn_error_unref(error);
    future = fixture_send(f, service, post(f, "k", "{}"));
    fixture_respond(f, NULL);
    assert_first(fixture_response(f, &future), "fine");
    assert_int_equal(fixture_number(service, "unkept"), 0);
    cairn_service_drop(service);
}

static void a_call_that_is_given_up_frees_the_key(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_idempotency_keys());
    struct cairn_future future = fixture_send(f, service, post(f, "k", "{}"));
    assert_pending(f, &future);
    cairn_future_drop(&future);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    assert_int_equal(fixture_number(service, "entries"), 0);
    future = fixture_send(f, service, post(f, "k", "{}"));
    fixture_respond(f, NULL);
    assert_first(fixture_response(f, &future), "fine");
    cairn_service_drop(service);
}

static void failures_and_what_passes_by_itself_are_not_kept(void **state)
{
    static const int unkept[] = {500, 503, 599, 408, 425, 429};
    static const int kept[] = {200, 204, 302, 400, 404, 409, 422, 499};
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(), &shop);
    for (size_t i = 0; i < sizeof(unkept) / sizeof(*unkept); i++) {
        shop.status = unkept[i];
        assert_int_equal(fixture_ask(f, service, post(f, "k", "{}"))->status, unkept[i]);
    }
    assert_int_equal(shop.orders, 6);
    assert_int_equal(fixture_number(service, "unkept"), 6);
    for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
        char key[2] = {(char)('a' + i), '\0'};
        shop.status = kept[i];
        fixture_ask(f, service, post(f, key, "{}"));
        assert_int_equal(fixture_ask(f, service, post(f, key, "{}"))->status, kept[i]);
    }
    assert_int_equal(shop.orders, 6 + 8);
    cairn_service_drop(service);
}

static bool keep_all(void *cx, const struct cairn_http_response *res)
{
    assert_string_equal(cx, "the shop's");
    return res->status != 404;
}

static void the_user_says_what_is_kept(void **state)
{
    struct fixture *f = *state;
    char cx[] = "the shop's";
    struct shop shop = {.status = 503};
    struct cairn_service *service =
        around(cairn_idempotency_keys(.keep = keep_all, .cx = cx), &shop);
    fixture_ask(f, service, post(f, "a", "{}"));
    fixture_ask(f, service, post(f, "a", "{}"));
    assert_int_equal(shop.orders, 1);
    shop.status = 404;
    fixture_ask(f, service, post(f, "b", "{}"));
    fixture_ask(f, service, post(f, "b", "{}"));
    assert_int_equal(shop.orders, 3);
    cairn_service_drop(service);
}

static void bodies_over_the_cap_are_not_kept(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {.body = "12345"};
    struct cairn_service *service = around(cairn_idempotency_keys(.max_response_bytes = 4), &shop);
    fixture_ask(f, service, post(f, "k", "{}"));
    assert_first(fixture_ask(f, service, post(f, "k", "{}")), "12345");
    shop.body = "1234";
    fixture_ask(f, service, post(f, "k", "{}"));
    assert_replayed(fixture_ask(f, service, post(f, "k", "{}")), "1234");
    assert_int_equal(shop.orders, 3);
    assert_int_equal(fixture_number(service, "unkept"), 2);
    cairn_service_drop(service);
}

static void streams_pass_and_are_not_kept(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_idempotency_keys());
    for (int i = 0; i < 2; i++) {
        struct hand_stream hand = {.chunks = {"one"}};
        struct cairn_http_request *req = post(f, "k", "{}");
        struct cairn_future future = fixture_send(f, service, req);
        fixture_respond(f, hand_stream_response(&hand, req));
        struct cairn_http_response *res = fixture_response(f, &future);
        assert_null(fixture_field(res, "Idempotent-Replayed").data);
        assert_chunk(f, res, "one");
        assert_body_end(f, res);
    }
    assert_int_equal(fixture_number(service, "unkept"), 2);
    assert_int_equal(fixture_number(service, "entries"), 0);
    cairn_service_drop(service);
}

static void other_methods_pass(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(.required = true), &shop);
    fixture_ask(f, service, request(f, CAIRN_HTTP_PUT, "k", "{}"));
    fixture_ask(f, service, request(f, CAIRN_HTTP_PUT, "k", "{}"));
    fixture_ask(f, service, request(f, CAIRN_HTTP_PATCH, "k", "{}"));
    fixture_ask(f, service, request(f, CAIRN_HTTP_PATCH, "k", "{}"));
    assert_int_equal(shop.orders, 3);
    cairn_service_drop(service);
    service = around(cairn_idempotency_keys(.methods = 1u << CAIRN_HTTP_PUT), &shop);
    fixture_ask(f, service, request(f, CAIRN_HTTP_PUT, "k", "{}"));
    fixture_ask(f, service, request(f, CAIRN_HTTP_PUT, "k", "{}"));
    assert_int_equal(shop.orders, 4);
    cairn_service_drop(service);
}

static struct cairn_http_request *as(struct fixture *f, const char *authorization)
{
    struct cairn_http_request *req = post(f, "k", "{}");
    if (authorization)
        fixture_add_field(req, "Authorization", authorization);
    return req;
}

static void keys_of_two_clients_do_not_meet(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(), &shop);
    assert_first(fixture_ask(f, service, as(f, "Bearer ann")), "order 1");
    assert_first(fixture_ask(f, service, as(f, "Bearer bob")), "order 2");
    assert_first(fixture_ask(f, service, as(f, NULL)), "order 3");
    assert_replayed(fixture_ask(f, service, as(f, "Bearer ann")), "order 1");
    cairn_service_drop(service);
}

static struct cairn_str tenant(void *cx, const struct cairn_http_request *req)
{
    (void)cx;
    return cairn_http_request_field(req, "X-Tenant");
}

static void the_user_says_whose_a_key_is(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(.scope = tenant), &shop);
    struct cairn_http_request *req = as(f, "Bearer a token");
    fixture_add_field(req, "X-Tenant", "t1");
    assert_first(fixture_ask(f, service, req), "order 1");
    req = as(f, "Bearer the next token");
    fixture_add_field(req, "X-Tenant", "t1");
    assert_replayed(fixture_ask(f, service, req), "order 1");
    assert_first(fixture_ask(f, service, as(f, "Bearer a token")), "order 2");
    cairn_service_drop(service);
}

static void the_field_may_have_another_name(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    char header[] = "X-Request-Key";
    struct cairn_service *service =
        around(cairn_idempotency_keys(.header = header, .required = true), &shop);
    memset(header, '!', sizeof(header) - 1);
    assert_problem(fixture_ask(f, service, post(f, "k", "{}")), 400, "X-Request-Key is missing");
    for (int i = 0; i < 2; i++) {
        struct cairn_http_request *req = post(f, NULL, "{}");
        fixture_add_field(req, "x-request-key", "k");
        fixture_ask(f, service, req);
    }
    assert_int_equal(shop.orders, 1);
    cairn_service_drop(service);
}

static void an_answer_is_kept_as_long_as_said(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct cairn_service *service = around(cairn_idempotency_keys(.keep_ms = 5000), &shop);
    fixture_ask(f, service, post(f, "k", "{}"));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 4999);
    assert_replayed(fixture_ask(f, service, post(f, "k", "{}")), "order 1");
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_first(fixture_ask(f, service, post(f, "k", "{}")), "order 2");
    cairn_service_drop(service);
}

static void stacks_and_copies_share_a_store(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct shop shop = {0};
    struct cairn_idempotency_store *store = cairn_idempotency_memory_new(NULL, &error);
    struct cairn_service *a = around(cairn_idempotency_keys(.store = store), &shop);
    struct cairn_service *b = around(cairn_idempotency_keys(.store = store), &shop);
    struct cairn_service *copy = cairn_service_clone(a);
    cairn_idempotency_store_unref(store);
    fixture_ask(f, a, post(f, "k", "{}"));
    cairn_service_drop(a);
    assert_replayed(fixture_ask(f, b, post(f, "k", "{}")), "order 1");
    assert_replayed(fixture_ask(f, copy, post(f, "k", "{}")), "order 1");
    cairn_service_drop(b);
    cairn_service_drop(copy);
}

/*
 * Bodies that are still on their way
 */

static struct cairn_http_request *post_stream(
    struct fixture *f, const char *key, struct hand_stream *hand)
{
    struct cairn_http_request *req = post(f, key, NULL);
    assert_int_equal(cairn_http_request_set_body(req, hand_stream_body(hand), -1), 0);
    return req;
}

static struct cairn_http_response *echo(struct cairn_http_request *req, void *state)
{
    ++*(int *)state;
    return cairn_http_bytes(req, 201, NULL, req->body);
}

static void a_body_is_collected_and_inner_sees_it(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct cairn_service *service =
        fixture_apply(cairn_idempotency_keys(), cairn_http_handler(echo, &calls));
    struct hand_stream hand = {.chunks = {"one", "two"}, .is_open = true};
    struct cairn_future future = fixture_send(f, service, post_stream(f, "k", &hand));
    assert_pending(f, &future);
    assert_int_equal(calls, 0);
    hand.is_open = false;
    assert_first(fixture_response(f, &future), "onetwo");
    struct cairn_http_response *res = fixture_ask(f, service, post(f, "k", "onetwo"));
    assert_str(fixture_field(res, "Idempotent-Replayed"), "true");
    assert_str(res->body, "onetwo");
    assert_int_equal(calls, 1);
    cairn_service_drop(service);
}

static void a_body_over_the_limit_fails_the_call(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one", "two"}};
    struct cairn_service *service =
        fixture_around_mock(f, cairn_idempotency_keys(.max_request_bytes = 5));
    struct cairn_future future = fixture_send(f, service, post_stream(f, "k", &hand));
    struct cairn_error *error = fixture_failure(f, &future);
    assert_int_equal(error->code, CAIRN_ERROR_TOO_LARGE);
    cairn_error_unref(error);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(service);
}

static void who_goes_away_while_the_body_comes_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
    struct cairn_service *service = fixture_around_mock(f, cairn_idempotency_keys());
    struct cairn_future future = fixture_send(f, service, post_stream(f, "k", &hand));
    assert_pending(f, &future);
    cairn_future_drop(&future);
    assert_true(hand.is_dropped);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(fixture_number(service, "entries"), 0);
    cairn_service_drop(service);
}

/*
 * A store that takes 5 ms for each of its answers, and may fail
 */

struct slow_store {
    struct cairn_idempotency_store base;
    struct cairn_idempotency_store *memory;
    bool begin_fails;
    bool answer_fails;
    unsigned abandoned;
};

struct slow_step {
    struct cairn_future sleep;
    struct slow_store *store;
    struct cairn_str key;
    struct cairn_idempotency_fingerprint fingerprint;
    uint64_t number; /* claim_ms or token */
    const struct cairn_http_request *req;
    struct cairn_idempotency_claim *claim; /* NULL: it is an answer */
    const struct cairn_http_response *res;
};

static enum cairn_poll slow_step_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct slow_step *self = state;
    struct cairn_idempotency_store *memory = self->store->memory;
    if (cairn_future_poll(&self->sleep, cx, out) == CAIRN_PENDING)
        return CAIRN_PENDING;
    if (self->claim ? self->store->begin_fails : self->store->answer_fails) {
        out->error = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "slow", NULL, "not there");
        return CAIRN_FAILED;
    }
    struct cairn_future now =
        self->claim ? memory->ops->begin(memory, self->key, &self->fingerprint, self->number,
                          self->req, self->claim)
                    : memory->ops->answer(memory, self->key, self->number, self->res, 10000);
    return cairn_future_poll(&now, cx, out);
}

static void slow_step_drop(void *state)
{
    cairn_future_drop(&((struct slow_step *)state)->sleep);
}

static const struct cairn_future_ops slow_step_ops = {.name = "slow",
    .size = sizeof(struct slow_step),
    .poll = slow_step_poll,
    .drop = slow_step_drop};

static struct cairn_future slow_begin(struct cairn_idempotency_store *base, struct cairn_str key,
    const struct cairn_idempotency_fingerprint *fingerprint, uint64_t claim_ms,
    const struct cairn_http_request *req, struct cairn_idempotency_claim *claim)
{
    return cairn_future_box(&slow_step_ops, &(struct slow_step){.sleep = cairn_sleep(5),
                                                .store = (struct slow_store *)base,
                                                .key = key,
                                                .fingerprint = *fingerprint,
                                                .number = claim_ms,
                                                .req = req,
                                                .claim = claim});
}

static struct cairn_future slow_answer(struct cairn_idempotency_store *base, struct cairn_str key,
    uint64_t token, const struct cairn_http_response *res, uint64_t keep_ms)
{
    (void)keep_ms;
    return cairn_future_box(&slow_step_ops, &(struct slow_step){.sleep = cairn_sleep(5),
                                                .store = (struct slow_store *)base,
                                                .key = key,
                                                .number = token,
                                                .res = res});
}

static void slow_abandon(struct cairn_idempotency_store *base, struct cairn_str key, uint64_t token)
{
    struct slow_store *self = (struct slow_store *)base;
    self->abandoned++;
    self->memory->ops->abandon(self->memory, key, token);
}

static const struct cairn_idempotency_store_ops slow_store_ops = {
    .name = "slow", .begin = slow_begin, .answer = slow_answer, .abandon = slow_abandon};

static struct slow_store slow_store(void)
{
    struct cairn_error *error = NULL;
    return (struct slow_store){
        {&slow_store_ops, 1}, cairn_idempotency_memory_new(NULL, &error), false, false, 0};
}

static void pass_time(struct fixture *f)
{
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 5);
}

static void a_store_may_take_its_time(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct slow_store store = slow_store();
    struct cairn_service *service = around(cairn_idempotency_keys(.store = &store.base), &shop);
    struct cairn_future future = fixture_send(f, service, post(f, "k", "{}"));
    assert_pending(f, &future);
    assert_int_equal(shop.orders, 0);
    pass_time(f);
    assert_pending(f, &future);
    assert_int_equal(shop.orders, 1);
    pass_time(f);
    assert_first(fixture_response(f, &future), "order 1");
    future = fixture_send(f, service, post(f, "k", "{}"));
    assert_pending(f, &future);
    pass_time(f);
    assert_replayed(fixture_response(f, &future), "order 1");
    assert_int_equal(store.abandoned, 0);
    cairn_service_drop(service);
    cairn_idempotency_store_unref(store.memory);
}

static void a_store_that_is_away_fails_the_request_before_it_is_carried_out(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct slow_store store = slow_store();
    struct cairn_service *service = around(cairn_idempotency_keys(.store = &store.base), &shop);
    store.begin_fails = true;
    struct cairn_future future = fixture_send(f, service, post(f, "k", "{}"));
    assert_pending(f, &future);
    pass_time(f);
    struct cairn_error *error = fixture_failure(f, &future);
    assert_int_equal(error->code, CAIRN_ERROR_UNAVAILABLE);
    cairn_error_unref(error);
    assert_int_equal(shop.orders, 0);
    assert_int_equal(fixture_number(service, "store_errors"), 1);
    cairn_service_drop(service);
    cairn_idempotency_store_unref(store.memory);
}

static void an_answer_that_cannot_be_kept_is_given_all_the_same(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct slow_store store = slow_store();
    struct cairn_service *service = around(cairn_idempotency_keys(.store = &store.base), &shop);
    store.answer_fails = true;
    struct cairn_future future = fixture_send(f, service, post(f, "k", "{}"));
    assert_pending(f, &future);
    pass_time(f);
    assert_pending(f, &future);
    pass_time(f);
    assert_first(fixture_response(f, &future), "order 1");
    assert_int_equal(fixture_number(service, "store_errors"), 1);
    assert_int_equal(fixture_number(service, "unkept"), 1);
    cairn_service_drop(service);
    cairn_idempotency_store_unref(store.memory);
}

static void who_goes_away_while_the_answer_is_kept_frees_the_key(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    struct slow_store store = slow_store();
    struct cairn_service *service = around(cairn_idempotency_keys(.store = &store.base), &shop);
    struct cairn_future future = fixture_send(f, service, post(f, "k", "{}"));
    assert_pending(f, &future);
    pass_time(f);
    assert_pending(f, &future);
    cairn_future_drop(&future);
    assert_int_equal(store.abandoned, 1);
    cairn_service_drop(service);
    cairn_idempotency_store_unref(store.memory);
}

static void waits_with_the_room_it_has_and_gives_it_back(void **state)
{
    struct fixture *f = *state;
    struct slow_store store = slow_store();
    struct cairn_service *service =
        fixture_around_mock(f, cairn_idempotency_keys(.store = &store.base));
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(f, service, post(f, "k", "{}"));
    assert_pending(f, &future);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    cairn_future_drop(&future);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(store.abandoned, 0);
    cairn_service_drop(service);
    cairn_idempotency_store_unref(store.memory);
}

/*
 * Memory
 */

/* With each size of what is left in the arena, and each allocation failing: an answer, or want of
 * memory, and no claim that stays. */
static void without_memory_no_claim_is_left(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {0};
    for (size_t i = 0; i < 256 * 4; i++) {
        struct cairn_service *service = around(cairn_idempotency_keys(), &shop);
        union cairn_outcome out;
        struct cairn_error *error = NULL;
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
        fixture_add_field(req, "Idempotency-Key", i % 8 == 7 ? "\"" : "k");
        cairn_arena_alloc(arena, i / 4 * 16 + 1);
        assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_READY);
        cairn_test_alloc_fail_at(i % 4 + 1);
        struct cairn_future future = cairn_service_call(service, req);
        if (cairn_harness_poll(&f->hand, &future, &out) == CAIRN_FAILED)
            cairn_error_unref(out.error);
        cairn_test_alloc_fail_at(0);
        assert_int_equal(fixture_number(service, "running"), 0);
        cairn_service_drop(service);
        cairn_arena_free(arena);
    }
}

static void what_has_no_key_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    struct shop shop = {.body = "ready made"};
    struct cairn_service *service = around(cairn_idempotency_keys(), &shop);
    struct cairn_http_request *req = post(f, NULL, "{}");
    fixture_ask(f, service, req);
    size_t before = cairn_test_alloc_count();
    fixture_ask(f, service, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(service);
}

static void refuse(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void refuses_options_out_of_range(void **state)
{
    struct fixture *f = *state;
    refuse(f, cairn_idempotency_keys(.header = "a b"), "header must be the name of a header field");
    refuse(f, cairn_idempotency_keys(.methods = 1u << CAIRN_HTTP_METHODS),
        "methods must be made of 1u << enum cairn_http_method");
    refuse(f, cairn_idempotency_keys(.keep_ms = 999), "keep_ms must be 1000 to 2592000000");
    refuse(f, cairn_idempotency_keys(.keep_ms = 2592000001), "keep_ms must be 1000 to 2592000000");
    refuse(f, cairn_idempotency_keys(.claim_ms = 86400001), "claim_ms must be 1 to 86400000");
}

static void refuses_what_cannot_be_cloned(void **state)
{
    const struct cairn_mock_options opts = {.size = sizeof(opts),
        .request_type = &cairn_http_request_type,
        .response_type = &cairn_http_response_type,
        .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&opts);
    (void)state;
    assert_refused(cairn_idempotency_keys(), cairn_mock_service(mock), CAIRN_ERROR_TYPE,
        "needs a service that can be cloned");
    cairn_mock_free(mock);
}

static void refuses_to_be_built_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_idempotency_keys();
    for (size_t n = 1;; n++) {
        struct cairn_service *mock = cairn_mock_service(f->mock);
        cairn_test_alloc_fail_at(n);
        struct cairn_service *service = cairn_layer_apply(&layer, mock);
        cairn_test_alloc_fail_at(0);
        bool is_whole = !cairn_service_error(service);
        cairn_service_drop(service);
        if (is_whole)
            break;
        assert_true(n < 10);
    }
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_idempotency_keys_layer(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        cmocka_unit_test(keeps_the_service_contract_with_keys),
        fixture_test(carries_a_request_out_once),
        fixture_test(a_replay_outlives_exchange_and_layer),
        fixture_test(what_has_no_key_passes),
        fixture_test(a_missing_key_is_400_where_one_is_required),
        fixture_test(a_key_that_is_none_is_400),
        fixture_test(another_payload_under_the_key_is_422),
        fixture_test(a_second_one_while_the_first_runs_is_409),
        fixture_test(a_failed_call_frees_the_key),
        fixture_test(a_call_that_is_given_up_frees_the_key),
        fixture_test(failures_and_what_passes_by_itself_are_not_kept),
        fixture_test(the_user_says_what_is_kept),
        fixture_test(bodies_over_the_cap_are_not_kept),
        fixture_test(streams_pass_and_are_not_kept),
        fixture_test(other_methods_pass),
        fixture_test(keys_of_two_clients_do_not_meet),
        fixture_test(the_user_says_whose_a_key_is),
        fixture_test(the_field_may_have_another_name),
        fixture_test(an_answer_is_kept_as_long_as_said),
        fixture_test(stacks_and_copies_share_a_store),
        fixture_test(a_body_is_collected_and_inner_sees_it),
        fixture_test(a_body_over_the_limit_fails_the_call),
        fixture_test(who_goes_away_while_the_body_comes_leaves_nothing),
        fixture_test(a_store_may_take_its_time),
        fixture_test(a_store_that_is_away_fails_the_request_before_it_is_carried_out),
        fixture_test(an_answer_that_cannot_be_kept_is_given_all_the_same),
        fixture_test(who_goes_away_while_the_answer_is_kept_frees_the_key),
        fixture_test(waits_with_the_room_it_has_and_gives_it_back),
        fixture_test(without_memory_no_claim_is_left),
        fixture_test(what_has_no_key_allocates_nothing),
        fixture_test(refuses_options_out_of_range),
        fixture_test(refuses_what_cannot_be_cloned),
        fixture_test(refuses_to_be_built_without_memory),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
