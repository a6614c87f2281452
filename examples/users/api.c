#include "api.h"

#include <inttypes.h>
#include <stdio.h>

#include <cairn/http/error_response.h>
#include <cairn/http/handler.h>
#include <cairn/http/message.h>
#include <cairn/http/router.h>
#include <cairn/service/async.h>
#include <cairn/service/combine.h>

#include "api_problem.h"
#include "api_request.h"
#include "user_json.h"

/* Takes JSON. NULL without memory. */
static struct cairn_http_response *api_json(
    const struct cairn_http_request *req, int status, json_t *json)
{
    struct cairn_str body = user_json_write(req->arena, json);
    return body.data ? cairn_http_bytes(req, status, "application/json", body) : NULL;
}

static struct cairn_future api_answer(struct cairn_http_response *res)
{
    return cairn_future_ready_or_no_memory(res);
}

static struct cairn_http_response *api_healthz(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "ok\n");
}

/* Reading one user is a future that goes on with a function. */
static struct cairn_future api_found(void *cx, void *value)
{
    struct user *user = value;
    struct cairn_http_response *res = api_json(cx, 200, user_json_new(user));
    user_drop(user);
    return api_answer(res);
}

static struct cairn_future api_find(struct cairn_http_request *req, void *users)
{
    int64_t id = api_request_id(req);
    if (id == 0)
        return cairn_future_failed(&user_error_not_found);
    return cairn_future_and_then(user_repository_find_by_id(users, id), api_found, req);
}

static struct cairn_future api_deleted(void *cx, void *value)
{
    (void)value;
    return api_answer(cairn_http_response_new(cx, 204));
}

static struct cairn_future api_delete(struct cairn_http_request *req, void *users)
{
    int64_t id = api_request_id(req);
    if (id == 0)
        return cairn_future_failed(&user_error_not_found);
    return cairn_future_and_then(user_repository_delete_by_id(users, id), api_deleted, req);
}

/* What needs more than the request afterwards is an async function with a frame. */
struct api_list {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct user_repository *users;
    struct api_page page;
    struct user *first;
};

static enum cairn_poll api_list_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct api_list *self = state;
    struct cairn_http_response *res;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT(user_repository_list(self->users, self->page.after, self->page.limit), self->first);
    res = api_json(self->req, 200, user_json_list_new(self->first, self->page.limit));
    if (!res)
        CAIRN_ASYNC_FAIL(&cairn_error_no_memory);
    CAIRN_ASYNC_RETURN(res);
    CAIRN_ASYNC_END();
}

static void api_list_drop(void *state)
{
    struct api_list *self = state;
    cairn_async_drop(&self->async);
    user_drop(self->first);
}

static const struct cairn_future_ops api_list_ops = {
    .name = "list_users",
    .size = sizeof(struct api_list),
    .poll = api_list_poll,
    .drop = api_list_drop,
};

static struct cairn_future api_list(struct cairn_http_request *req, void *users)
{
    struct api_list frame = {.req = req, .users = users};
    struct user_violations violations = {0};
    if (!api_request_page(req, &frame.page, &violations))
        return api_answer(api_problem(req, 400, "the query is not valid", &violations));
    return cairn_future_start(&api_list_ops, &frame);
}

struct api_save {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct user_repository *users;
    struct user *draft;
    struct user *stored;
};

static struct cairn_http_response *api_conflict(const struct cairn_http_request *req)
{
    static const struct user_violations taken = {
        .count = 1, .items = {{"email", "belongs to another user"}}};
    return api_problem(req, 409, "the user clashes with another", &taken);
}

static struct cairn_http_response *api_saved(
    struct cairn_http_request *req, const struct user *draft, const struct user *stored)
{
    int status = draft->id == 0 ? 201 : 200;
    struct cairn_http_response *res = api_json(req, status, user_json_new(stored));
    if (!res || status == 200)
        return res;
    char location[sizeof("/users/") + 20];
    snprintf(location, sizeof(location), "/users/%" PRId64, stored->id);
    return cairn_http_response_set(res, "Location", location) == 0 ? res : NULL;
}

static enum cairn_poll api_save_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct api_save *self = state;
    struct cairn_http_response *res;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_CATCH(user_repository_save(self->users, self->draft));
    if (self->async.p == CAIRN_READY) {
        self->stored = self->async.last.value;
        res = api_saved(self->req, self->draft, self->stored);
    } else if (self->async.last.error->code == CAIRN_ERROR_CONFLICT) {
        cairn_error_unref(self->async.last.error);
        res = api_conflict(self->req);
    } else {
        CAIRN_ASYNC_FAIL(self->async.last.error);
    }
    if (!res)
        CAIRN_ASYNC_FAIL(&cairn_error_no_memory);
    CAIRN_ASYNC_RETURN(res);
    CAIRN_ASYNC_END();
}

static void api_save_drop(void *state)
{
    struct api_save *self = state;
    cairn_async_drop(&self->async);
    user_drop(self->draft);
    user_drop(self->stored);
}

static const struct cairn_future_ops api_save_ops = {
    .name = "save_user",
    .size = sizeof(struct api_save),
    .poll = api_save_poll,
    .drop = api_save_drop,
};

static struct cairn_future api_save(
    struct cairn_http_request *req, struct user_repository *users, int64_t id)
{
    struct cairn_http_response *refusal;
    struct api_save frame = {.req = req, .users = users};
    frame.draft = api_request_user(req, id, &refusal);
    return frame.draft ? cairn_future_start(&api_save_ops, &frame) : api_answer(refusal);
}

static struct cairn_future api_create(struct cairn_http_request *req, void *users)
{
    return api_save(req, users, 0);
}

static struct cairn_future api_update(struct cairn_http_request *req, void *users)
{
    int64_t id = api_request_id(req);
    return id == 0 ? cairn_future_failed(&user_error_not_found) : api_save(req, users, id);
}
struct cairn_service *api_new(struct user_repository *users)
{
    struct cairn_http_router *router = cairn_http_router_new();
    cairn_http_get(router, "/users", cairn_http_async_handler(api_list, users));
    cairn_http_post(router, "/users", cairn_http_async_handler(api_create, users));
    cairn_http_get(router, "/users/{id}", cairn_http_async_handler(api_find, users));
    cairn_http_put(router, "/users/{id}", cairn_http_async_handler(api_update, users));
    cairn_http_delete(router, "/users/{id}", cairn_http_async_handler(api_delete, users));
    cairn_http_get(router, "/healthz", cairn_http_handler(api_healthz, NULL));
    return cairn_http_router_service(router);
}
