#include <cairn/testkit/contract_rig.h>

#include <cairn/service/assert.h>

enum { CONTRACT_ROUNDS = 4 };

static struct cairn_service *contract_clone(struct cairn__contract *self)
{
    struct cairn_service *copy = cairn_service_clone(self->service);

    CAIRN_ASSERT(copy, self->name, "could not be cloned, although there is memory");
    return copy;
}

static void contract_reserves_once(struct cairn__contract *self)
{
    CAIRN_ASSERT(cairn_mock_counts(self->mock).reserved <= 1, self->name,
        "X001: polling readiness again took a second reservation");
}

static void contract_stays_ready(struct cairn__contract *self)
{
    struct cairn_future future;

    cairn__contract_must_ready(self, self->service);
    cairn_mock_allow(self->mock, 1);
    for (unsigned i = 0; i < CONTRACT_ROUNDS; i++) {
        CAIRN_ASSERT(cairn__contract_poll_ready(self, self->service) == CAIRN_READY, self->name,
            "X001: was ready and did not stay ready");
        contract_reserves_once(self);
    }
    future = cairn__contract_call(self, self->service);
    cairn_mock_allow(self->mock, CAIRN_MOCK_UNLIMITED);
    cairn__contract_must_respond(self, &future);
}

/* What a layer may do that does not wait: the call fails, or its response waits for the room. */
static void contract_call_while_unready(struct cairn__contract *self)
{
    struct cairn_future future = cairn__contract_call(self, self->service);
    union cairn_outcome out;
    enum cairn_poll p = cairn_harness_poll(&self->harness, &future, &out);

    CAIRN_ASSERT(p != CAIRN_READY, self->name, "answered although inner was not ready");
    if (p == CAIRN_FAILED) {
        CAIRN_ASSERT(self->opts.may_shed, self->name, "failed a call because inner was not ready");
        cairn_error_unref(out.error);
        return;
    }
    cairn_mock_allow(self->mock, CAIRN_MOCK_UNLIMITED);
    p = cairn__contract_finish(self, &future, &out, CAIRN__CONTRACT_RESPOND);
    CAIRN_ASSERT(p == CAIRN_READY || self->opts.may_shed, self->name,
        "a queued call failed when inner became ready");
    if (p == CAIRN_READY)
        cairn_type_drop(self->response_type, out.value);
    else
        cairn_error_unref(out.error);
}

/* Returns whether readiness is pending; handles the layers for which it need not be. */
static bool contract_is_held_up(struct cairn__contract *self)
{
    enum cairn_poll p;

    cairn_mock_allow(self->mock, 0);
    p = cairn__contract_poll_ready(self, self->service);
    CAIRN_ASSERT(
        p != CAIRN_FAILED, self->name, "readiness failed although inner was merely pending");
    if (p == CAIRN_PENDING)
        return true;
    CAIRN_ASSERT(!cairn__contract_is_strict(self), self->name, "was ready although inner was not");
    contract_call_while_unready(self);
    return false;
}

static void contract_wakes_when_ready(struct cairn__contract *self)
{
    if (!contract_is_held_up(self))
        return;
    cairn_harness_is_woken(&self->harness);
    cairn_mock_allow(self->mock, 1);
    cairn_test_settle(self->runtime);
    CAIRN_ASSERT(cairn_harness_is_woken(&self->harness), self->name,
        "readiness was pending and nobody was woken when inner became ready");
    cairn__contract_round(self, self->service);
}

static void contract_wakes_last_poller(struct cairn__contract *self)
{
    struct cairn_harness last;
    struct cairn_error *error = NULL;

    if (!contract_is_held_up(self))
        return;
    cairn_harness_init(&last, self->runtime);
    CAIRN_ASSERT(cairn_harness_poll_ready(&last, self->service, &error) == CAIRN_PENDING,
        self->name, "was not pending any more, although inner still was");
    cairn_mock_allow(self->mock, 1);
    cairn_test_settle(self->runtime);
    CAIRN_ASSERT(cairn_harness_is_woken(&last), self->name,
        "did not wake the task that polled readiness last");
    cairn__contract_round(self, self->service);
    cairn_harness_fini(&last);
}

