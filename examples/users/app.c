#include "app.h"

#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/http/layers/set_header.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/rate_limit.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/stack.h>

#include "api.h"
#include "repository_service.h"
#include "service_repository.h"

/* Around the API: owns the worker's own view of the repository, and shows it in the stack. */
struct app_core {
    struct cairn_service base;
    struct user_repository *users;
};

static void app_core_drop(struct cairn_service *base)
{
    user_repository_close(((struct app_core *)base)->users);
}

static void app_core_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    user_repository_describe(((const struct app_core *)base)->users, d);
}

static struct cairn_service *app_core_new(const struct app *app)
{
    static const struct cairn_service_ops ops = {
        .name = "users",
        .size = sizeof(struct app_core),
        .drop = app_core_drop,
        .describe = app_core_describe,
        .not_cloneable = true,
    };
    const struct repository_stack_options opts = {
        .attempts = (unsigned)app->config->db_attempts,
        .timeout_ms = app->config->db_timeout_ms,
    };
    struct cairn_error *error = NULL;
    struct user_repository *users =
        service_repository_new(repository_stack_new(app->store, &opts), &error);
    if (!users)
        return cairn_service_broken(error);
    struct cairn_service *api = api_new(users);
    if (cairn_service_error(api)) {
        user_repository_close(users);
        return api;
    }
    struct app_core *self = cairn_service_new(&ops, api);
    if (!self) {
        cairn_service_drop(api);
        user_repository_close(users);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    self->users = users;
    return &self->base;
}

/* A worker's part of TOTAL: nobody counts across workers, so each gets the same. */
static uint64_t app_share(uint64_t total, const struct cairn_http_worker *worker)
{
    return (total + worker->count - 1) / worker->count;
}

/* The database is a part of this service: where it is busy, the client should come back, and not
 * hear of a bad gateway. */
static struct cairn_http_response *app_error(
    void *cx, const struct cairn_http_request *req, const struct cairn_error *error)
{
    (void)cx;
    if (error->code == CAIRN_ERROR_UNAVAILABLE)
        return cairn_http_problem(req, 503, "the database is busy");
    return NULL;
}

/*
 * From the outside in:
 * - request_id first, so that all the rest can name the request.
 * - access_log next: it shall see what the client gets, and how long it took in all.
 * - set_header before error_to_response, for errors carry the header too.
 * - error_to_response outside of everything that fails: below it there are errors with their
 *   reasons, above it there are answers.
 * - load_shed around the limits: who would have to wait is refused at once, while it is cheap.
 * - concurrency_limit before rate_limit: a request that has no place does not use up the second.
 * - timeout innermost: it bounds the work. A wait for the limits, which load_shed ends, is no work.
 */
struct cairn_service *app_new(void *cx, const struct cairn_http_worker *worker)
{
    const struct app *app = cx;
    const struct config *config = app->config;
    return cairn_stack(app_core_new(app), cairn_request_id(),
        cairn_layer_if(app->access_log != NULL, cairn_access_log(.file = app->access_log)),
        cairn_set_header(.name = "X-Content-Type-Options", .value = "nosniff"),
        cairn_error_to_response(.map = app_error), cairn_load_shed(),
        cairn_concurrency_limit(.max = app_share(config->max_concurrency, worker)),
        cairn_rate_limit(.num = app_share(config->rate_limit, worker)),
        cairn_timeout(.after_ms = config->request_timeout_ms));
}
