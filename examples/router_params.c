/* router_params.c - routes, and what a path and a query say: numbers, UUIDs, text, structs. */
#include <inttypes.h>
#include <stdlib.h>

#include <cairn/http/all.h>

/* One number, within limits. "abc" is a 400, for it is no number; 0 is a 404: it can name nothing.
 */
static struct cairn_http_response *get_user(struct cairn_http_request *req, void *state)
{
    int64_t id;
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_param_int(req, "id", 1, INT64_MAX, &id, &no))
        return cairn_http_reject(req, &no);
    return cairn_http_textf(req, 200, "user %" PRId64 "\n", id);
}

/* Several at once, into a struct. All that is wrong is in one answer. */
struct post {
    int64_t user;
    int64_t post;
};
static const struct cairn_field post_fields[] = {
    CAIRN_FIELD_INT(struct post, user, .required = true, .min = 1, .max = INT64_MAX),
    CAIRN_FIELD_INT(struct post, post, .required = true, .min = 1, .max = INT64_MAX),
};
static const struct cairn_record post_record = CAIRN_RECORD(struct post, post_fields);

static struct cairn_http_response *get_post(struct cairn_http_request *req, void *state)
{
    struct post at = {0};
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_bind_path(req, &post_record, &at, &no))
        return cairn_http_reject(req, &no);
    return cairn_http_textf(req, 200, "post %" PRId64 " of user %" PRId64 "\n", at.post, at.user);
}

/* The query string, with defaults for what is not there. */
enum order { NEWEST, OLDEST };
static const char *const order_names[] = {"newest", "oldest"};

struct search {
    struct cairn_str words;
    int32_t limit;
    enum order order;
    struct cairn_str *tags; /* ?tag=a&tag=b */
    size_t tag_count;
};
static const struct cairn_field search_fields[] = {
    CAIRN_FIELD_STRING(struct search, words, .as = "q", .required = true, .min_length = 1),
    CAIRN_FIELD_INT(struct search, limit, .otherwise = "20", .min = 1, .max = 100),
    CAIRN_FIELD_ENUM(struct search, order, order_names, .otherwise = "newest"),
    CAIRN_FIELD_ARRAY(struct search, tags, tag_count, .as = "tag", .max_count = 5),
};
static const struct cairn_record search_record =
    CAIRN_RECORD(struct search, search_fields, .refuses_unknown = true);

static struct cairn_http_response *search(struct cairn_http_request *req, void *state)
{
    struct search search = {0};
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_bind_query(req, &search_record, &search, &no))
        return cairn_http_reject(req, &no);
    return cairn_http_json_record(req, 200, &search_record, &search);
}

static struct cairn_http_response *get_order(struct cairn_http_request *req, void *state)
{
    struct cairn_uuid id;
    struct cairn_http_rejection no;
    char text[CAIRN_UUID_LENGTH + 1] = "";
    (void)state;
    if (!cairn_http_param_uuid(req, "id", &id, &no))
        return cairn_http_reject(req, &no);
    cairn_uuid_format(&id, text);
    return cairn_http_textf(req, 200, "order %s\n", text);
}

/* Captures are decoded: %2F is a slash in here. {*path} takes all that is left. Neither is safe to
 * open as a file: serve_dir.h is for that. */
static struct cairn_http_response *show_path(struct cairn_http_request *req, void *state)
{
    struct cairn_str path = cairn_http_request_param(req, "path");
    (void)state;
    return cairn_http_bytes(req, 200, "text/plain; charset=utf-8", path);
}

static struct cairn_http_response *show_file(struct cairn_http_request *req, void *state)
{
    struct cairn_str name = cairn_http_request_param(req, "name");
    (void)state;
    return cairn_http_textf(req, 200, "report %.*s\n", (int)name.length, name.data);
}

static struct cairn_http_response *show_route(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_textf(req, 200, "route %.*s, path %.*s\n", (int)req->route.length,
        req->route.data, (int)req->path.length, req->path.data);
}

static struct cairn_http_response *not_found(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_problem(req, 404, "there is nothing here; try /users/1");
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    /* A group: its routes, below a prefix, with layers around them. */
    struct cairn_http_router *admin = cairn_http_router_new();
    cairn_http_get(admin, "/", cairn_http_handler(show_route, NULL));
    cairn_http_get(admin, "/jobs/{id}", cairn_http_handler(show_route, NULL));

    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/users/{id}", cairn_http_handler(get_user, NULL));
    cairn_http_get(r, "/users/me", cairn_http_handler(show_route, NULL)); /* before {id} */
    cairn_http_get(r, "/users/{user}/posts/{post}", cairn_http_handler(get_post, NULL));
    cairn_http_get(r, "/orders/{id}", cairn_http_handler(get_order, NULL));
    cairn_http_get(r, "/reports/{name}.pdf", cairn_http_handler(show_file, NULL));
    cairn_http_get(r, "/tree/{*path}", cairn_http_handler(show_path, NULL));
    cairn_http_get(r, "/search", cairn_http_handler(search, NULL));
    cairn_http_group(
        r, "/admin", admin, cairn_set_header(.name = "Cache-Control", .value = "no-store"));
    cairn_http_router_fallback(r, cairn_http_handler(not_found, NULL));
    return cairn_http_router_service(r);
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
