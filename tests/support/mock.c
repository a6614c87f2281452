#include <cairn/testkit/mock.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/testkit/value.h>

struct mock_service {
    struct cairn_service base;
    struct cairn_mock *mock;
    struct mock_service *next; /* in the mock's list of those that wait */
    struct mock_service **link;
    struct cairn_waker waker;
    bool has_reservation;
};

/* Held by the handle, by each copy of the service, and by each request. */
struct cairn_mock {
    unsigned references;
    bool is_closed;
    bool was_used;
    struct cairn_mock_options opts;
    size_t allowance;
    struct cairn_error *ready_error;
    struct mock_service *waiting;
    struct mock_service **waiting_end;
    struct cairn_mock_request *first;
    struct cairn_mock_request **end;
    struct cairn_mock_counts counts;
};

/* Held by the future, and by the handle's queue or the test. */
struct cairn_mock_request {
    unsigned references;
    struct cairn_mock *mock;
    struct cairn_mock_request *next;
    void *value;
    struct cairn_waker waker;
    enum cairn_poll p; /* PENDING: not answered yet */
    union cairn_outcome outcome;
    bool has_future;
};

struct mock_future {
    struct cairn_mock_request *request;
};

static struct cairn_error mock_closed =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "mock", "the handle is gone");

static void mock_unref(struct cairn_mock *mock)
{
    if (--mock->references)
        return;
    cairn_error_unref(mock->ready_error);
    cairn_free(mock);
}

/* The response future. */

static void mock_request_unref(struct cairn_mock_request *request)
{
    if (--request->references)
        return;
    cairn_type_drop(request->mock->opts.request_type, request->value);
    mock_unref(request->mock);
    cairn_free(request);
}

static enum cairn_poll mock_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_mock_request *request = ((struct mock_future *)state)->request;

    if (request->p == CAIRN_PENDING) {
        if (cairn_context_can_wait(cx))
            cairn_waker_set(&request->waker, cx);
        return CAIRN_PENDING;
    }
    *out = request->outcome;
    request->outcome.value = NULL;
    return request->p;
}

static void mock_future_drop(void *state)
{
    struct cairn_mock_request *request = ((struct mock_future *)state)->request;

    if (request->p == CAIRN_READY)
        cairn_type_drop(request->mock->opts.response_type, request->outcome.value);
    else if (request->p == CAIRN_FAILED)
        cairn_error_unref(request->outcome.error);
    cairn_waker_clear(&request->waker);
    request->has_future = false;
    request->mock->counts.futures--;
    mock_request_unref(request);
}

static const struct cairn_future_ops mock_future_ops = {.name = "mock",
    .size = sizeof(struct mock_future),
    .poll = mock_future_poll,
    .drop = mock_future_drop};

/* The service. */

static bool mock_has_room(const struct cairn_mock *mock)
{
    return mock->allowance == CAIRN_MOCK_UNLIMITED || mock->counts.reserved < mock->allowance;
}

static void mock_leave(struct mock_service *self)
{
    struct cairn_mock *mock = self->mock;

    if (!self->link)
        return;
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    else
        mock->waiting_end = self->link;
    self->link = NULL;
    self->next = NULL;
    mock->counts.waiting--;
    cairn_waker_clear(&self->waker);
}

static void mock_wait(struct mock_service *self, const struct cairn_context *cx)
{
    struct cairn_mock *mock = self->mock;

    if (!cairn_context_can_wait(cx))
        return;
    cairn_waker_set(&self->waker, cx);
    if (self->link)
        return;
    self->link = mock->waiting_end;
    *mock->waiting_end = self;
    mock->waiting_end = &self->next;
    mock->counts.waiting++;
}

/* All of them: who comes first gets the room, the others wait again. */
static void mock_wake_waiting(struct cairn_mock *mock)
{
    while (mock->waiting) {
        struct mock_service *first = mock->waiting;
        struct cairn_waker waker = cairn_waker_take(&first->waker);

        mock_leave(first);
        cairn_wake(&waker);
    }
}

