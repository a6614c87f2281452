#include "model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include <cairn/service/random.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

#define STEPS 40
#define HANDLES 4
#define CALLS 6
#define DEPTH 3

/* A copy of the stack, and a task that waits for its readiness. */
struct handle {
    struct cairn_service *service; /* NULL: no handle */
    struct cairn_harness harness;
    enum { IDLE, WAITS, READY, DEAD } state;
};

struct call {
    struct cairn_future future; /* empty: no call */
    struct cairn_harness harness;
    bool waits; /* was PENDING, and not polled since */
};

struct model {
    struct cairn_random random;
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_mock *mock;
    struct handle handles[HANDLES];
    struct call calls[CALLS];
    char names[256];
};

static unsigned below(struct model *self, unsigned end)
{
    return (unsigned)cairn_random_range(&self->random, 0, end);
}

/* Who gets on without having been woken would have waited for ever in a program. */
static void must_be_woken(struct model *self, struct cairn_harness *harness, const char *what)
{
    if (!cairn_harness_is_woken(harness))
        fail_msg("%s: a %s could go on, and nobody woke it", self->names, what);
}

static void handle_poll(struct model *self, struct handle *handle)
{
    struct cairn_error *error = NULL;
    bool waited = handle->state == WAITS;
    if (!handle->service || handle->state == DEAD)
        return;
    enum cairn_poll p = cairn_harness_poll_ready(&handle->harness, handle->service, &error);
    if (handle->state == READY && p == CAIRN_PENDING)
        fail_msg("%s: was ready, and is no more", self->names);
    if (waited && p != CAIRN_PENDING)
        must_be_woken(self, &handle->harness, "handle");
    if (p == CAIRN_PENDING && waited)
        return; /* a wake it may have had was early: it waits on */
    cairn_harness_is_woken(&handle->harness);
    handle->state = p == CAIRN_READY ? READY : p == CAIRN_PENDING ? WAITS : DEAD;
    if (p == CAIRN_FAILED)
        cairn_error_unref(error);
}

static void handle_drop(struct model *self, struct handle *handle)
{
    if (!handle->service)
        return;
    cairn_service_drop(handle->service);
    handle->service = NULL;
    cairn_test_settle(self->runtime); /* a layer's task in the background ends in its next turn */
    cairn_harness_fini(&handle->harness);
}

static void handle_set(struct model *self, struct handle *handle, struct cairn_service *service)
{
    handle->service = service;
    handle->state = IDLE;
    if (service)
        cairn_harness_init(&handle->harness, self->runtime);
}

static void handle_release(struct handle *handle)
{
    if (!handle->service || handle->state == DEAD)
        return;
    cairn_service_release(handle->service);
    cairn_harness_is_woken(&handle->harness);
    handle->state = IDLE;
}

static void call_end(struct call *call)
{
    call->waits = false;
    cairn_harness_fini(&call->harness);
}

static void call_drop(struct call *call)
{
    if (cairn_future_is_empty(&call->future))
        return;
    cairn_future_drop(&call->future);
    call_end(call);
}

static void call_poll(struct model *self, struct call *call)
{
    union cairn_outcome out;
    if (cairn_future_is_empty(&call->future))
        return;
    enum cairn_poll p = cairn_harness_poll(&call->harness, &call->future, &out);
    if (p == CAIRN_PENDING) {
        if (!call->waits)
            cairn_harness_is_woken(&call->harness);
        call->waits = true;
        return;
    }
    if (call->waits)
        must_be_woken(self, &call->harness, "call");
    if (p == CAIRN_READY)
        cairn_test_value_drop(out.value);
    else
        cairn_error_unref(out.error);
    call_end(call);
}

static void call_begin(struct model *self, struct handle *handle)
{
    if (!handle->service || handle->state != READY)
        return;
    for (size_t i = 0; i < CALLS; i++) {
        struct call *call = &self->calls[i];
        if (!cairn_future_is_empty(&call->future))
            continue;
        cairn_harness_init(&call->harness, self->runtime);
        call->future = cairn_service_call(handle->service, cairn_test_value_new((int)i));
        handle->state = IDLE;
        return;
    }
}

static void mock_answer(struct model *self, bool is_failure)
{
    static struct cairn_error unavailable =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "model", "as asked for");
    struct cairn_mock_request *request = cairn_mock_next_request(self->mock);
    if (!request)
        return;
    if (is_failure)
        cairn_mock_fail(request, &unavailable);
    else
        cairn_mock_respond(request, cairn_mock_request_take(request));
}

