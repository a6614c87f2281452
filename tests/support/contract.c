#include <cairn/testkit/contract.h>

#include <stdio.h>
#include <string.h>

#include <cairn/service/assert.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/contract_rig.h>
#include <cairn/testkit/value.h>

/* Listens to describe: names and keys are there, and every begin has its end. */
struct contract_listener {
    const char *subject;
    unsigned depth;
    unsigned services;
};

static void contract_heard_begin(void *cx, const char *name)
{
    struct contract_listener *self = cx;

    CAIRN_ASSERT(name && name[0], self->subject, "describes a service without a name");
    self->depth++;
    self->services++;
}

static void contract_heard_number(
    void *cx, enum cairn_describe_kind kind, const char *key, uint64_t value, const char *unit)
{
    struct contract_listener *self = cx;

    (void)kind;
    (void)value;
    (void)unit;
    CAIRN_ASSERT(key && key[0], self->subject, "describes a number without a key");
}

static void contract_heard_text(void *cx, const char *key, const char *value)
{
    struct contract_listener *self = cx;

    CAIRN_ASSERT(key && key[0] && value, self->subject, "describes a text without key or value");
}

static void contract_heard_end(void *cx)
{
    struct contract_listener *self = cx;

    CAIRN_ASSERT(self->depth > 0, self->subject, "describes an end without a begin");
    self->depth--;
}

static void contract_listen(const struct cairn__contract *self)
{
    static const struct cairn_describe_ops ops = {
        contract_heard_begin, contract_heard_number, contract_heard_text, contract_heard_end};
    struct contract_listener listener = {.subject = self->name};
    struct cairn_describe describe = {&ops, &listener};

    cairn_describe_service(&describe, self->service);
    CAIRN_ASSERT(listener.depth == 0, self->name, "describes a begin without an end");
    CAIRN_ASSERT(listener.services > 0, self->name, "describes nothing");
}

static void contract_describes(struct cairn__contract *self)
{
    struct cairn_future future;
    union cairn_outcome out;

    contract_listen(self);
    cairn__contract_must_ready(self, self->service);
    contract_listen(self);
    future = cairn__contract_call(self, self->service);
    contract_listen(self);
    cairn_harness_poll(&self->harness, &future, &out);
    contract_listen(self);
    cairn__contract_must_respond(self, &future);
    contract_listen(self);
}

static void contract_must_build(struct cairn__contract *self)
{
    const struct cairn_error *error = cairn_service_error(self->service);
    char text[256];

    if (error)
        cairn_assert_failed(
            __FILE__, __LINE__, self->name, cairn_error_format(error, text, sizeof(text)));
    CAIRN_ASSERT(self->service->ops->name && self->service->ops->name[0], self->name,
        "ops->name is not set");
}

static void contract_begin(struct cairn__contract *self, struct cairn_service *leaf)
{
    cairn__contract_open(self);
    cairn__contract_build(self, leaf);
    contract_must_build(self);
}

static void contract_end(struct cairn__contract *self)
{
    cairn__contract_close(self);
    CAIRN_ASSERT(cairn_test_value_live() == 0, self->name, "a value was never dropped");
    if (cairn_test_alloc_live())
        fprintf(stderr, "cairn: %s: memory was leaked:\n", self->name);
}

static void contract_run(struct cairn__contract *self, const struct cairn__contract_case *check)
{
    cairn_test_alloc_begin();
    contract_begin(self, NULL);
    if (!check->clones || cairn_service_is_cloneable(self->service))
        check->run(self);
    contract_end(self);
    cairn_test_alloc_end();
}

/* How many copies can be ready at a time, up to a few; 0 when readiness fails. */
static unsigned contract_capacity(struct cairn__contract *self, const struct cairn_service *service)
{
    struct cairn_service *copies[4];
    const unsigned count = sizeof(copies) / sizeof(copies[0]);
    unsigned ready = 0;

    cairn_mock_allow(self->mock, CAIRN_MOCK_UNLIMITED);
    cairn__contract_step(self);
    for (unsigned i = 0; i < count; i++) {
        copies[i] = cairn_service_clone(service);
        CAIRN_ASSERT(copies[i], self->name, "could not be cloned, although there is memory");
        ready += cairn__contract_poll_ready(self, copies[i]) == CAIRN_READY;
    }
    for (unsigned i = 0; i < count; i++)
        cairn_service_drop(copies[i]);
    return ready;
}

/* The same check beside a copy that takes no part: for it there must be as much room as before. */
static void contract_run_beside(
    struct cairn__contract *self, const struct cairn__contract_case *check)
{
    struct cairn_service *beside;
    unsigned before;
    unsigned after;

    cairn_test_alloc_begin();
    contract_begin(self, NULL);
    if (cairn_service_is_cloneable(self->service)) {
        before = contract_capacity(self, self->service);
        beside = cairn_service_clone(self->service);
        check->run(self);
        cairn_service_drop(self->service);
        self->service = beside;
        after = contract_capacity(self, beside);
        CAIRN_ASSERT(after >= before || after == 0, self->name, "X004: a reservation was lost");
        CAIRN_ASSERT(after <= before, self->name, "a reservation was given back twice");
    }
    contract_end(self);
    cairn_test_alloc_end();
}

