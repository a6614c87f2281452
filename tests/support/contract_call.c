#include <cairn/testkit/contract_rig.h>

#include <cairn/service/assert.h>

/* More than the limits of the layers under test: a permit that is lost is missed. */
enum { CONTRACT_ROUNDS = 8 };

static void contract_responds(struct cairn__contract *self)
{
    for (unsigned i = 1; i <= CONTRACT_ROUNDS; i++) {
        cairn__contract_round(self, self->service);
        CAIRN_ASSERT(self->opts.may_repeat || cairn_mock_counts(self->mock).calls == i, self->name,
            "inner was not called exactly once for a call");
        CAIRN_ASSERT(cairn_mock_counts(self->mock).futures == 0, self->name,
            "a call is complete and inner's future was not dropped");
    }
}

/* Polls as a task does, again after each wake, until nothing moves but what inner would do: a layer
 * may hand inner's future over only once a task of its own has run. */
static void contract_waits(
    struct cairn__contract *self, struct cairn_harness *harness, struct cairn_future *future)
{
    unsigned polls = 0;

    do {
        union cairn_outcome out;

        CAIRN_ASSERT(cairn_harness_poll(harness, future, &out) == CAIRN_PENDING, self->name,
            "answered before inner did");
        cairn_test_settle(self->runtime);
    } while (cairn_harness_is_woken(harness) && ++polls < CONTRACT_ROUNDS);
}

static void contract_wakes_for_response(struct cairn__contract *self)
{
    struct cairn_future future;

    cairn__contract_must_ready(self, self->service);
    future = cairn__contract_call(self, self->service);
    contract_waits(self, &self->harness, &future);
    if (cairn__contract_answer(self, CAIRN__CONTRACT_RESPOND)) {
        cairn_test_settle(self->runtime);
        CAIRN_ASSERT(cairn_harness_is_woken(&self->harness), self->name,
            "a response came and the task that waited was not woken");
    }
    cairn__contract_must_respond(self, &future);
}

static void contract_wakes_last_waiter(struct cairn__contract *self)
{
    struct cairn_harness last;
    struct cairn_future future;
    union cairn_outcome out;

    cairn_harness_init(&last, self->runtime);
    cairn__contract_must_ready(self, self->service);
    future = cairn__contract_call(self, self->service);
    if (cairn_harness_poll(&self->harness, &future, &out) == CAIRN_PENDING &&
        cairn_harness_poll(&last, &future, &out) == CAIRN_PENDING) {
        contract_waits(self, &last, &future);
        if (cairn__contract_answer(self, CAIRN__CONTRACT_RESPOND)) {
            cairn_test_settle(self->runtime);
            CAIRN_ASSERT(cairn_harness_is_woken(&last), self->name,
                "did not wake the task that polled the response last");
        }
    }
    cairn__contract_must_respond(self, &future);
    cairn_harness_fini(&last);
}

static void contract_is_given_back(struct cairn__contract *self)
{
    cairn_test_settle(self->runtime);
    CAIRN_ASSERT(cairn_mock_counts(self->mock).futures == 0, self->name,
        "X005: a response future was dropped and inner's was not");
    cairn__contract_discard(self);
}

static void contract_drops_unpolled(struct cairn__contract *self)
{
    for (unsigned i = 0; i < CONTRACT_ROUNDS; i++) {
        struct cairn_future future;

        cairn__contract_must_ready(self, self->service);
        future = cairn__contract_call(self, self->service);
        cairn_future_drop(&future);
        contract_is_given_back(self);
    }
    cairn__contract_round(self, self->service);
}

static void contract_drops_polled(struct cairn__contract *self)
{
    for (unsigned i = 0; i < CONTRACT_ROUNDS; i++) {
        struct cairn_future future;
        union cairn_outcome out;

        cairn__contract_must_ready(self, self->service);
        future = cairn__contract_call(self, self->service);
        CAIRN_ASSERT(cairn_harness_poll(&self->harness, &future, &out) == CAIRN_PENDING, self->name,
            "answered before inner did");
        cairn_test_settle(self->runtime);
        cairn_future_drop(&future);
        contract_is_given_back(self);
    }
    cairn__contract_round(self, self->service);
}

