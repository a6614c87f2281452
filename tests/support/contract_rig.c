#include <cairn/testkit/contract_rig.h>

#include <cairn/service/assert.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/value.h>

enum { CONTRACT_MAX_STEPS = 256 };

void cairn__contract_open(struct cairn__contract *self)
{
    struct cairn_mock_options opts = {.size = sizeof(opts),
        .request_type = self->opts.request_type,
        .response_type = self->opts.response_type};

    CAIRN_ASSERT(!cairn_runtime_current(), "cairn_contract_check",
        "this thread has a runtime; free it first, the suite makes its own");
    self->runtime = cairn_test_runtime_new(&self->clock);
    cairn_harness_init(&self->harness, self->runtime);
    self->mock = cairn_mock_new(&opts);
    CAIRN_ASSERT(self->mock, "cairn_contract_check", "the machine itself has no memory");
}

void cairn__contract_build(struct cairn__contract *self, struct cairn_service *leaf)
{
    if (!leaf)
        leaf = cairn_mock_service(self->mock);
    self->service = cairn_stack_build(leaf, self->layers, self->count);
    CAIRN_ASSERT(self->service, self->name, "apply returned NULL instead of a broken service");
    self->response_type = self->service->response_type;
}

void cairn__contract_close(struct cairn__contract *self)
{
    struct cairn_mock_counts counts;

    cairn_service_drop(self->service);
    self->service = NULL;
    cairn_test_settle(self->runtime);
    cairn__contract_discard(self);
    counts = cairn_mock_counts(self->mock);
    CAIRN_ASSERT(counts.futures == 0, self->name, "a response future of inner was never dropped");
    CAIRN_ASSERT(counts.services == 0, self->name, "a copy of inner was never dropped");
    CAIRN_ASSERT(counts.reserved == 0, self->name, "X004: a reservation of inner was lost");
    cairn_mock_free(self->mock);
    CAIRN_ASSERT(cairn_runtime_tasks(self->runtime) == 0, self->name,
        "a spawned task is left when the last copy and the last future are gone");
    CAIRN_ASSERT(__atomic_load_n(&self->harness.task.references, __ATOMIC_ACQUIRE) == 1, self->name,
        "a waker was never let go of");
    cairn_harness_fini(&self->harness);
    cairn_runtime_free(self->runtime);
}

bool cairn__contract_is_strict(const struct cairn__contract *self)
{
    return !self->opts.may_shed && !self->opts.may_queue;
}

void cairn__contract_step(struct cairn__contract *self)
{
    cairn_test_clock_advance_ms(
        &self->clock, self->runtime, self->opts.step_ms ? self->opts.step_ms : 1000);
}

/* Something waits: for a task to run, or else for time to pass. */
static void contract_wait(struct cairn__contract *self)
{
    cairn_test_settle(self->runtime);
    if (!cairn_harness_is_woken(&self->harness))
        cairn__contract_step(self);
}

enum cairn_poll cairn__contract_poll_ready(
    struct cairn__contract *self, struct cairn_service *service)
{
    struct cairn_error *error = NULL;
    enum cairn_poll p = cairn_harness_poll_ready(&self->harness, service, &error);

    CAIRN_ASSERT(p != CAIRN_FAILED || error, self->name, "readiness failed without an error");
    if (p == CAIRN_FAILED)
        cairn_error_unref(error);
    return p;
}

enum cairn_poll cairn__contract_ready(
    struct cairn__contract *self, struct cairn_service *service, struct cairn_error **error)
{
    for (unsigned steps = 0; steps < CONTRACT_MAX_STEPS; steps++) {
        enum cairn_poll p;

        *error = NULL;
        p = cairn_harness_poll_ready(&self->harness, service, error);
        CAIRN_ASSERT(p != CAIRN_FAILED || *error, self->name, "readiness failed without an error");
        if (p != CAIRN_PENDING)
            return p;
        contract_wait(self);
    }
    cairn_assert_failed(
        __FILE__, __LINE__, self->name, "never became ready, although inner has room");
}

void cairn__contract_must_ready(struct cairn__contract *self, struct cairn_service *service)
{
    struct cairn_error *error;
    char text[256];

    /* What sheds cannot say that a limit inside is used up for now: give it the time to recover. */
    if (self->opts.may_shed)
        cairn__contract_step(self);
    if (cairn__contract_ready(self, service, &error) == CAIRN_READY)
        return;
    cairn_assert_failed(
        __FILE__, __LINE__, self->name, cairn_error_format(error, text, sizeof(text)));
}

/* The suite's own values never fail. */
static void *contract_value(struct cairn__contract *self, void *(*make)(void *cx))
{
    void *value;

    cairn_test_alloc_exempt(true);
    value = make ? make(self->opts.cx) : cairn_test_value_new(1);
    cairn_test_alloc_exempt(false);
    CAIRN_ASSERT(value, "cairn_contract_check", "no request or response was made");
    return value;
}

struct cairn_future cairn__contract_call(
    struct cairn__contract *self, struct cairn_service *service)
{
    struct cairn_future future =
        cairn_service_call(service, contract_value(self, self->opts.new_request));

    CAIRN_ASSERT(!cairn_future_is_empty(&future), self->name, "a call returned an empty future");
    return future;
}

bool cairn__contract_answer(struct cairn__contract *self, enum cairn__contract_answer answer)
{
    struct cairn_mock_request *request = cairn_mock_next_request(self->mock);

    if (!request)
        return false;
    if (answer == CAIRN__CONTRACT_RESPOND) {
        cairn_mock_respond(request, contract_value(self, self->opts.new_response));
        return true;
    }
    cairn_test_alloc_exempt(true);
    cairn_mock_fail(request, cairn_error_new(CAIRN__CONTRACT_ERROR, "mock", NULL, "told to fail"));
    cairn_test_alloc_exempt(false);
    return true;
}

enum cairn_poll cairn__contract_finish(struct cairn__contract *self, struct cairn_future *future,
    union cairn_outcome *out, enum cairn__contract_answer answer)
{
    for (unsigned steps = 0; steps < CONTRACT_MAX_STEPS; steps++) {
        enum cairn_poll p = cairn_harness_poll(&self->harness, future, out);

        CAIRN_ASSERT(
            p != CAIRN_FAILED || out->error, self->name, "a response failed without an error");
        if (p != CAIRN_PENDING)
            return p;
        cairn_test_settle(self->runtime);
        if (!cairn__contract_answer(self, answer))
            contract_wait(self);
    }
    cairn_assert_failed(
        __FILE__, __LINE__, self->name, "a response never came, although inner has answered");
}

void cairn__contract_must_respond(struct cairn__contract *self, struct cairn_future *future)
{
    union cairn_outcome out;
    char text[256];

    if (cairn__contract_finish(self, future, &out, CAIRN__CONTRACT_RESPOND) == CAIRN_FAILED)
        cairn_assert_failed(
            __FILE__, __LINE__, self->name, cairn_error_format(out.error, text, sizeof(text)));
    cairn_type_drop(self->response_type, out.value);
}

void cairn__contract_round(struct cairn__contract *self, struct cairn_service *service)
{
    struct cairn_future future;

    cairn__contract_must_ready(self, service);
    future = cairn__contract_call(self, service);
    cairn__contract_must_respond(self, &future);
}

void cairn__contract_discard(struct cairn__contract *self)
{
    struct cairn_mock_request *request;

    while ((request = cairn_mock_next_request(self->mock)))
        cairn_mock_request_drop(request);
}
