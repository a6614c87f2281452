/* extraction.c - what a request says, into structs: JSON, query, form, path, and lines. */
#include <stdio.h>
#include <string.h>

#include <cairn/http/bind.h>
#include <cairn/http/body.h>
#include <cairn/http/json.h>
#include <cairn/http/json_lines.h>
#include <cairn/http/path_param.h>
#include <cairn/http/router.h>
#include <cairn/service/async.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>

/* [table] */
enum role { GUEST, ADMIN };
static const char *const role_names[] = {"guest", "admin"};

struct user {
    struct cairn_str name;
    struct cairn_str email;
    int32_t age;
    enum role role;
    struct cairn_str *tags;
    size_t tag_count;
};

static const char *check_email(const void *value)
{
    const struct cairn_str *email = value;
    return memchr(email->data, '@', email->length) ? NULL : "must be an e-mail address";
}

static const struct cairn_field user_fields[] = {
    CAIRN_FIELD_STRING(struct user, name, .required = true, .min_length = 1, .max_length = 80),
    CAIRN_FIELD_STRING(struct user, email, .required = true, .min_length = 3, .check = check_email),
    CAIRN_FIELD_INT(struct user, age, .min = 1, .max = 150),
    CAIRN_FIELD_ENUM(struct user, role, role_names, .otherwise = "guest"),
    CAIRN_FIELD_ARRAY(struct user, tags, tag_count, .as = "tag", .max_count = 8),
};
static const struct cairn_record user_record =
    CAIRN_RECORD(struct user, user_fields, .refuses_unknown = true);
/* [/table] */

/* [json] */
static struct cairn_http_response *add_user(struct cairn_http_request *req, void *state)
{
    struct user user = {0};
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_bind_json(req, &user_record, &user, NULL, &no))
        return cairn_http_reject(req, &no);
    return cairn_http_json_record(req, 201, &user_record, &user);
}
/* [/json] */

/* [form] */
static struct cairn_http_response *submit_user(struct cairn_http_request *req, void *state)
{
    struct user user = {0};
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_bind_form(req, &user_record, &user, &no))
        return cairn_http_reject(req, &no);
    return cairn_http_json_record(req, 201, &user_record, &user);
}
/* [/form] */

/* [query] */
struct page {
    int64_t after;
    int64_t limit;
};
static const struct cairn_field page_fields[] = {
    CAIRN_FIELD_INT(struct page, after, .max = INT64_MAX),
    CAIRN_FIELD_INT(struct page, limit, .min = 1, .max = 100),
};
static const struct cairn_record page_record = CAIRN_RECORD(struct page, page_fields);

static struct cairn_http_response *list_users(struct cairn_http_request *req, void *state)
{
    struct page page = {.limit = 20}; /* what is absent stays as it is */
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_bind_query(req, &page_record, &page, &no))
        return cairn_http_reject(req, &no);
    return cairn_http_json_record(req, 200, &page_record, &page);
}
/* [/query] */

/* [path] */
static struct cairn_http_response *get_user(struct cairn_http_request *req, void *state)
{
    int64_t id;
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_param_int(req, "id", 1, INT64_MAX, &id, &no))
        return cairn_http_reject(req, &no);
    return cairn_http_text(
        req, 200, cairn_arena_printf(req->arena, "user %lld", (long long)id).data);
}
/* [/path] */

/* [patch] */
struct patch {
    struct cairn_str name;
    int32_t age;
    bool has_name;
    bool has_age;
};
static const struct cairn_field patch_fields[] = {
    CAIRN_FIELD_STRING(struct patch, name, CAIRN_FIELD_FLAG(struct patch, has_name)),
    CAIRN_FIELD_INT(struct patch, age, CAIRN_FIELD_FLAG(struct patch, has_age), .min = 1),
};
static const struct cairn_record patch_record = CAIRN_RECORD(struct patch, patch_fields);

static struct cairn_http_response *patch_user(struct cairn_http_request *req, void *state)
{
    struct patch patch = {0};
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_has_json(req))
        return cairn_http_text(req, 200, "nothing to do");
    if (!cairn_http_bind_json(req, &patch_record, &patch, NULL, &no)) {
        /* The handler may look at it, and go on. */
        if (no.reason == CAIRN_HTTP_REJECTION_MEDIA_TYPE)
            return cairn_http_text(req, 200, "not for me");
        return cairn_http_reject(req, &no);
    }
    return cairn_http_text(req, 200, patch.has_age ? "another age" : "the same age");
}
/* [/patch] */

/* [custom] */
static struct cairn_http_response *say_sorry(
    const struct cairn_http_request *req, const struct cairn_http_rejection *no, void *cx)
{
    (void)cx;
    return no->status == 404 ? cairn_http_text(req, 404, "No such page. Sorry.")
                             : cairn_http_reject_standard(req, no);
}
/* [/custom] */

static struct cairn_http_response *get_user_politely(struct cairn_http_request *req, void *state)
{
    if (cairn_http_reject_with(req, say_sorry, NULL))
        return NULL;
    return get_user(req, state);
}

/* [lines] */
struct import {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_stream lines;
    struct cairn_http_chunk *line;
    size_t good;
    size_t bad;
};

/* In an arena of its own: a body of a million lines needs no more memory than one of ten. */
static bool import_line(struct cairn_str line)
{
    struct user user = {0};
    struct cairn_http_rejection no;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    bool is_good = arena && cairn_json_bind(arena, line, &user_record, &user, NULL, &no);
    cairn_arena_free(arena);
    return is_good;
}

