/* error_handling.c - errors as values on the way out, and as problem+json (RFC 9457) at the edge:
 * one place decides what a client sees, and none shows what is inside. */
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/all.h>

/* An error of the application has a code of its own. */
#define ERROR_SOLD_OUT (CAIRN_ERROR_USER + 1)

static struct cairn_error sold_out = CAIRN_ERROR_STATIC(ERROR_SOLD_OUT, "shop", "none are left");

/* Three ways to fail: with an answer of its own … */
static struct cairn_http_response *get_item(struct cairn_http_request *req, void *state)
{
    uint64_t id;
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_param_uint(req, "id", 1, 1000, &id, &no))
        return cairn_http_reject(req, &no);
    if (id != 1)
        return cairn_http_problem(req, 404, "no such item");
    return cairn_http_text(req, 200, "a chair\n");
}

/* … with an error, which the layers outside see and may act upon (retry, break, log) … */
static struct cairn_future buy(struct cairn_http_request *req, void *state)
{
    (void)req, (void)state;
    return cairn_future_failed(&sold_out);
}

/* … and with the error of something it depends on, as its source. */
static struct cairn_future ship(struct cairn_http_request *req, void *state)
{
    (void)req, (void)state;
    struct cairn_error *source =
        cairn_error_new(CAIRN_ERROR_SYSTEM, "db", NULL, "connect to 10.0.0.7: refused");
    return cairn_future_failed(
        cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "shipping", source, "no carrier answers"));
}

/* What operators see: all of it. */
static struct cairn_error *log_error(void *cx, struct cairn_error *error)
{
    char text[512];
    (void)cx;
    fprintf(stderr, "error: %s\n", cairn_error_format(error, text, sizeof(text)));
    return error;
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    /* What clients see. Codes that are not here have the status that error_response.h says. */
    static const struct cairn_error_rule rules[] = {
        {.code = ERROR_SOLD_OUT, .status = 409, .detail = "sold out"},
        {.code = CAIRN_ERROR_UNAVAILABLE, .status = 503, .retry_after_s = 30},
        {0},
    };
    (void)cx, (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/items/{id}", cairn_http_handler(get_item, NULL));
    cairn_http_post(r, "/orders", cairn_http_async_handler(buy, NULL));
    cairn_http_post(r, "/shipments", cairn_http_async_handler(ship, NULL));
    return cairn_stack(cairn_http_router_service(r),
        cairn_error_to_response(.rules = rules, .format = CAIRN_ERROR_NEGOTIATED),
        cairn_map_error(log_error, NULL));
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