static void step(struct model *self)
{
    static struct cairn_error dead =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "model", "the service is dead");
    struct handle *handle = &self->handles[below(self, HANDLES)];
    struct handle *other = &self->handles[below(self, HANDLES)];
    struct call *call = &self->calls[below(self, CALLS)];
    switch (below(self, 16)) {
    case 0:
        if (handle->service && other != handle) {
            handle_drop(self, other);
            handle_set(self, other, cairn_service_clone(handle->service));
        }
        break;
    case 1:
        if (other->service && handle != other) /* never the last one */
            handle_drop(self, handle);
        break;
    case 2:
        handle_release(handle);
        break;
    case 3:
        call_drop(call);
        break;
    case 4:
        mock_answer(self, true);
        break;
    case 5:
    case 6:
        mock_answer(self, false);
        break;
    case 7:
        cairn_mock_allow(self->mock, below(self, 4));
        break;
    case 8:
        cairn_test_clock_advance_ms(&self->clock, self->runtime, 1u << below(self, 12));
        break;
    case 9:
        if (below(self, 50) == 0)
            cairn_mock_fail_ready(self->mock, &dead);
        break;
    case 10:
    case 11:
        call_poll(self, call);
        break;
    case 12:
        call_begin(self, handle);
        break;
    default:
        handle_poll(self, handle);
        call_begin(self, handle);
        break;
    }
}

static void build(struct model *self, const struct cairn_layer *all, size_t count)
{
    struct cairn_layer layers[DEPTH];
    unsigned depth = 1 + below(self, DEPTH);
    int length = 0;
    for (unsigned i = 0; i < depth; i++) {
        layers[i] = all[below(self, (unsigned)count)];
        length += snprintf(self->names + length, sizeof(self->names) - (size_t)length, "%s%s",
            i ? " > " : "", layers[i].name);
    }
    self->mock = cairn_mock_new(NULL);
    struct cairn_service *service =
        cairn_stack_build(cairn_mock_service(self->mock), layers, depth);
    assert_null(cairn_service_error(service));
    handle_set(self, &self->handles[0], service);
}

/* Nobody is left out: with room enough and time enough every handle that waits is woken and gets
 * on. */
static void settle(struct model *self)
{
    for (size_t i = 0; i < CALLS; i++)
        call_drop(&self->calls[i]);
    for (size_t i = 0; i < HANDLES; i++)
        if (self->handles[i].state == READY)
            handle_release(&self->handles[i]);
    for (struct cairn_mock_request *request; (request = cairn_mock_next_request(self->mock));)
        cairn_mock_request_drop(request);
    cairn_mock_allow(self->mock, CAIRN_MOCK_UNLIMITED);
    for (int round = 0; round < 2 * HANDLES; round++) {
        cairn_test_clock_advance_ms(&self->clock, self->runtime, 3600000);
        for (size_t i = 0; i < HANDLES; i++) {
            handle_poll(self, &self->handles[i]);
            if (self->handles[i].state == READY)
                handle_drop(self, &self->handles[i]); /* makes room for the next */
        }
    }
    for (size_t i = 0; i < HANDLES; i++)
        if (self->handles[i].service && self->handles[i].state == WAITS)
            fail_msg("%s: a handle waits for ever", self->names);
}

static void play(struct model *self, const struct cairn_layer *all, size_t count, uint64_t seed)
{
    cairn_random_init(&self->random, seed);
    build(self, all, count);
    for (int i = 0; i < STEPS; i++)
        step(self);
    settle(self);
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
    for (size_t i = 0; i < HANDLES; i++)
        handle_drop(self, &self->handles[i]);
    cairn_test_settle(self->runtime);
    assert_int_equal(cairn_mock_counts(self->mock).services, 0);
    cairn_mock_free(self->mock);
    if (cairn_test_value_live() != 0)
        fail_msg("%s: %zu values leak", self->names, cairn_test_value_live());
}

void model_play(const struct cairn_layer *layers, size_t count, uint64_t sequences)
{
    struct model self = {0};
    self.runtime = cairn_test_runtime_new(&self.clock);
    for (uint64_t seed = 1; seed <= sequences; seed++)
        play(&self, layers, count, seed);
    cairn_runtime_free(self.runtime);
}
