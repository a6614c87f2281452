/* rate_limit.c - how much each client may ask: by API key, by address where there is none, and more
 * for who pays. */
#include <stdlib.h>

#include <cairn/http/all.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello!\n");
}

/* One of each kind of client; a service would look the key up. */
static void rate_of(void *cx, const struct cairn_http_request *req, struct cairn_keyed_rate *rate)
{
    struct cairn_str key = cairn_http_request_field(req, "x-api-key");
    (void)cx;
    if (cairn_str_equal(key, CAIRN_STR("internal")))
        rate->num = CAIRN_KEYED_UNLIMITED;
    else if (cairn_str_equal(key, CAIRN_STR("gold")))
        rate->burst = rate->num *= 2;
}

/* One of each for all workers, without a lock: else each worker would let as many through. */
struct limits {
    struct cairn_keyed_limiter *hello;
    struct cairn_keyed_limiter *login;
};

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    const struct limits *limits = cx;
    struct cairn_http_router *r = cairn_http_router_new();
    (void)worker;
    /* Five in a minute. Answers say how many are left; over it they are 429 with Retry-After. */
    cairn_http_get(r, "/hello",
        cairn_stack(cairn_http_handler(hello, NULL),
            cairn_http_rate_limit(.by = CAIRN_RATE_BY_HEADER, .header = "X-Api-Key",
                .rate = rate_of, .limiter = limits->hello)));
    /* Signing in is dearer, and counted by address alone, whatever key is sent. */
    cairn_http_post(r, "/login",
        cairn_stack(cairn_http_handler(hello, NULL),
            cairn_http_rate_limit(.limiter = limits->login, .policy = "login")));
    return cairn_stack(cairn_http_router_service(r), cairn_error_to_response());
}

static struct cairn_keyed_limiter *limit(uint64_t per_minute)
{
    struct cairn_error *error = NULL;
    const struct cairn_keyed_limiter_options options = {
        .size = sizeof(options), .num = per_minute, .per_ms = 60000};
    return cairn_keyed_limiter_new(&options, &error);
}

int main(int argc, char **argv)
{
    struct limits limits = {limit(5), limit(2)};
    if (!limits.hello || !limits.login)
        return 1;
    int status = cairn_http_serve(app, &limits, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
    cairn_keyed_limiter_unref(limits.hello);
    cairn_keyed_limiter_unref(limits.login);
    return status;
}