/* Around a leaf that answers by itself: at once, and after one wait. */
static void contract_run_leaf(
    struct cairn__contract *self, struct cairn_service *(*leaf)(const struct cairn_type *type))
{
    if (self->opts.request_type || self->opts.response_type || self->opts.new_request)
        return;
    cairn_test_alloc_begin();
    contract_begin(self, leaf(NULL));
    for (unsigned i = 0; i < 4; i++)
        cairn__contract_round(self, self->service);
    cairn__contract_must_ready(self, self->service);
    struct cairn_future future = cairn__contract_call(self, self->service);
    cairn_future_drop(&future);
    contract_end(self);
    cairn_test_alloc_end();
}

static void contract_finish_without_memory(
    struct cairn__contract *self, enum cairn__contract_answer answer)
{
    struct cairn_error *error = NULL;
    struct cairn_future future;
    union cairn_outcome out;

    if (cairn__contract_ready(self, self->service, &error) == CAIRN_FAILED) {
        cairn_error_unref(error);
        return;
    }
    future = cairn__contract_call(self, self->service);
    if (cairn__contract_finish(self, &future, &out, answer) == CAIRN_READY)
        cairn_type_drop(self->response_type, out.value);
    else
        cairn_error_unref(out.error);
}

static void contract_scenario(struct cairn__contract *self, enum cairn__contract_answer answer)
{
    cairn_test_alloc_exempt(true);
    cairn__contract_open(self);
    cairn_test_alloc_exempt(false);
    cairn__contract_build(self, NULL);
    if (!cairn_service_error(self->service)) {
        cairn_service_drop(cairn_service_clone(self->service));
        contract_finish_without_memory(self, answer);
    }
    cairn_test_alloc_exempt(true);
    contract_end(self);
    cairn_test_alloc_exempt(false);
}

static void contract_responds_without_memory(void *cx)
{
    contract_scenario(cx, CAIRN__CONTRACT_RESPOND);
}

static void contract_fails_without_memory(void *cx)
{
    contract_scenario(cx, CAIRN__CONTRACT_FAIL);
}

static void contract_run_cases(
    struct cairn__contract *self, const struct cairn__contract_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        contract_run(self, &cases[i]);
        contract_run_beside(self, &cases[i]);
    }
}

static void contract_check(struct cairn__contract *self)
{
    static const struct cairn__contract_case describes = {contract_describes, false};

    contract_run(self, &describes);
    contract_run_cases(self, cairn__contract_ready_cases, cairn__contract_ready_count);
    contract_run_cases(self, cairn__contract_call_cases, cairn__contract_call_count);
    contract_run_leaf(self, cairn_test_echo);
    contract_run_leaf(self, cairn_test_pending_once);
    cairn_test_each_allocation(contract_responds_without_memory, self);
    cairn_test_each_allocation(contract_fails_without_memory, self);
}

void cairn_contract_check(const struct cairn_layer *layer)
{
    cairn_contract_check_with(layer, NULL);
}

void cairn_contract_check_with(
    const struct cairn_layer *layer, const struct cairn_contract_options *options)
{
    struct cairn__contract self = {.name = layer->name, .layers = layer, .count = 1};

    CAIRN_ASSERT(layer->name && layer->name[0], "cairn_contract_check", "the layer has no name");
    if (options)
        self.opts = *options;
    contract_check(&self);
}

/* The inner layer's options say what the mock takes and gives. */
static struct cairn_contract_options contract_merge(
    const struct cairn_contract_options *outer, const struct cairn_contract_options *inner)
{
    struct cairn_contract_options opts = *inner;

    opts.may_shed |= outer->may_shed;
    opts.may_queue |= outer->may_queue;
    opts.may_repeat |= outer->may_repeat;
    opts.may_recover |= outer->may_recover;
    opts.may_replace |= outer->may_replace;
    opts.may_hide_ready |= outer->may_hide_ready;
    if (outer->step_ms > opts.step_ms)
        opts.step_ms = outer->step_ms;
    if (outer->new_request)
        opts.new_request = outer->new_request;
    if (outer->cx)
        opts.cx = outer->cx;
    return opts;
}

void cairn_contract_check_pair(const struct cairn_layer *outer,
    const struct cairn_contract_options *outer_options, const struct cairn_layer *inner,
    const struct cairn_contract_options *inner_options)
{
    static const struct cairn_contract_options none;
    const struct cairn_layer layers[] = {*outer, *inner};
    char name[128];
    struct cairn__contract self = {.name = name, .layers = layers, .count = 2};

    snprintf(name, sizeof(name), "%s > %s", outer->name, inner->name);
    self.opts = contract_merge(
        outer_options ? outer_options : &none, inner_options ? inner_options : &none);
    contract_check(&self);
}