/* The poll of a future where it stands has a context without a task. */
static void contract_polls_without_task(struct cairn__contract *self)
{
    const struct cairn_context cx = {.runtime = self->runtime};
    struct cairn_error *error = NULL;

    cairn_mock_allow(self->mock, 0);
    if (cairn_service_poll_ready(self->service, &cx, &error) != CAIRN_PENDING)
        return;
    if (cairn__contract_poll_ready(self, self->service) != CAIRN_PENDING)
        return;
    cairn_mock_allow(self->mock, 1);
    cairn_test_settle(self->runtime);
    CAIRN_ASSERT(cairn_harness_is_woken(&self->harness), self->name,
        "a readiness poll that cannot wait lost the wake-up of the next one");
    CAIRN_ASSERT(cairn_service_poll_ready(self->service, &cx, &error) == CAIRN_READY, self->name,
        "not ready in a context that cannot wait, although inner is");
    cairn_mock_allow(self->mock, CAIRN_MOCK_UNLIMITED);
    cairn__contract_round(self, self->service);
}

static void contract_drops_pending(struct cairn__contract *self)
{
    cairn_mock_allow(self->mock, 0);
    cairn__contract_poll_ready(self, self->service);
    cairn_service_drop(self->service);
    self->service = NULL;
    cairn_mock_allow(self->mock, CAIRN_MOCK_UNLIMITED);
}

static void contract_drops_ready(struct cairn__contract *self)
{
    cairn__contract_must_ready(self, self->service);
    cairn_service_drop(self->service);
    self->service = NULL;
    cairn_test_settle(self->runtime);
    CAIRN_ASSERT(cairn_mock_counts(self->mock).reserved == 0, self->name,
        "X004: dropped while ready, and kept the reservation of inner");
}

static void contract_drops_ready_beside_copy(struct cairn__contract *self)
{
    struct cairn_service *copy = contract_clone(self);

    cairn_mock_allow(self->mock, 1);
    cairn__contract_must_ready(self, self->service);
    cairn_service_drop(self->service);
    self->service = copy;
    cairn__contract_must_ready(self, copy);
}

static void contract_releases(struct cairn__contract *self)
{
    cairn_service_release(self->service);
    for (unsigned i = 0; i < CONTRACT_ROUNDS; i++) {
        cairn__contract_must_ready(self, self->service);
        cairn_service_release(self->service);
        cairn_service_release(self->service);
        cairn_test_settle(self->runtime);
        CAIRN_ASSERT(
            !cairn__contract_is_strict(self) || cairn_mock_counts(self->mock).reserved == 0,
            self->name, "released, and kept the reservation of inner");
    }
    cairn__contract_round(self, self->service);
    cairn_service_release(self->service);
    cairn__contract_round(self, self->service);
}

static void contract_releases_pending(struct cairn__contract *self)
{
    struct cairn_service *copy = contract_clone(self);

    cairn_mock_allow(self->mock, 0);
    cairn__contract_poll_ready(self, self->service);
    cairn_service_release(self->service);
    cairn_mock_allow(self->mock, CAIRN_MOCK_UNLIMITED);
    cairn__contract_round(self, copy);
    cairn__contract_round(self, self->service);
    cairn_service_drop(copy);
}

static void contract_copy_is_not_ready(struct cairn__contract *self)
{
    struct cairn_service *copy;

    cairn_mock_allow(self->mock, 1);
    cairn__contract_must_ready(self, self->service);
    copy = contract_clone(self);
    if (cairn__contract_is_strict(self)) {
        CAIRN_ASSERT(cairn__contract_poll_ready(self, copy) == CAIRN_PENDING, self->name,
            "X002: the copy of a ready service is ready itself");
        cairn_harness_is_woken(&self->harness);
        cairn_service_release(self->service);
        cairn_test_settle(self->runtime);
        CAIRN_ASSERT(cairn_harness_is_woken(&self->harness), self->name,
            "X004: a reservation was given back and the copy that waited was not woken");
        cairn__contract_must_ready(self, copy);
    }
    cairn_service_drop(copy);
    cairn_mock_allow(self->mock, CAIRN_MOCK_UNLIMITED);
    cairn__contract_round(self, self->service);
}

