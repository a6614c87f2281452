/* boxed.c - a check of types where a stack is handed over. */
#include <stdio.h>
#include <string.h>

#include <cairn/http/handler.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/map.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static int check(int is_right, const char *what)
{
    if (!is_right)
        fprintf(stderr, "wrong: %s\n", what);
    return is_right ? 0 : 1;
}

/* [boxed] */
/* Takes SERVICE, of whatever kind; what comes out is an HTTP service, or says why it is none. */
static struct cairn_service *as_http(struct cairn_service *service)
{
    return cairn_stack(service, cairn_boxed(&cairn_http_request_type, &cairn_http_response_type),
        cairn_timeout(.after_ms = 500));
}
/* [/boxed] */

static void *same(void *cx, void *request, struct cairn_error **error)
{
    (void)cx, (void)error;
    return request;
}

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "hello");
}

int main(void)
{
    static const struct cairn_type number_type = {.name = "number"};
    struct cairn_service *right = as_http(cairn_http_handler(hello, NULL));
    struct cairn_service *wrong =
        as_http(cairn_service_fn("same", &number_type, &number_type, same, NULL));
    const struct cairn_error *error = cairn_service_error(wrong);
    int rc = check(!cairn_service_error(right), "an HTTP service");
    rc |= check(error && error->code == CAIRN_ERROR_TYPE, "a type error");
    if (error)
        rc |= check(strcmp(error->message, "needs a service from http.request to http.response, "
                                           "got one from number to number (timeout)") == 0,
            error->message);
    cairn_service_drop(right);
    cairn_service_drop(wrong);
    return rc;
}
