/* api_versioning.c - two versions of an API side by side: by path, and by what the client accepts.
 */
#include <stdlib.h>

#include <cairn/http/all.h>

/* The first version had one name; the second has two. */
static struct cairn_http_response *user_v1(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(
        req, 200, "application/vnd.example.v1+json", CAIRN_STR("{\"name\":\"Ada Lovelace\"}\n"));
}

static struct cairn_http_response *user_v2(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "application/vnd.example.v2+json",
        CAIRN_STR("{\"first\":\"Ada\",\"last\":\"Lovelace\"}\n"));
}

/* One path, and the version in Accept: RFC 9110 section 12.5.1. Who does not say gets the newest.
 */
static struct cairn_http_response *user(struct cairn_http_request *req, void *state)
{
    static const char *const offers[] = {
        "application/vnd.example.v2+json", "application/vnd.example.v1+json", "application/json"};
    int chosen = cairn_http_accept_media(&req->fields, offers, 3);
    struct cairn_http_response *res;
    if (chosen < 0)
        res =
            cairn_http_problem(req, 406, "there are application/vnd.example.v1+json and .v2+json");
    else
        res = chosen == 1 ? user_v1(req, state) : user_v2(req, state);
    /* Caches must know that the answer depends on it. */
    if (!res || cairn_http_vary_add(&res->fields, CAIRN_STR("Accept")) != 0)
        return NULL;
    return res;
}

static struct cairn_http_router *v1(void)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/user", cairn_http_handler(user_v1, NULL));
    return r;
}

static struct cairn_http_router *v2(void)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/user", cairn_http_handler(user_v2, NULL));
    return r;
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    /* Every answer of the old version says that it will end: RFC 9745 and RFC 8594. */
    cairn_http_group(r, "/v1", v1(),
        cairn_set_header(.name = "Deprecation", .value = "@1767225600"),
        cairn_set_header(.name = "Sunset", .value = "Thu, 31 Dec 2026 23:59:59 GMT"),
        cairn_set_header(.name = "Link", .value = "</v2/user>; rel=\"successor-version\""));
    cairn_http_nest(r, "/v2", v2());
    cairn_http_get(r, "/user", cairn_http_handler(user, NULL));
    return cairn_http_router_service(r);
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