static void mock_release(struct cairn_service *service)
{
    struct mock_service *self = (struct mock_service *)(void *)service;

    mock_leave(self);
    if (!self->has_reservation)
        return;
    self->has_reservation = false;
    self->mock->counts.reserved--;
    self->mock->counts.releases++;
    if (mock_has_room(self->mock))
        mock_wake_waiting(self->mock);
}

static enum cairn_poll mock_poll_ready(
    struct cairn_service *service, const struct cairn_context *cx, struct cairn_error **error)
{
    struct mock_service *self = (struct mock_service *)(void *)service;
    struct cairn_mock *mock = self->mock;

    if (mock->is_closed || mock->ready_error) {
        mock_release(service);
        *error = mock->is_closed ? &mock_closed : mock->ready_error;
        mock->ready_error = NULL;
        return CAIRN_FAILED;
    }
    if (self->has_reservation)
        return CAIRN_READY;
    if (!mock_has_room(mock)) {
        mock_wait(self, cx);
        return CAIRN_PENDING;
    }
    mock_leave(self);
    self->has_reservation = true;
    mock->counts.reserved++;
    return CAIRN_READY;
}

static struct cairn_mock_request *mock_request_new(struct cairn_mock *mock, void *value)
{
    struct cairn_mock_request *request = cairn_alloc_zero(sizeof(*request));

    if (!request) {
        cairn_type_drop(mock->opts.request_type, value);
        return NULL;
    }
    request->references = 1;
    request->mock = mock;
    request->value = value;
    request->p = CAIRN_PENDING;
    request->has_future = true;
    mock->references++;
    mock->counts.futures++;
    return request;
}

static struct cairn_future mock_send(struct cairn_mock *mock, void *value)
{
    struct cairn_mock_request *request = mock_request_new(mock, value);
    struct cairn_future future;

    if (!request)
        return cairn_future_failed(&cairn_error_no_memory);
    future = cairn_future_box(&mock_future_ops, &(struct mock_future){request});
    if (cairn_future_is_complete(&future))
        return future; /* without memory the request is gone already */
    request->references++;
    *mock->end = request;
    mock->end = &request->next;
    mock->counts.calls++;
    return future;
}

static struct cairn_future mock_call(struct cairn_service *service, void *req)
{
    struct mock_service *self = (struct mock_service *)(void *)service;
    struct cairn_mock *mock = self->mock;

    CAIRN_ASSERT(self->has_reservation, "mock", "called without a reservation");
    self->has_reservation = false;
    mock->counts.reserved--;
    if (mock->allowance && mock->allowance != CAIRN_MOCK_UNLIMITED)
        mock->allowance--;
    if (mock->is_closed) {
        cairn_service_drop_request(service, req);
        return cairn_future_failed(&mock_closed);
    }
    return mock_send(mock, req);
}

static void mock_cloned(struct cairn_service *service)
{
    struct mock_service *self = (struct mock_service *)(void *)service;

    self->next = NULL;
    self->link = NULL;
    self->waker.task = NULL;
    self->has_reservation = false;
    self->mock->references++;
    self->mock->counts.services++;
    self->mock->counts.clones++;
}

static void mock_drop(struct cairn_service *service)
{
    struct mock_service *self = (struct mock_service *)(void *)service;

    mock_release(service);
    self->mock->counts.services--;
    mock_unref(self->mock);
}

static void mock_describe(const struct cairn_service *service, struct cairn_describe *d)
{
    const struct mock_service *self = (const struct mock_service *)(const void *)service;

    cairn_describe_counter(d, "calls", self->mock->counts.calls);
    cairn_describe_gauge(d, "reserved", self->mock->counts.reserved);
    cairn_describe_gauge(d, "in_flight", self->mock->counts.futures);
}

#define MOCK_SLOTS                                                                        \
    .name = "mock", .size = sizeof(struct mock_service), .poll_ready = mock_poll_ready,   \
    .call = mock_call, .release = mock_release, .cloned = mock_cloned, .drop = mock_drop, \
    .describe = mock_describe

static const struct cairn_service_ops mock_service_ops = {MOCK_SLOTS};
static const struct cairn_service_ops mock_single_ops = {MOCK_SLOTS, .not_cloneable = true};

/* The handle. */

struct cairn_mock *cairn_mock_new(const struct cairn_mock_options *options)
{
    struct cairn_mock *mock = cairn_alloc_zero(sizeof(*mock));

