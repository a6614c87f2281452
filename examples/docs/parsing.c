/* parsing.c - a query string, a form, and what the client would like to get. */
#include <stdio.h>

#include <cairn/http/accept.h>
#include <cairn/http/error_response.h>
#include <cairn/http/form.h>
#include <cairn/http/handler.h>
#include <cairn/http/query.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>

/* [query] */
static struct cairn_http_response *search(struct cairn_http_request *req, void *state)
{
    static const char *const offers[] = {"text/plain", "text/html"};
    struct cairn_http_query query;
    struct cairn_str tag;
    size_t cursor = 0;
    size_t tags = 0;
    (void)state;
    int status = cairn_http_query_of(req, &query);
    if (status)
        return cairn_http_problem(req, status, NULL);
    struct cairn_str words = cairn_http_query_get(&query, "q"); /* decoded; absent: no such name */
    while (cairn_http_query_next(&query, "tag", &cursor, &tag))
        tags++;
    int best = cairn_http_accept_media(&req->fields, offers, 2);
    if (best < 0)
        return cairn_http_problem(req, 406, "text/plain or text/html");
    struct cairn_str text = cairn_arena_printf(
        req->arena, "%.*s, %zu tags", (int)words.length, words.data ? words.data : "", tags);
    return text.data ? cairn_http_bytes(req, 200, offers[best], text) : NULL;
}
/* [/query] */

/* [form] */
static struct cairn_http_response *sign_up(struct cairn_http_request *req, void *state)
{
    struct cairn_http_query form;
    (void)state;
    int status = cairn_http_form_parse(req, 0, &form); /* 415 for another type */
    if (status)
        return cairn_http_problem(req, status, NULL);
    struct cairn_str name = cairn_http_query_get(&form, "name");
    if (name.length == 0)
        return cairn_http_problem(req, 422, "name is missing");
    return cairn_http_bytes(req, 200, "text/plain", name);
}
/* [/form] */

static int ask(struct cairn_runtime *runtime, struct cairn_service *service,
    struct cairn_http_request *req, int status, const char *body)
{
    union cairn_outcome out;
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(service, req), &out);
    const struct cairn_http_response *res = p == CAIRN_READY ? out.value : NULL;
    if (res && res->status == status && (!body || cairn_str_equal(res->body, cairn_str_from(body))))
        return 0;
    fprintf(stderr, "wrong: %.*s\n", (int)req->target.length, req->target.data);
    return 1;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    struct cairn_http_request *get =
        cairn_http_request_new(arena, CAIRN_HTTP_GET, "/search?q=caf%C3%A9+au+lait&tag=a&tag=b");
    struct cairn_http_request *image = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/search");
    struct cairn_http_request *post = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/sign-up");
    struct cairn_http_request *other = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/other");
    if (!get || !image || !post || !other)
        return 1;
    cairn_http_fields_add(&image->fields, CAIRN_STR("Accept"), CAIRN_STR("image/*"));
    cairn_http_fields_add(
        &post->fields, CAIRN_STR("Content-Type"), CAIRN_STR("application/x-www-form-urlencoded"));
    post->body = CAIRN_STR("name=Ada+Lovelace&age=36");
    other->body = post->body;
    int rc =
        ask(runtime, cairn_http_handler(search, NULL), get, 200, "caf\xc3\xa9 au lait, 2 tags") ||
        ask(runtime, cairn_http_handler(search, NULL), image, 406, NULL) ||
        ask(runtime, cairn_http_handler(sign_up, NULL), post, 200, "Ada Lovelace") ||
        ask(runtime, cairn_http_handler(sign_up, NULL), other, 415, NULL);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return rc;
}
