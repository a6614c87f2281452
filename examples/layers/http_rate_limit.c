/* http_rate_limit.c - each API key may ask twice a minute; strangers are counted by address. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/http_rate_limit.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello!");
}

static void show(const struct cairn_http_response *res)
{
    printf("%d\n", res->status);
    for (size_t i = 0; i < res->fields.count; i++) {
        const struct cairn_http_field *field = &res->fields.items[i];
        printf("%.*s: %.*s\n", (int)field->name.length, field->name.data, (int)field->value.length,
            field->value.data);
    }
}

/* The status of the answer to who has KEY; 0: none. */
static int ask(struct cairn_runtime *runtime, const struct cairn_service *app,
    struct cairn_arena *arena, const char *key)
{
    union cairn_outcome out;
    struct cairn_service *copy = cairn_service_clone(app);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (!copy || !req ||
        cairn_http_fields_add(&req->fields, CAIRN_STR("X-Api-Key"), cairn_str_from(key)))
        return 0;
    if (cairn_block_on(runtime, cairn_service_oneshot(copy, req), &out) == CAIRN_FAILED)
        return 0;
    const struct cairn_http_response *res = out.value;
    show(res);
    return res->status;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(hello, NULL),
        cairn_http_rate_limit(.by = CAIRN_RATE_BY_HEADER, /* who sends none: by address */
            .header = "X-Api-Key", .num = 2, .per_ms = 60000));
    /* [/snippet] */
    bool is_right =
        ask(runtime, app, arena, "ann") == 200 && ask(runtime, app, arena, "ann") == 200 &&
        ask(runtime, app, arena, "ann") == 429 && ask(runtime, app, arena, "bob") == 200;
    cairn_service_drop(app);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