    if (!mock)
        return NULL;
    if (options)
        mock->opts = *options;
    if (!mock->opts.request_type)
        mock->opts.request_type = &cairn_test_value_type;
    if (!mock->opts.response_type)
        mock->opts.response_type = &cairn_test_value_type;
    mock->references = 1;
    mock->allowance = CAIRN_MOCK_UNLIMITED;
    mock->waiting_end = &mock->waiting;
    mock->end = &mock->first;
    return mock;
}

void cairn_mock_free(struct cairn_mock *mock)
{
    struct cairn_mock_request *request;

    if (!mock)
        return;
    mock->is_closed = true;
    while ((request = cairn_mock_next_request(mock)))
        cairn_mock_request_drop(request);
    mock_wake_waiting(mock);
    mock_unref(mock);
}

struct cairn_service *cairn_mock_service(struct cairn_mock *mock)
{
    struct mock_service *self;

    if (!mock)
        return cairn_service_broken(&cairn_error_no_memory);
    self = cairn_service_new(mock->opts.not_cloneable ? &mock_single_ops : &mock_service_ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->base.request_type = mock->opts.request_type;
    self->base.response_type = mock->opts.response_type;
    self->mock = mock;
    mock->references++;
    mock->was_used = true;
    mock->counts.services++;
    return &self->base;
}

void cairn_mock_allow(struct cairn_mock *mock, size_t calls)
{
    mock->allowance = calls;
    if (mock_has_room(mock))
        mock_wake_waiting(mock);
}

void cairn_mock_fail_ready(struct cairn_mock *mock, struct cairn_error *error)
{
    cairn_error_unref(mock->ready_error);
    mock->ready_error = error;
    mock_wake_waiting(mock);
}

struct cairn_mock_request *cairn_mock_next_request(struct cairn_mock *mock)
{
    struct cairn_mock_request *request = mock->first;

    if (!request)
        return NULL;
    mock->first = request->next;
    if (!mock->first)
        mock->end = &mock->first;
    request->next = NULL;
    return request;
}

struct cairn_mock_request *cairn_mock_expect(struct cairn_mock *mock, int number)
{
    struct cairn_mock_request *request = cairn_mock_next_request(mock);

    CAIRN_ASSERT(request, "cairn_mock_expect", "no request waits");
    CAIRN_ASSERT(cairn_test_value_number(request->value) == number, "cairn_mock_expect",
        "the next request has another number");
    return request;
}

bool cairn_mock_is_closed(const struct cairn_mock *mock)
{
    return mock->was_used && !mock->counts.services && !mock->first;
}

void *cairn_mock_request_value(const struct cairn_mock_request *request)
{
    return request->value;
}

void *cairn_mock_request_take(struct cairn_mock_request *request)
{
    void *value = request->value;

    request->value = NULL;
    return value;
}

bool cairn_mock_is_abandoned(const struct cairn_mock_request *request)
{
    return !request->has_future;
}

/* The caller has stored the outcome; the request's own hold on the future's side ends here. */
static void mock_answered(struct cairn_mock_request *request, enum cairn_poll p)
{
    struct cairn_waker waker = cairn_waker_take(&request->waker);

    request->p = p;
    cairn_type_drop(request->mock->opts.request_type, cairn_mock_request_take(request));
    mock_request_unref(request);
    cairn_wake(&waker);
}

void cairn_mock_respond(struct cairn_mock_request *request, void *value)
{
    if (request->has_future)
        request->outcome.value = value;
    else
        cairn_type_drop(request->mock->opts.response_type, value);
    mock_answered(request, CAIRN_READY);
}

void cairn_mock_fail(struct cairn_mock_request *request, struct cairn_error *error)
{
    if (request->has_future)
        request->outcome.error = error;
    else
        cairn_error_unref(error);
    mock_answered(request, CAIRN_FAILED);
}

void cairn_mock_request_drop(struct cairn_mock_request *request)
{
    if (request)
        cairn_mock_fail(request, &mock_closed);
}

struct cairn_mock_counts cairn_mock_counts(const struct cairn_mock *mock)
{
    return mock->counts;
}
