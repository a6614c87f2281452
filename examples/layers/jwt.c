/* jwt.c - an API for who has a token with the scope "orders:read". */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/jwt.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* Made with the secret below; good until 2100. */
#define TOKEN                                                                          \
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVkIjoib3JkZXJ" \
    "zIiwic3ViIjoiQWRhIiwicGxhbiI6ImdvbGQiLCJzY29wZSI6Im9yZGVyczpyZWFkIiwiZXhwIjo0MTA" \
    "yNDQ0ODAwfQ.z14HyJs36LwV1UcNGdZoF0DWHoRgqPiqWzXsBqMlzDI"

/* [handler] */
static struct cairn_http_response *orders(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_str who = cairn_jwt_subject(req);
    struct cairn_str plan = cairn_jwt_claim(req, "plan"); /* absent where there is none */
    struct cairn_str text = cairn_arena_printf(req->arena, "orders of %.*s%s", (int)who.length,
        who.data, cairn_str_equal(plan, CAIRN_STR("gold")) ? ", served first" : "");
    return text.data ? cairn_http_text(req, 200, text.data) : NULL;
}
/* [/handler] */

static int ask(struct cairn_runtime *runtime, struct cairn_service *app, const char *token)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!arena)
        return 0;
    union cairn_outcome out;
    int status = 0;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    struct cairn_str value = cairn_arena_printf(arena, "Bearer %s", token);
    if (value.data)
        cairn_http_fields_add(&req->fields, CAIRN_STR("Authorization"), value);
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
    const char *secret = "3b0c14f8c4a1e9d27f6a5580b1d2e3f4"; /* from a vault */
    /* [snippet] */
    const struct cairn_jwt_key keys[] = {
        {.algorithm = CAIRN_JWT_HS256, .key = cairn_str_from(secret)}};
    static const char *const scopes[] = {"orders:read", NULL};
    struct cairn_service *app = cairn_stack(cairn_http_handler(orders, NULL),
        cairn_jwt(.keys = keys, .key_count = 1, .issuer = "https://id.example.org",
            .audience = "orders", .scopes = scopes));
    /* [/snippet] */
    struct cairn_service *copy = cairn_service_clone(app);
    bool is_right = copy && ask(runtime, app, TOKEN) == 200 &&
                    ask(runtime, copy, "eyJhbGciOiJub25lIn0.e30.") == 401;
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