/* Inner has answered, and nobody asks any more. */
static void contract_drops_answered(struct cairn__contract *self)
{
    for (unsigned i = 0; i < CONTRACT_ROUNDS; i++) {
        struct cairn_future future;
        union cairn_outcome out;

        cairn__contract_must_ready(self, self->service);
        future = cairn__contract_call(self, self->service);
        CAIRN_ASSERT(cairn_harness_poll(&self->harness, &future, &out) == CAIRN_PENDING, self->name,
            "answered before inner did");
        cairn_test_settle(self->runtime);
        cairn__contract_answer(self, i % 2 ? CAIRN__CONTRACT_FAIL : CAIRN__CONTRACT_RESPOND);
        cairn_test_settle(self->runtime);
        cairn_future_drop(&future);
        contract_is_given_back(self);
    }
}

static void contract_outlives_service(struct cairn__contract *self)
{
    struct cairn_future future;

    cairn__contract_must_ready(self, self->service);
    future = cairn__contract_call(self, self->service);
    cairn_service_drop(self->service);
    self->service = NULL;
    cairn__contract_must_respond(self, &future);
}

static void contract_outlives_service_when_polled(struct cairn__contract *self)
{
    struct cairn_future future;
    union cairn_outcome out;

    cairn__contract_must_ready(self, self->service);
    future = cairn__contract_call(self, self->service);
    CAIRN_ASSERT(cairn_harness_poll(&self->harness, &future, &out) == CAIRN_PENDING, self->name,
        "answered before inner did");
    cairn_service_drop(self->service);
    self->service = NULL;
    cairn__contract_must_respond(self, &future);
}

static void contract_drops_service_then_future(struct cairn__contract *self)
{
    struct cairn_future future;
    union cairn_outcome out;

    cairn__contract_must_ready(self, self->service);
    future = cairn__contract_call(self, self->service);
    cairn_harness_poll(&self->harness, &future, &out);
    cairn_service_drop(self->service);
    self->service = NULL;
    cairn_future_drop(&future);
}

static void contract_passes_errors(struct cairn__contract *self)
{
    for (unsigned i = 0; i < CONTRACT_ROUNDS; i++) {
        struct cairn_future future;
        union cairn_outcome out;
        enum cairn_poll p;

        cairn__contract_must_ready(self, self->service);
        future = cairn__contract_call(self, self->service);
        p = cairn__contract_finish(self, &future, &out, CAIRN__CONTRACT_FAIL);
        if (p == CAIRN_READY) {
            CAIRN_ASSERT(self->opts.may_recover, self->name, "an error of inner was lost");
            cairn_type_drop(self->response_type, out.value);
            continue;
        }
        CAIRN_ASSERT(self->opts.may_replace || cairn_error_find(out.error, CAIRN__CONTRACT_ERROR),
            self->name, "an error of inner was replaced, and is not the source of what came");
        cairn_error_unref(out.error);
    }
}

/* The handle is gone: whatever happens, it ends. */
static void contract_ends_when_inner_closes(struct cairn__contract *self)
{
    struct cairn_future future;
    union cairn_outcome out;

    cairn__contract_must_ready(self, self->service);
    future = cairn__contract_call(self, self->service);
    cairn_harness_poll(&self->harness, &future, &out);
    cairn_test_settle(self->runtime);
    cairn__contract_discard(self);
    if (cairn__contract_finish(self, &future, &out, CAIRN__CONTRACT_FAIL) == CAIRN_READY)
        cairn_type_drop(self->response_type, out.value);
    else
        cairn_error_unref(out.error);
}

const struct cairn__contract_case cairn__contract_call_cases[] = {
    {contract_responds, false},
    {contract_wakes_for_response, false},
    {contract_wakes_last_waiter, false},
    {contract_drops_unpolled, false},
    {contract_drops_polled, false},
    {contract_drops_answered, false},
    {contract_outlives_service, false},
    {contract_outlives_service_when_polled, false},
    {contract_drops_service_then_future, false},
    {contract_passes_errors, false},
    {contract_ends_when_inner_closes, false},
};

const size_t cairn__contract_call_count =
    sizeof(cairn__contract_call_cases) / sizeof(cairn__contract_call_cases[0]);
