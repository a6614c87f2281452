#include <cairn/service/call_all.h>

#include <cairn/service/runtime_core.h>

#define CALL_ALL_DEFAULT_MAX 1024

/* One call, and later its result: who polls the stream gets the block itself. */
struct call_all_slot {
    struct cairn_call_result result; /* first; `p` is PENDING while the call is out */
    struct cairn_future future;
    struct call_all_slot *next;
};

struct call_all_list {
    struct call_all_slot *first;
    struct call_all_slot *last;
};

struct call_all {
    struct cairn_service *service;
    struct cairn_stream requests;
    struct call_all_slot *next;  /* for the next call */
    void *request;               /* waits for readiness; NULL: none */
    struct call_all_list out;    /* in the order of the requests; ordered: complete ones too */
    struct call_all_list done;   /* unordered: what is complete */
    struct cairn_error *failure; /* of the requests: what the stream ends with */
    size_t count;                /* in both lists */
    size_t max;
    bool is_ordered;
    bool is_closed; /* no further calls */
};

static void call_all_append(struct call_all_list *list, struct call_all_slot *slot)
{
    slot->next = NULL;
    if (list->first)
        list->last->next = slot;
    else
        list->first = slot;
    list->last = slot;
}

static struct call_all_slot *call_all_remove_first(struct call_all_list *list)
{
    struct call_all_slot *slot = list->first;
    list->first = slot->next;
    return slot;
}

static void call_all_slot_free(struct call_all_slot *slot)
{
    if (!slot)
        return;
    cairn_future_drop(&slot->future);
    if (slot->result.p == CAIRN_READY)
        cairn_type_drop(slot->result.type, slot->result.out.value);
    else if (slot->result.p == CAIRN_FAILED)
        cairn_error_unref(slot->result.out.error);
    cairn__state_free(slot, sizeof(*slot));
}

void cairn_call_result_free(struct cairn_call_result *result)
{
    call_all_slot_free((struct call_all_slot *)result);
}

enum cairn_poll cairn_call_result_take(struct cairn_call_result *result, union cairn_outcome *out)
{
    enum cairn_poll p = result->p;
    *out = result->out;
    cairn__state_free(result, sizeof(struct call_all_slot));
    return p;
}

static void call_all_drop_result(void *result)
{
    cairn_call_result_free(result);
}

const struct cairn_type cairn_call_result_type = {
    .name = "call_result", .drop = call_all_drop_result};

static void call_all_poll_slot(struct call_all_slot *slot, const struct cairn_context *cx)
{
    if (slot->result.p == CAIRN_PENDING)
        slot->result.p = cairn_future_poll(&slot->future, cx, &slot->result.out);
}

/* Asks every call that is out; unordered, what is complete changes its list. */
static void call_all_poll_out(struct call_all *self, const struct cairn_context *cx)
{
    struct call_all_list out = self->out;
    if (!self->is_ordered)
        self->out.first = NULL;
    for (struct call_all_slot *slot = out.first, *next; slot; slot = next) {
        next = slot->next;
        call_all_poll_slot(slot, cx);
        if (!self->is_ordered)
            call_all_append(slot->result.p == CAIRN_PENDING ? &self->out : &self->done, slot);
    }
}

/* Whether a result can be given now. */
static bool call_all_give(struct call_all *self, union cairn_outcome *out)
{
    struct call_all_list *list = self->is_ordered ? &self->out : &self->done;
    if (!list->first || list->first->result.p == CAIRN_PENDING)
        return false;
    out->value = &call_all_remove_first(list)->result;
    self->count--;
    return true;
}

static enum cairn_poll call_all_end(struct call_all *self, union cairn_outcome *out)
{
    out->value = NULL;
    if (!self->failure)
        return CAIRN_READY;
    out->error = self->failure;
    self->failure = NULL;
    return CAIRN_FAILED;
}

static bool call_all_reserve_slot(struct call_all *self)
{
    if (!self->next)
        self->next = cairn__state_new(sizeof(*self->next));
    if (!self->next)
        return false;
    *self->next = (struct call_all_slot){
        .result = {.p = CAIRN_PENDING, .type = self->service->response_type}};
    return true;
}