static void contract_copy_leaves_original_ready(struct cairn__contract *self)
{
    struct cairn_future future;

    cairn__contract_must_ready(self, self->service);
    cairn_service_drop(contract_clone(self));
    CAIRN_ASSERT(!cairn__contract_is_strict(self) || cairn_mock_counts(self->mock).reserved == 1,
        self->name, "C-03: a copy was dropped and took the original's reservation along");
    future = cairn__contract_call(self, self->service);
    cairn__contract_must_respond(self, &future);
}

static void contract_copies_of_copies(struct cairn__contract *self)
{
    struct cairn_service *first = self->service;
    struct cairn_service *second = contract_clone(self);

    self->service = second;
    self->service = contract_clone(self);
    cairn__contract_round(self, second);
    cairn_service_drop(first);
    cairn__contract_round(self, self->service);
    cairn_service_drop(second);
    cairn__contract_round(self, self->service);
}

static void contract_takes(struct cairn__contract *self)
{
    struct cairn_service *taken;
    struct cairn_future future;

    cairn__contract_must_ready(self, self->service);
    taken = cairn_service_take(&self->service);
    CAIRN_ASSERT(taken && taken != self->service, self->name, "could not be taken");
    future = cairn__contract_call(self, taken);
    cairn__contract_must_respond(self, &future);
    cairn_service_drop(taken);
    cairn__contract_round(self, self->service);
}

/* Returns whether readiness failed. */
static bool contract_sees_failure(struct cairn__contract *self)
{
    struct cairn_error *error;
    struct cairn_future future;
    union cairn_outcome out;
    enum cairn_poll p = cairn__contract_ready(self, self->service, &error);

    if (p == CAIRN_FAILED) {
        cairn_error_unref(error);
        return true;
    }
    CAIRN_ASSERT(self->opts.may_queue || self->opts.may_hide_ready, self->name,
        "inner's readiness failed and nobody heard of it");
    future = cairn__contract_call(self, self->service);
    p = cairn__contract_finish(self, &future, &out, CAIRN__CONTRACT_RESPOND);
    CAIRN_ASSERT(p == CAIRN_FAILED || self->opts.may_hide_ready, self->name,
        "inner's readiness failed and the call did not");
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    else
        cairn_type_drop(self->response_type, out.value);
    return false;
}

static void contract_fails_with_inner(struct cairn__contract *self)
{
    cairn_mock_fail_ready(
        self->mock, cairn_error_new(CAIRN__CONTRACT_ERROR, "mock", NULL, "told to fail readiness"));
    contract_sees_failure(self);
}

static void contract_fails_and_lets_copy_live(struct cairn__contract *self)
{
    struct cairn_service *copy = contract_clone(self);
    bool has_failed;

    cairn__contract_must_ready(self, self->service);
    cairn_mock_fail_ready(
        self->mock, cairn_error_new(CAIRN__CONTRACT_ERROR, "mock", NULL, "told to fail readiness"));
    has_failed = contract_sees_failure(self);
    cairn_service_drop(self->service);
    self->service = copy;
    if (has_failed && cairn__contract_is_strict(self))
        cairn__contract_round(self, copy);
}

const struct cairn__contract_case cairn__contract_ready_cases[] = {
    {contract_stays_ready, false},
    {contract_wakes_when_ready, false},
    {contract_wakes_last_poller, false},
    {contract_polls_without_task, false},
    {contract_drops_pending, false},
    {contract_drops_ready, false},
    {contract_drops_ready_beside_copy, true},
    {contract_releases, false},
    {contract_releases_pending, true},
    {contract_copy_is_not_ready, true},
    {contract_copy_leaves_original_ready, true},
    {contract_copies_of_copies, true},
    {contract_takes, true},
    {contract_fails_with_inner, false},
    {contract_fails_and_lets_copy_live, true},
};

const size_t cairn__contract_ready_count =
    sizeof(cairn__contract_ready_cases) / sizeof(cairn__contract_ready_cases[0]);
