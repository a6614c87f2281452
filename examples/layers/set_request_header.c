/* set_request_header.c - what a client says of itself, and a token that changes. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/set_request_header.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [snippet] */
struct account {
    const char *token; /* a new one comes every hour */
};

static struct cairn_str bearer(const struct cairn_http_request *req, void *state)
{
    const struct account *account = state;
    return cairn_arena_printf(req->arena, "Bearer %s", account->token);
}
/* [/snippet] */

/* In place of a client: says what it gets. */
static struct cairn_http_response *remote(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_str agent = cairn_http_request_field(req, "User-Agent");
    struct cairn_str token = cairn_http_request_field(req, "Authorization");
    struct cairn_str text = cairn_arena_printf(
        req->arena, "%.*s, %.*s", (int)agent.length, agent.data, (int)token.length, token.data);
    return cairn_http_bytes(req, 200, "text/plain", text);
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    bool is_right = false;
    struct account account = {"first"};
    struct cairn_service *client = cairn_http_handler(remote, NULL);
    /* [snippet] */

    struct cairn_service *shop =
        cairn_stack(client, cairn_set_request_headers({.name = "User-Agent", .value = "shop/1.0"},
                                {.name = "Authorization", .make = bearer, .state = &account}));
    /* [/snippet] */
    account.token = "second";
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(shop, req), &out);
    if (p == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        printf("%.*s\n", (int)res->body.length, res->body.data);
        is_right = cairn_str_equal(res->body, CAIRN_STR("shop/1.0, Bearer second"));
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
