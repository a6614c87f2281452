#include "repository_service.h"

#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/stack.h>

#define REPOSITORY_TIMEOUT_MS 500

struct repository_service {
    struct cairn_service base;
    struct user_repository *repository;
};

static struct cairn_future repository_service_call(struct cairn_service *base, void *req)
{
    struct repository_service *self = (struct repository_service *)base;
    struct cairn_future future = user_query_run(req, self->repository);
    cairn_service_drop_request(base, req);
    return future;
}

static void repository_service_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct repository_service *self = (const struct repository_service *)base;
    cairn_describe_text(d, "kind", self->repository->ops->name);
    user_repository_describe(self->repository, d);
}

struct cairn_service *repository_service_new(struct user_repository *repository)
{
    static const struct cairn_service_ops ops = {
        .name = "repository",
        .size = sizeof(struct repository_service),
        .call = repository_service_call,
        .describe = repository_service_describe,
    };
    struct repository_service *self = cairn_service_new(&ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->base.request_type = &user_query_type;
    self->base.response_type = &user_type;
    self->repository = repository;
    return &self->base;
}

static bool repository_is_worth_a_retry(void *cx, const struct cairn_retry_attempt *attempt)
{
    (void)cx;
    if (attempt->p != CAIRN_FAILED)
        return false;
    enum cairn_error_code code = attempt->out.error->code;
    return code == CAIRN_ERROR_UNAVAILABLE ||
           (code == CAIRN_ERROR_ELAPSED && user_query_is_read(attempt->request));
}

struct cairn_service *repository_stack_new(
    struct user_repository *repository, const struct repository_stack_options *options)
{
    struct repository_stack_options opts = {0};
    if (options)
        opts = *options;
    if (opts.timeout_ms == 0)
        opts.timeout_ms = REPOSITORY_TIMEOUT_MS;
    return cairn_stack(repository_service_new(repository),
        cairn_retry(.attempts = opts.attempts, .classify = repository_is_worth_a_retry,
            .backoff = {.min_ms = 5, .max_ms = 100, .jitter = 0.99}),
        cairn_timeout(.after_ms = opts.timeout_ms));
}
