#include <cairn/http/layers/idempotency_call.h>

#include <inttypes.h>

#include <cairn/http/body.h>
#include <cairn/http/error_response.h>
#include <cairn/http/values/idempotency_key.h>
#include <cairn/service/alloc.h>

enum idempotency_call_stage {
    IDEMPOTENCY_CALL_COLLECT, /* `inner` is the body's */
    IDEMPOTENCY_CALL_BEGIN,   /* `inner` is the store's */
    IDEMPOTENCY_CALL_CALL,    /* `inner` is the service's */
    IDEMPOTENCY_CALL_ANSWER   /* `inner` is the store's, which keeps `res` */
};

/* One request with a key, in its arena. */
struct idempotency_call_record {
    struct cairn_http_request *req;
    struct cairn_str key; /* as the store has it */
    struct cairn_idempotency_fingerprint fingerprint;
    struct cairn_idempotency_claim claim;
    bool has_claim;
};

struct idempotency_call_future {
    struct cairn_future inner; /* first */
    struct cairn__idempotency *shared;
    struct idempotency_call_record *record;
    enum idempotency_call_stage stage;
    struct cairn_service *service; /* readied, for the request; NULL: it was sent */
    struct cairn_http_response *res;
};

void cairn__idempotency_unref(struct cairn__idempotency *shared)
{
    if (--shared->references != 0)
        return;
    cairn__spares_fini(&shared->spares);
    cairn_idempotency_store_unref(shared->opts.store);
    cairn_free(shared);
}

/*
 * Answers
 */

static struct cairn_http_response *idempotency_call_conflict(const struct cairn_http_request *req)
{
    struct cairn_http_response *res =
        cairn_http_problem(req, 409, "the request with this key is being carried out");
    if (!res || cairn_http_fields_set(&res->fields, CAIRN_STR("Retry-After"), CAIRN_STR("1")) != 0)
        return NULL;
    return res;
}

static struct cairn_http_response *idempotency_call_replay(struct cairn_http_response *res)
{
    if (cairn_http_fields_set(&res->fields, CAIRN_STR("Idempotent-Replayed"), CAIRN_STR("true")) !=
        0)
        return NULL;
    return res;
}

/* To who has not got the claim. NULL without memory. */
static struct cairn_http_response *idempotency_call_turn_away(
    struct cairn__idempotency *shared, const struct idempotency_call_record *record)
{
    switch (record->claim.found) {
    case CAIRN_IDEMPOTENCY_ANSWERED:
        shared->replayed++;
        return idempotency_call_replay(record->claim.answer);
    case CAIRN_IDEMPOTENCY_RUNNING:
        shared->conflicts++;
        return idempotency_call_conflict(record->req);
    default:
        shared->mismatches++;
        return cairn_http_problem(record->req, 422, "the key was used for another request");
    }
}

static bool idempotency_call_keeps(
    const struct cairn_idempotency_keys_options *opts, const struct cairn_http_response *res)
{
    if (!cairn_stream_is_empty(&res->stream) || res->file || res->upgrade ||
        res->body.length > opts->max_response_bytes)
        return false;
    if (opts->keep)
        return opts->keep(opts->cx, res);
    return res->status < 500 && res->status != 408 && res->status != 425 && res->status != 429;
}

/*
 * The future
 */

static struct cairn_future idempotency_call_begin(
    struct cairn__idempotency *shared, struct idempotency_call_record *record)
{
    struct cairn_idempotency_store *store = shared->opts.store;
    record->fingerprint = cairn__idempotency_fingerprint(record->req);
    return store->ops->begin(store, record->key, &record->fingerprint, shared->opts.claim_ms,
        record->req, &record->claim);
}

static void idempotency_call_abandon(
    struct cairn__idempotency *shared, struct idempotency_call_record *record)
{
    struct cairn_idempotency_store *store = shared->opts.store;
    if (record->has_claim)
        store->ops->abandon(store, record->key, record->claim.token);
    record->has_claim = false;
}

/* The store has decided. READY or FAILED: without inner; PENDING: the claim is ours. */
static enum cairn_poll idempotency_call_decided(struct cairn__idempotency *shared,
    struct idempotency_call_record *record, enum cairn_poll p, union cairn_outcome *out)
{
    if (p == CAIRN_FAILED) {
        shared->store_errors++;
        return p;
    }
    if (record->claim.found == CAIRN_IDEMPOTENCY_CLAIMED) {
        shared->first++;
        record->has_claim = true;
        return CAIRN_PENDING;
    }
    out->value = idempotency_call_turn_away(shared, record);
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void idempotency_call_send(struct idempotency_call_future *self)
{
    struct cairn_service *service = self->service;
    self->service = NULL;
    self->stage = IDEMPOTENCY_CALL_CALL;
    self->inner = cairn_service_call(service, self->record->req);
    cairn__spares_give_back(&self->shared->spares, service);
}

/* The call has answered. PENDING: the answer is to be kept first. */
static enum cairn_poll idempotency_call_called(
    struct idempotency_call_future *self, enum cairn_poll p, union cairn_outcome *out)
{
    struct idempotency_call_record *record = self->record;
    struct cairn_idempotency_store *store = self->shared->opts.store;
    if (p == CAIRN_FAILED || !idempotency_call_keeps(&self->shared->opts, out->value)) {
        self->shared->unkept += p == CAIRN_READY;
        idempotency_call_abandon(self->shared, record);
        return p;
    }
    self->res = out->value;
    self->stage = IDEMPOTENCY_CALL_ANSWER;
    self->inner = store->ops->answer(
        store, record->key, record->claim.token, self->res, self->shared->opts.keep_ms);
    return CAIRN_PENDING;
}

static enum cairn_poll idempotency_call_answered(
    struct idempotency_call_future *self, enum cairn_poll p, union cairn_outcome *out)
{
    self->record->has_claim = false;
    if (p == CAIRN_FAILED) {
        self->shared->store_errors++;
        self->shared->unkept++;
        cairn_error_unref(out->error);
    }
    out->value = self->res;
    self->res = NULL;
    return CAIRN_READY;
}

/* `inner` is over with P. PENDING: another one has taken its place. */
static enum cairn_poll idempotency_call_step(
    struct idempotency_call_future *self, enum cairn_poll p, union cairn_outcome *out)
{
    switch (self->stage) {
    case IDEMPOTENCY_CALL_COLLECT:
        if (p == CAIRN_FAILED)
            return p;
        self->stage = IDEMPOTENCY_CALL_BEGIN;
        self->inner = idempotency_call_begin(self->shared, self->record);
        return CAIRN_PENDING;
    case IDEMPOTENCY_CALL_BEGIN:
        p = idempotency_call_decided(self->shared, self->record, p, out);
        if (p == CAIRN_PENDING)
            idempotency_call_send(self);
        return p;
    case IDEMPOTENCY_CALL_CALL:
        return idempotency_call_called(self, p, out);
    default:
        return idempotency_call_answered(self, p, out);
    }
}

static enum cairn_poll idempotency_call_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct idempotency_call_future *self = state;
    for (;;) {
        enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
        if (p == CAIRN_PENDING)
            return p;
        p = idempotency_call_step(self, p, out);
        if (p != CAIRN_PENDING)
            return p;
    }
}

