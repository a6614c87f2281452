/* secure_cookies.c - who is logged in, in a cookie that the client cannot change. */
#include <stdio.h>

#include <cairn/http/error_response.h>
#include <cairn/http/handler.h>
#include <cairn/http/secure_cookie.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>

/* [keys] */
/* NEW signs; what OLD has signed is still taken. Both come from a vault, 32 bytes or more. */
static struct cairn_cookie_keys *keys_of(struct cairn_str new, struct cairn_str old)
{
    struct cairn_error *error = NULL;
    const struct cairn_str secrets[] = {new, old};
    struct cairn_cookie_keys *keys =
        cairn_cookie_keys_new(&error, .secrets = secrets, .secret_count = 2);
    cairn_error_unref(error); /* "cookie_keys: secret 0 must have at least 32 bytes, got 5" */
    return keys;
}
/* [/keys] */

/* [handlers] */
static struct cairn_http_response *log_in(struct cairn_http_request *req, void *keys)
{
    struct cairn_http_response *res = cairn_http_text(req, 200, "welcome");
    if (!res || cairn_http_set_signed_cookie(
                    res, keys, .name = "__Host-user", .value = "Ada", .max_age_s = 3600))
        return NULL;
    return res;
}

static struct cairn_http_response *page(struct cairn_http_request *req, void *keys)
{
    struct cairn_str user;
    if (cairn_http_signed_cookie(req, keys, "__Host-user", &user) != CAIRN_COOKIE_GOOD)
        return cairn_http_problem(req, 403, "log in first");
    return cairn_http_text(req, 200, user.data);
}
/* [/handlers] */

/* What SERVICE answers REQ, or NULL. */
static struct cairn_http_response *ask(
    struct cairn_runtime *runtime, struct cairn_service *service, struct cairn_http_request *req)
{
    union cairn_outcome out;
    if (cairn_block_on(runtime, cairn_service_oneshot(service, req), &out) == CAIRN_READY)
        return out.value;
    cairn_error_unref(out.error);
    return NULL;
}

static bool play(
    struct cairn_runtime *runtime, struct cairn_arena *arena, struct cairn_cookie_keys *keys)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    const struct cairn_http_response *res = ask(runtime, cairn_http_handler(log_in, keys), req);
    if (!res)
        return false;
    struct cairn_str set = cairn_http_fields_get(&res->fields, CAIRN_STR("Set-Cookie"));
    printf("Set-Cookie: %.*s\n", (int)set.length, set.data);
    set.length = (size_t)((const char *)memchr(set.data, ';', set.length) - set.data);
    req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (!req || cairn_http_fields_add(&req->fields, CAIRN_STR("Cookie"), set))
        return false;
    res = ask(runtime, cairn_http_handler(page, keys), req);
    if (!res || !cairn_str_equal(res->body, CAIRN_STR("Ada")))
        return false;
    res = ask(runtime, cairn_http_handler(page, keys),
        cairn_http_request_new(arena, CAIRN_HTTP_GET, "/"));
    return res && res->status == 403;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_cookie_keys *keys = keys_of(CAIRN_STR("3b0c14f8c4a1e9d27f6a5580b1d2e3f4"),
        CAIRN_STR("a7d94c02b6e85f13907c2d4e6f8a1b3c"));
    if (!runtime || !arena || !keys)
        return 1;
    bool is_right = play(runtime, arena, keys);
    cairn_cookie_keys_free(keys);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
