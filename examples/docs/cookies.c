/* cookies.c - a handler that counts visits in a cookie, and one that has it forgotten. */
#include <stdio.h>

#include <cairn/http/cookie.h>
#include <cairn/http/handler.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>

/* [read] */
/* What the cookie says; nothing that it might say is a reason to fail. */
static unsigned long long visits_of(const struct cairn_http_request *req)
{
    unsigned long long count = 0;
    cairn_str_to_u64(cairn_http_cookie_get(req, "visits"), &count);
    return count < 1000 ? count : 0;
}
/* [/read] */

/* [set] */
static struct cairn_http_response *visit(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_str count = cairn_arena_printf(req->arena, "%llu", visits_of(req) + 1);
    struct cairn_http_response *res = count.data ? cairn_http_text(req, 200, count.data) : NULL;
    if (!res || cairn_http_set_cookie(
                    res, .name = "visits", .value = count.data, .max_age_s = 86400)) /* for a day */
        return NULL;
    return res;
}
/* [/set] */

/* [remove] */
static struct cairn_http_response *forget(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_http_response *res = cairn_http_text(req, 200, "forgotten");
    if (!res || cairn_http_remove_cookie(res, .name = "visits"))
        return NULL;
    return res;
}
/* [/remove] */

static bool answers(struct cairn_runtime *runtime, struct cairn_service *service,
    const char *cookie, const char *expected)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!arena)
        return false;
    union cairn_outcome out;
    bool is_right = false;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (cookie)
        cairn_http_fields_add(&req->fields, CAIRN_STR("Cookie"), cairn_str_from(cookie));
    if (cairn_block_on(runtime, cairn_service_oneshot(service, req), &out) == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        struct cairn_str set = cairn_http_fields_get(&res->fields, CAIRN_STR("Set-Cookie"));
        printf("Set-Cookie: %.*s\n", (int)set.length, set.data);
        is_right = cairn_str_equal(set, cairn_str_from(expected));
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    return is_right;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    bool is_right =
        answers(runtime, cairn_http_handler(visit, NULL), "lang=en; visits=7",
            "visits=8; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=Lax") &&
        answers(runtime, cairn_http_handler(visit, NULL), NULL,
            "visits=1; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=Lax") &&
        answers(runtime, cairn_http_handler(forget, NULL), "visits=7",
            "visits=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; "
            "HttpOnly; SameSite=Lax");
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