static void idempotency_call_future_drop(void *state)
{
    struct idempotency_call_future *self = state;
    cairn_future_drop(&self->inner);
    idempotency_call_abandon(self->shared, self->record);
    cairn_type_drop(&cairn_http_response_type, self->res);
    if (self->service) {
        cairn_type_drop(&cairn_http_request_type, self->record->req);
        cairn__spares_give_back(&self->shared->spares, self->service);
    }
    cairn__idempotency_unref(self->shared);
}

static const struct cairn_future_ops idempotency_call_future_ops = {
    .name = "idempotency_keys",
    .size = sizeof(struct idempotency_call_future),
    .poll = idempotency_call_future_poll,
    .drop = idempotency_call_future_drop,
    .wraps = true,
};

/*
 * The beginning
 */

static struct cairn_future idempotency_call_fail(
    struct cairn_service *base, struct cairn_http_request *req)
{
    return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
}

/* The scope is hashed: it may be a secret. */
static struct cairn_str idempotency_call_store_key(
    const struct cairn__idempotency *shared, struct cairn_http_request *req, const char *key)
{
    const struct cairn_idempotency_keys_options *opts = &shared->opts;
    struct cairn_str scope = opts->scope
                                 ? opts->scope(opts->cx, req)
                                 : cairn_http_fields_get(&req->fields, CAIRN_STR("Authorization"));
    struct cairn_idempotency_fingerprint hash = cairn__idempotency_hash(scope);
    return cairn_arena_printf(
        req->arena, "%016" PRIx64 "%016" PRIx64 ":%s", hash.words[0], hash.words[1], key);
}

/* FUTURE, the body's or the store's, has to be waited for. */
static struct cairn_future idempotency_call_wait(struct cairn__idempotency *shared,
    struct cairn_service *base, struct idempotency_call_record *record,
    enum idempotency_call_stage stage, struct cairn_future future)
{
    struct cairn_service *service = cairn__spares_take(&shared->spares, &base->inner);
    if (!service) {
        cairn_future_drop(&future);
        return idempotency_call_fail(base, record->req);
    }
    shared->references++;
    return cairn_future_box(
        &idempotency_call_future_ops, &(struct idempotency_call_future){.inner = future,
                                          .shared = shared,
                                          .record = record,
                                          .stage = stage,
                                          .service = service});
}

/* The store has decided at once. */
static struct cairn_future idempotency_call_go_on(struct cairn__idempotency *shared,
    struct cairn_service *base, struct idempotency_call_record *record, struct cairn_future *begun)
{
    const struct cairn_context spot = {NULL, NULL};
    struct cairn_http_request *req = record->req;
    union cairn_outcome out;
    enum cairn_poll p = cairn_future_poll(begun, &spot, &out);
    p = idempotency_call_decided(shared, record, p, &out);
    if (p != CAIRN_PENDING)
        return cairn_service_bypass(base, req,
            p == CAIRN_READY ? cairn_future_ready(out.value) : cairn_future_failed(out.error));
    shared->references++;
    return cairn_future_wrap(&idempotency_call_future_ops,
        &(struct idempotency_call_future){.inner = cairn_service_call(base->inner, req),
            .shared = shared,
            .record = record,
            .stage = IDEMPOTENCY_CALL_CALL});
}

struct cairn_future cairn__idempotency_run(struct cairn__idempotency *shared,
    struct cairn_service *base, struct cairn_http_request *req, const char *key)
{
    struct idempotency_call_record *record = cairn_arena_alloc(req->arena, sizeof(*record));
    struct cairn_str store_key = idempotency_call_store_key(shared, req, key);
    if (!record || !store_key.data)
        return idempotency_call_fail(base, req);
    *record = (struct idempotency_call_record){.req = req, .key = store_key};
    if (!cairn_http_is_collected(req))
        return idempotency_call_wait(shared, base, record, IDEMPOTENCY_CALL_COLLECT,
            cairn_http_collect(req, shared->opts.max_request_bytes));
    struct cairn_future begun = idempotency_call_begin(shared, record);
    if (!cairn_future_is_complete(&begun))
        return idempotency_call_wait(shared, base, record, IDEMPOTENCY_CALL_BEGIN, begun);
    return idempotency_call_go_on(shared, base, record, &begun);
}