static enum cairn_poll import_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct import *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    self->lines = cairn_http_body_lines(cairn_http_request_take_body(self->req), 4096);
    do {
        CAIRN_AWAIT(cairn_stream_next(&self->lines), self->line); /* NULL at the end */
        if (self->line)
            *(import_line(self->line->bytes) ? &self->good : &self->bad) += 1;
        cairn_http_chunk_free(self->line);
    } while (self->line);
    CAIRN_ASYNC_RETURN(cairn_http_text(self->req, 200,
        cairn_arena_printf(self->req->arena, "%zu good, %zu bad", self->good, self->bad).data));
    CAIRN_ASYNC_END();
}

static void import_drop(void *state)
{
    struct import *self = state;
    cairn_async_drop(&self->async);
    cairn_stream_drop(&self->lines);
}

static struct cairn_future import_users(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "import", .size = sizeof(struct import), .poll = import_poll, .drop = import_drop};
    (void)state;
    return cairn_future_box(&ops, &(struct import){.req = req});
}
/* [/lines] */

static struct cairn_service *routes(void)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_post(r, "/users", cairn_http_handler(add_user, NULL));
    cairn_http_post(r, "/form", cairn_http_handler(submit_user, NULL));
    cairn_http_get(r, "/users", cairn_http_handler(list_users, NULL));
    cairn_http_get(r, "/users/{id}", cairn_http_handler(get_user, NULL));
    cairn_http_get(r, "/politely/{id}", cairn_http_handler(get_user_politely, NULL));
    cairn_http_patch(r, "/users/{id}", cairn_http_handler(patch_user, NULL));
    cairn_http_post(r, "/import", cairn_http_stream_handler(import_users, NULL));
    return cairn_http_router_service(r);
}

struct exchange {
    const char *target;
    const char *type; /* NULL: no body */
    const char *body;
    enum cairn_http_method method;
    int status;
    const char *answer; /* a part of it */
};

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static const struct exchange exchanges[] = {
    {"/users", JSON, "{\"name\":\"Ann\",\"email\":\"ann@example.com\"}", CAIRN_HTTP_POST, 201,
        "\"role\":\"guest\""},
    {"/users", JSON, "{\"email\":\"x\",\"age\":0,\"tag\":[1]}", CAIRN_HTTP_POST, 422,
        "{\"pointer\":\"#/age\",\"detail\":\"must be a whole number from 1 to 150\"}"},
    {"/users", JSON, "{\"name\":\"Ann\",\"email\":\"abc\"}", CAIRN_HTTP_POST, 422,
        "must be an e-mail address"},
    {"/users", JSON, "{\"name\"", CAIRN_HTTP_POST, 400, "line 1, column 7"},
    {"/users", "text/plain", "{}", CAIRN_HTTP_POST, 415, "application/json"},
    {"/form", FORM, "name=Ann&email=a%40b.c&tag=x&tag=y", CAIRN_HTTP_POST, 201,
        "\"tag\":[\"x\",\"y\"]"},
    {"/form", FORM, "name=Ann", CAIRN_HTTP_POST, 422, "{\"parameter\":\"email\""},
    {"/users?after=7", NULL, NULL, CAIRN_HTTP_GET, 200, "{\"after\":7,\"limit\":20}"},
    {"/users?limit=1000", NULL, NULL, CAIRN_HTTP_GET, 400, "from 1 to 100"},
    {"/users/7", NULL, NULL, CAIRN_HTTP_GET, 200, "user 7"},
    {"/users/x", NULL, NULL, CAIRN_HTTP_GET, 400, "the path's id must be a whole number"},
    {"/users/0", NULL, NULL, CAIRN_HTTP_GET, 404, "Not Found"},
    {"/politely/0", NULL, NULL, CAIRN_HTTP_GET, 404, "Sorry"},
    {"/users/7", JSON, "{\"age\":8}", CAIRN_HTTP_PATCH, 200, "another age"},
    {"/users/7", JSON, "{\"age\":null}", CAIRN_HTTP_PATCH, 200, "the same age"},
    {"/users/7", "text/plain", "8", CAIRN_HTTP_PATCH, 200, "not for me"},
    {"/users/7", NULL, NULL, CAIRN_HTTP_PATCH, 200, "nothing to do"},
    {"/import", "application/x-ndjson",
        "{\"name\":\"Ann\",\"email\":\"ann@example.com\"}\n\n{}\nx\n", CAIRN_HTTP_POST, 200,
        "1 good, 2 bad"},
};

static int check_answer(const struct exchange *e, const struct cairn_http_response *res)
{
    char text[1024] = "";
    if (res)
        snprintf(text, sizeof(text), "%.*s", (int)res->body.length, res->body.data);
    if (res && res->status == e->status && strstr(text, e->answer))
        return 0;
    fprintf(stderr, "%s: %d %s\n", e->target, res ? res->status : 0, text);
    return 1;
}

static int check(
    struct cairn_runtime *runtime, const struct cairn_service *app, const struct exchange *e)
{
    union cairn_outcome out;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req =
        arena ? cairn_http_request_new(arena, e->method, e->target) : NULL;
    if (!req || (e->type && cairn_http_fields_add(&req->fields, CAIRN_STR("Content-Type"),
                                cairn_str_from(e->type)) != 0))
        return 1;
    req->body = cairn_str_from(e->body);
    enum cairn_poll p =
        cairn_block_on(runtime, cairn_service_oneshot(cairn_service_clone(app), req), &out);
    int rc = check_answer(e, p == CAIRN_READY ? out.value : NULL);
    cairn_arena_free(arena);
    return rc;
}

int main(void)
{
    struct cairn_error *error;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_service *app = routes();
    int rc = !runtime || cairn_service_error(app) ? 1 : 0;
    for (size_t i = 0; rc == 0 && i < sizeof(exchanges) / sizeof(*exchanges); i++)
        rc = check(runtime, app, &exchanges[i]);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return rc;
}
