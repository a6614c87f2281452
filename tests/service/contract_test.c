#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cairn/service/alloc.h>
#include <cairn/service/semaphore.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/contract.h>
#include <cairn/testkit/value.h>

/* A concurrency limit of one that keeps the contract, but for one flaw. */
enum flaw {
    FLAW_NONE,
    FLAW_GOES_BACK,
    FLAW_RESERVES_TWICE,
    FLAW_READY_BEFORE_INNER,
    FLAW_FORGETS_WAKER,
    FLAW_KEEPS_FIRST_WAKER,
    FLAW_COPY_IS_READY,
    FLAW_COPY_SHARES_PERMIT,
    FLAW_NO_RELEASE,
    FLAW_RELEASES_TWICE,
    FLAW_HIDES_FAILURE,
    FLAW_KEEPS_PERMIT_WHEN_FAILED,
    FLAW_FUTURE_KEEPS_PERMIT,
    FLAW_FUTURE_LEAKS_INNER,
    FLAW_LOSES_ERROR,
    FLAW_REPLACES_ERROR,
    FLAW_LEAKS_REQUEST,
    FLAW_DROPS_REQUEST_TWICE,
    FLAW_CALLS_TWICE,
    FLAW_EMPTY_FUTURE,
    FLAW_LEAKS_ITSELF,
    FLAW_IGNORES_NO_MEMORY,
    FLAW_LEAKS_WITHOUT_MEMORY,
    FLAW_NO_NAME,
    FLAW_COUNT
};

struct flawed {
    struct cairn_service base;
    struct cairn_semaphore *semaphore;
    struct cairn_semaphore_wait wait;
    struct cairn_waker first;
    enum flaw flaw;
    unsigned polls;
    bool has_permit;
    bool is_inner_ready;
};

struct flawed_future {
    struct cairn_future inner;
    struct cairn_semaphore *semaphore;
    void *scratch;
    enum flaw flaw;
};

static enum cairn_poll flawed_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct flawed_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);

    if (p == CAIRN_FAILED && self->flaw == FLAW_LOSES_ERROR) {
        cairn_error_unref(out->error);
        out->value = NULL;
        return CAIRN_READY;
    }
    if (p == CAIRN_FAILED && self->flaw == FLAW_REPLACES_ERROR) {
        cairn_error_unref(out->error);
        out->error = cairn_error_new(CAIRN_ERROR_INTERNAL, "flawed", NULL, "something failed");
    }
    return p;
}

static void flawed_future_drop(void *state)
{
    struct flawed_future *self = state;

    if (self->flaw != FLAW_FUTURE_LEAKS_INNER)
        cairn_future_drop(&self->inner);
    if (self->flaw != FLAW_FUTURE_KEEPS_PERMIT)
        cairn_semaphore_release(self->semaphore);
    cairn_semaphore_unref(self->semaphore);
    cairn_free(self->scratch);
}

static const struct cairn_future_ops flawed_future_ops = {.name = "flawed",
    .size = sizeof(struct flawed_future),
    .poll = flawed_future_poll,
    .drop = flawed_future_drop,
    .wraps = true};

static void flawed_give_back(struct flawed *self)
{
    cairn_semaphore_leave(&self->wait);
    if (self->has_permit)
        cairn_semaphore_release(self->semaphore);
    self->has_permit = false;
    self->is_inner_ready = false;
}

static void flawed_release(struct cairn_service *base)
{
    struct flawed *self = (struct flawed *)base;

    cairn_waker_clear(&self->first);
    self->polls = 0;
    if (self->flaw == FLAW_NO_RELEASE)
        return;
    if (self->flaw == FLAW_RELEASES_TWICE && self->has_permit)
        cairn_semaphore_release(self->semaphore);
    flawed_give_back(self);
}

static enum cairn_poll flawed_poll_inner(
    struct flawed *self, const struct cairn_context *cx, struct cairn_error **error)
{
    struct cairn_service *inner = self->base.inner;
    const struct cairn_context nobody = {.runtime = cx->runtime};
    struct cairn_context first = *cx;
    enum cairn_poll p;

    if (self->flaw == FLAW_COPY_IS_READY && self->is_inner_ready)
        return CAIRN_READY;
    if (self->flaw == FLAW_KEEPS_FIRST_WAKER && cairn_context_can_wait(cx)) {
        if (!self->first.task)
            cairn_waker_set(&self->first, cx);
        first.task = self->first.task;
        return cairn_service_poll_ready(inner, &first, error);
    }
    p = cairn_service_poll_ready(inner, self->flaw == FLAW_FORGETS_WAKER ? &nobody : cx, error);
    self->is_inner_ready = p == CAIRN_READY;
    return p;
}

static enum cairn_poll flawed_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct flawed *self = (struct flawed *)base;
    enum cairn_poll p;

    if (!self->has_permit || self->flaw == FLAW_RESERVES_TWICE) {
        p = cairn_semaphore_poll(self->semaphore, &self->wait, cx);
        if (p)
            return p;
        self->has_permit = true;
    }
    if (self->flaw == FLAW_GOES_BACK && self->polls++ == 2) {
        if (cairn_context_can_wait(cx))
            cairn_task_wake(cx->task);
        return CAIRN_PENDING;
    }
    p = flawed_poll_inner(self, cx, error);
    if (p == CAIRN_PENDING && self->flaw == FLAW_READY_BEFORE_INNER)
        return CAIRN_READY;
    if (p != CAIRN_FAILED)
        return p;
    if (self->flaw != FLAW_KEEPS_PERMIT_WHEN_FAILED)
        flawed_give_back(self);
    else
        self->has_permit = false;
    if (self->flaw != FLAW_HIDES_FAILURE)
        return p;
    cairn_error_unref(*error);
    return flawed_poll_ready(base, cx, error);
}

