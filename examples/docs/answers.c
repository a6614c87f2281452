/* answers.c - ready-made answers: text, HTML, JSON, a redirect, JSON lines, a problem. */
#include <stdio.h>
#include <string.h>

#include <cairn/http/answer.h>
#include <cairn/http/error_response.h>
#include <cairn/http/json_lines.h>
#include <cairn/http/json_record.h>
#include <cairn/http/json_writer.h>
#include <cairn/http/router.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>

/* [simple] */
static struct cairn_http_response *page(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_http_response *res = cairn_http_html(req, 200, CAIRN_STR("<h1>Hello</h1>"));
    if (res && cairn_http_response_set(res, "Cache-Control", "max-age=60"))
        return NULL;
    return res;
}

static struct cairn_http_response *submit(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_redirect(req, 303, "/thanks");
}

static struct cairn_http_response *remove_it(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_no_content(req);
}

static struct cairn_http_response *teapot(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_problem(req, 409, "the pot is in use");
}
/* [/simple] */

/* [writer] */
static struct cairn_http_response *status(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_json_writer w = cairn_json_writer_in(req->arena);
    cairn_json_object(&w);
    cairn_json_key(&w, "healthy");
    cairn_json_bool(&w, true);
    cairn_json_key(&w, "load");
    cairn_json_array(&w);
    cairn_json_double(&w, 0.25);
    cairn_json_int(&w, 3);
    cairn_json_end(&w);
    cairn_json_end(&w);
    return cairn_http_json(req, 200, &w);
}
/* [/writer] */

/* [record] */
struct city {
    struct cairn_str name;
    int64_t people;
};
static const struct cairn_field city_fields[] = {
    CAIRN_FIELD_STRING(struct city, name),
    CAIRN_FIELD_INT(struct city, people),
};
static const struct cairn_record city_record = CAIRN_RECORD(struct city, city_fields);
static struct city cities[] = {{CAIRN_STR_INIT("Bern"), 134000}, {CAIRN_STR_INIT("Biel"), 55000}};

static struct cairn_http_response *one_city(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_json_record(req, 200, &city_record, &cities[0]);
}

static struct cairn_http_response *all_cities(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_json_writer w = cairn_json_writer_in(req->arena);
    cairn_json_records(&w, &city_record, cities, 2);
    return cairn_http_json(req, 200, &w);
}
/* [/record] */

/* [lines] */
static struct cairn_http_response *export_cities(struct cairn_http_request *req, void *state)
{
    (void)state;
    void *values[] = {&cities[0], &cities[1]};
    struct cairn_stream rows = cairn_stream_from_array(values, 2, NULL); /* or of a database */
    return cairn_http_record_lines(req, 200, rows, NULL, &city_record);
}
/* [/lines] */

static struct cairn_service *routes(void)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/", cairn_http_handler(page, NULL));
    cairn_http_post(r, "/", cairn_http_handler(submit, NULL));
    cairn_http_delete(r, "/", cairn_http_handler(remove_it, NULL));
    cairn_http_get(r, "/tea", cairn_http_handler(teapot, NULL));
    cairn_http_get(r, "/status", cairn_http_handler(status, NULL));
    cairn_http_get(r, "/city", cairn_http_handler(one_city, NULL));
    cairn_http_get(r, "/cities", cairn_http_handler(all_cities, NULL));
    cairn_http_get(r, "/export", cairn_http_handler(export_cities, NULL));
    return cairn_http_router_service(r);
}

struct exchange {
    enum cairn_http_method method;
    int status;
    const char *target;
    const char *answer;
};

static const struct exchange exchanges[] = {
    {CAIRN_HTTP_GET, 200, "/", "<h1>Hello</h1>"},
    {CAIRN_HTTP_POST, 303, "/", ""},
    {CAIRN_HTTP_DELETE, 204, "/", ""},
    {CAIRN_HTTP_GET, 409, "/tea",
        "{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,"
        "\"detail\":\"the pot is in use\"}"},
    {CAIRN_HTTP_GET, 200, "/status", "{\"healthy\":true,\"load\":[0.25,3]}"},
    {CAIRN_HTTP_GET, 200, "/city", "{\"name\":\"Bern\",\"people\":134000}"},
    {CAIRN_HTTP_GET, 200, "/cities",
        "[{\"name\":\"Bern\",\"people\":134000},{\"name\":\"Biel\",\"people\":55000}]"},
    {CAIRN_HTTP_GET, 200, "/export",
        "{\"name\":\"Bern\",\"people\":134000}\n{\"name\":\"Biel\",\"people\":55000}\n"},
};

/* The body, or the first chunk of one that streams. */
static void copy_body(
    struct cairn_runtime *runtime, struct cairn_http_response *res, char *text, size_t size)
{
    union cairn_outcome out = {.value = NULL};
    if (cairn_stream_is_empty(&res->stream)) {
        snprintf(text, size, "%.*s", (int)res->body.length, res->body.data ? res->body.data : "");
    } else if (cairn_block_on(runtime, cairn_stream_next(&res->stream), &out) == CAIRN_READY &&
               out.value) {
        const struct cairn_http_chunk *chunk = out.value;
        snprintf(text, size, "%.*s", (int)chunk->bytes.length, chunk->bytes.data);
        cairn_http_chunk_free(out.value);
    }
}

static int check(
    struct cairn_runtime *runtime, const struct cairn_service *app, const struct exchange *e)
{
    char text[512] = "";
    union cairn_outcome out;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req =
        arena ? cairn_http_request_new(arena, e->method, e->target) : NULL;
    if (!req || cairn_block_on(runtime, cairn_service_oneshot(cairn_service_clone(app), req),
                    &out) != CAIRN_READY)
        return 1;
    struct cairn_http_response *res = out.value;
    copy_body(runtime, res, text, sizeof(text));
    int rc = res->status != e->status || strcmp(text, e->answer) != 0;
    if (rc)
        fprintf(stderr, "%s: %d %s\n", e->target, res->status, text);
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
