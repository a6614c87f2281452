/* require_authorization.c - whose session a request belongs to is asked of somebody who has to be
 * waited for. */
#include <stdio.h>

#include <cairn/http/authorization.h>
#include <cairn/http/error_response.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/require_authorization.h>
#include <cairn/service/async.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

/* [function] */
struct has_session {
    struct cairn_async async;
    struct cairn_http_request *req;
    const struct cairn_http_user *user;
};

static enum cairn_poll has_session_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct has_session *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(10)); /* the store of sessions answers */
    if (!cairn_str_equal(cairn_http_request_field(self->req, "X-Session"), CAIRN_STR("7")))
        CAIRN_ASYNC_RETURN(cairn_http_problem(self->req, 403, "the session is over"));
    self->user = cairn_http_user_new(self->req, CAIRN_STR("Ada"), NULL);
    if (!self->user || cairn_http_set_user(self->req, self->user))
        CAIRN_ASYNC_FAIL(&cairn_error_no_memory);
    CAIRN_ASYNC_RETURN(self->req); /* the request itself: it may go on */
    CAIRN_ASYNC_END();
}

static void has_session_drop(void *state)
{
    cairn_async_drop(&((struct has_session *)state)->async);
}

static struct cairn_future has_session(void *cx, struct cairn_http_request *req)
{
    static const struct cairn_future_ops ops = {.name = "has_session",
        .size = sizeof(struct has_session),
        .poll = has_session_poll,
        .drop = has_session_drop};
    (void)cx;
    return cairn_future_start(&ops, &(struct has_session){.req = req});
}
/* [/function] */

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, cairn_http_user(req)->name.data);
}

static int ask(struct cairn_runtime *runtime, struct cairn_service *app, const char *session)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!arena)
        return 0;
    union cairn_outcome out;
    int status = 0;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    cairn_http_fields_add(&req->fields, CAIRN_STR("X-Session"), cairn_str_from(session));
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        status = res->status;
        printf("%d %.*s\n", status, (int)res->body.length, res->body.data);
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    return status;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(
        cairn_http_handler(hello, NULL), cairn_require_authorization(.authorize = has_session));
    /* [/snippet] */
    struct cairn_service *copy = cairn_service_clone(app);
    bool is_right = copy && ask(runtime, app, "7") == 200 && ask(runtime, copy, "8") == 403;
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
