/* cors.c - an API that pages of one other origin may use, with cookies, and a public part for all.
 */
#include <stdlib.h>

#include <cairn/http/all.h>

static struct cairn_http_response *profile(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "application/json", CAIRN_STR("{\"name\":\"Ada\"}\n"));
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    struct cairn_http_router *account = cairn_http_router_new();
    cairn_http_get(account, "/profile", cairn_http_handler(profile, NULL));
    cairn_http_put(account, "/profile", cairn_http_handler(profile, NULL));
    struct cairn_http_router *open = cairn_http_router_new();
    cairn_http_get(open, "/prices", cairn_http_handler(profile, NULL));

    struct cairn_http_router *r = cairn_http_router_new();
    /* A layer of a group also answers the preflights (OPTIONS) of its paths. */
    cairn_http_group(r, "/account", account,
        cairn_cors(.origins = "https://app.example", .methods = "PUT", .headers = "Content-Type",
            .credentials = true, .max_age_s = 600));
    cairn_http_group(r, "/open", open, cairn_cors(.origins = "*"));
    return cairn_http_router_service(r);
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