static void flawed_spoil_request(struct flawed *self, void *req)
{
    if (self->flaw == FLAW_LEAKS_REQUEST)
        cairn_test_value_new(1);
    if (self->flaw == FLAW_DROPS_REQUEST_TWICE)
        cairn_test_value_drop(req);
}

static void flawed_call_once_more(struct flawed *self)
{
    const struct cairn_context nobody = {.runtime = NULL};
    struct cairn_error *error = NULL;
    struct cairn_future more;

    if (self->flaw != FLAW_CALLS_TWICE)
        return;
    if (cairn_service_poll_ready(self->base.inner, &nobody, &error) != CAIRN_READY)
        return;
    more = cairn_service_call(self->base.inner, cairn_test_value_new(2));
    cairn_future_drop(&more);
}

static struct cairn_future flawed_call(struct cairn_service *base, void *req)
{
    struct flawed *self = (struct flawed *)base;
    struct flawed_future future = {.semaphore = self->semaphore, .flaw = self->flaw};

    self->has_permit = false;
    self->is_inner_ready = false;
    self->polls = 0;
    cairn_waker_clear(&self->first);
    future.scratch = cairn_alloc(16);
    if (self->flaw == FLAW_IGNORES_NO_MEMORY)
        memset(future.scratch, 0, 16);
    if (!future.scratch) {
        if (self->flaw != FLAW_LEAKS_WITHOUT_MEMORY)
            cairn_service_drop_request(base, req);
        cairn_semaphore_release(self->semaphore);
        cairn_service_release(base->inner);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    flawed_spoil_request(self, req);
    future.inner = cairn_service_call(base->inner, req);
    flawed_call_once_more(self);
    cairn_semaphore_ref(self->semaphore);
    if (self->flaw == FLAW_EMPTY_FUTURE) {
        flawed_future_drop(&future);
        return (struct cairn_future){NULL, NULL};
    }
    return cairn_future_wrap(&flawed_future_ops, &future);
}

static void flawed_cloned(struct cairn_service *base)
{
    struct flawed *self = (struct flawed *)base;

    self->semaphore = cairn_semaphore_ref(self->semaphore);
    self->wait = (struct cairn_semaphore_wait){0};
    self->first.task = NULL;
    self->polls = 0;
    if (self->flaw == FLAW_COPY_IS_READY || self->flaw == FLAW_COPY_SHARES_PERMIT)
        return;
    self->has_permit = false;
    self->is_inner_ready = false;
}

static void flawed_drop(struct cairn_service *base)
{
    struct flawed *self = (struct flawed *)base;

    cairn_semaphore_leave(&self->wait);
    if (self->flaw != FLAW_LEAKS_ITSELF)
        cairn_semaphore_unref(self->semaphore);
}

static void flawed_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    bool has_no_name = ((const struct flawed *)base)->flaw == FLAW_NO_NAME;

    cairn_describe_gauge(d, has_no_name ? "" : "permits", 1);
}

static const struct cairn_service_ops flawed_ops = {.name = "flawed",
    .size = sizeof(struct flawed),
    .poll_ready = flawed_poll_ready,
    .call = flawed_call,
    .release = flawed_release,
    .cloned = flawed_cloned,
    .drop = flawed_drop,
    .describe = flawed_describe};

static struct cairn_service *flawed_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_semaphore *semaphore = cairn_semaphore_new(1);
    struct flawed *self = semaphore ? cairn_service_new(&flawed_ops, inner) : NULL;

    if (!self) {
        cairn_semaphore_unref(semaphore);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->semaphore = semaphore;
    memcpy(&self->flaw, layer->options, sizeof(self->flaw));
    return &self->base;
}

static struct cairn_layer flawed_layer(enum flaw flaw)
{
    return cairn_layer_of("flawed", flawed_apply, &flaw, sizeof(flaw));
}

/* In a process of its own, of which an assertion is the end. */
static void run_suite(enum flaw flaw, int out)
{
    const struct rlimit none = {0, 0};
    const struct cairn_layer layer = flawed_layer(flaw);

    setrlimit(RLIMIT_CORE, &none);
    signal(SIGSEGV, SIG_DFL); /* cmocka's handler would go on with the next test, in the child */
    dup2(out, STDERR_FILENO);
    cairn_contract_check(&layer);
    _exit(0);
}

/* What the suite printed; returns whether it came to its end. */
static bool suite_passes(enum flaw flaw, char *text, size_t size)
{
    int ends[2];
    int status;
    size_t length = 0;
    ssize_t n;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_suite(flaw, ends[1]);
    close(ends[1]);
    while ((n = read(ends[0], text + length, size - 1 - length)) > 0)
        length += (size_t)n;
    text[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_layer_without_a_flaw_passes(void **state)
{
    const struct cairn_layer layer = flawed_layer(FLAW_NONE);

    (void)state;
    cairn_contract_check(&layer);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void each_flaw_is_found(void **state)
{
    (void)state;
    for (unsigned flaw = FLAW_NONE + 1; flaw < FLAW_COUNT; flaw++) {
        char text[65536];

        if (suite_passes((enum flaw)flaw, text, sizeof(text)))
            fail_msg("flaw %u was not found", flaw);
        print_message("flaw %u: %.160s\n", flaw, text);
    }
}

static void a_breach_names_the_layer(void **state)
{
    char text[65536];

    (void)state;
    assert_false(suite_passes(FLAW_GOES_BACK, text, sizeof(text)));
    assert_non_null(strstr(text, "cairn: flawed: "));
    assert_non_null(strstr(text, "was ready and"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_layer_without_a_flaw_passes),
        cmocka_unit_test(each_flaw_is_found),
        cmocka_unit_test(a_breach_names_the_layer),
    };

    return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
