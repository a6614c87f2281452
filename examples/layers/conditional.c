/* conditional.c - who asks again gets the answer again only if it has changed. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/conditional.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *list(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "application/json", CAIRN_STR("[\"stone\",\"moss\"]"));
}

/* Asks for the list, if it is another one than that of TAG (absent: in any case). */
static struct cairn_http_response *ask(struct cairn_runtime *runtime, struct cairn_arena *arena,
    struct cairn_service *app, struct cairn_str tag)
{
    union cairn_outcome out;
    struct cairn_service *copy = cairn_service_clone(app);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/list");
    if (!copy || !req)
        return NULL;
    if (tag.data && cairn_http_fields_add(&req->fields, CAIRN_STR("If-None-Match"), tag))
        return NULL;
    if (cairn_block_on(runtime, cairn_service_oneshot(copy, req), &out) == CAIRN_READY)
        return out.value;
    cairn_error_unref(out.error);
    return NULL;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(
        cairn_http_handler(list, NULL), cairn_conditional()); /* inside of what compresses */
    /* [/snippet] */
    struct cairn_http_response *first = ask(runtime, arena, app, cairn_str_of(NULL, 0));
    struct cairn_str tag = {0};
    if (first)
        tag = cairn_http_fields_get(&first->fields, CAIRN_STR("ETag"));
    struct cairn_http_response *again = ask(runtime, arena, app, tag);
    bool is_known = first && first->status == 200 && tag.data && again && again->status == 304;
    if (is_known)
        printf("200, tag %.*s; then %d\n", (int)tag.length, tag.data, again->status);
    cairn_service_drop(app);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_known ? 0 : 1;
}