/* READY: there is a request, or none will come. */
static enum cairn_poll call_all_get_request(
    struct call_all *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    if (self->request)
        return CAIRN_READY;
    if (!call_all_reserve_slot(self)) {
        out->error = &cairn_error_no_memory;
        return CAIRN_FAILED;
    }
    union cairn_outcome next;
    enum cairn_poll p = cairn_stream_poll_next(&self->requests, cx, &next);
    if (p == CAIRN_PENDING)
        return p;
    self->is_closed = p == CAIRN_FAILED || !next.value;
    if (p == CAIRN_FAILED)
        self->failure = next.error;
    else
        self->request = next.value;
    return CAIRN_READY;
}

/* READY: called. FAILED: the slot has the error of readiness and is to be given. */
static enum cairn_poll call_all_send(struct call_all *self, const struct cairn_context *cx)
{
    struct call_all_slot *slot = self->next;
    enum cairn_poll p = cairn_service_poll_ready(self->service, cx, &slot->result.out.error);
    if (p == CAIRN_PENDING)
        return p;
    void *req = self->request;
    self->request = NULL;
    self->next = NULL;
    slot->result.p = p == CAIRN_FAILED ? CAIRN_FAILED : CAIRN_PENDING;
    if (p == CAIRN_FAILED) {
        cairn_service_drop_request(self->service, req);
        cairn_stream_drop(&self->requests);
        self->is_closed = true;
        return p;
    }
    slot->future = cairn_service_call(self->service, req);
    call_all_poll_slot(slot, cx);
    bool is_done = slot->result.p != CAIRN_PENDING && !self->is_ordered;
    call_all_append(is_done ? &self->done : &self->out, slot);
    self->count++;
    return p;
}

static enum cairn_poll call_all_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct call_all *self = state;
    if (call_all_give(self, out))
        return CAIRN_READY;
    call_all_poll_out(self, cx);
    while (!call_all_give(self, out)) {
        if (self->is_closed && self->count == 0)
            return call_all_end(self, out);
        if (self->is_closed || self->count == self->max)
            return CAIRN_PENDING;
        enum cairn_poll p = call_all_get_request(self, cx, out);
        if (p)
            return p;
        if (self->is_closed)
            continue;
        struct call_all_slot *slot = self->next;
        p = call_all_send(self, cx);
        if (p == CAIRN_PENDING)
            return p;
        if (p == CAIRN_FAILED) {
            out->value = &slot->result;
            return CAIRN_READY;
        }
    }
    return CAIRN_READY;
}

static void call_all_free_list(struct call_all_list *list)
{
    while (list->first)
        call_all_slot_free(call_all_remove_first(list));
}

static void call_all_drop(void *state)
{
    struct call_all *self = state;
    call_all_free_list(&self->out);
    call_all_free_list(&self->done);
    call_all_slot_free(self->next);
    if (self->request)
        cairn_service_drop_request(self->service, self->request);
    cairn_stream_drop(&self->requests);
    cairn_error_unref(self->failure);
    cairn_service_drop(self->service);
}

static struct cairn_stream call_all_new(
    struct cairn_service *service, struct cairn_stream requests, size_t max, bool is_ordered)
{
    static const struct cairn_stream_ops ops = {
        .name = "call_all",
        .size = sizeof(struct call_all),
        .poll_next = call_all_poll_next,
        .drop = call_all_drop,
    };
    return cairn_stream_box(&ops, &(struct call_all){.service = service,
                                      .requests = requests,
                                      .max = max ? max : CALL_ALL_DEFAULT_MAX,
                                      .is_ordered = is_ordered});
}

struct cairn_stream cairn_call_all(
    struct cairn_service *service, struct cairn_stream requests, size_t max)
{
    return call_all_new(service, requests, max, true);
}

struct cairn_stream cairn_call_all_unordered(
    struct cairn_service *service, struct cairn_stream requests, size_t max)
{
    return call_all_new(service, requests, max, false);
}
