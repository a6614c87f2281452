/* A stack with both layers is built. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/compression.h>
#include <cairn/http/layers/decompression.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello");
}

int main(void)
{
    struct cairn_service *app =
        cairn_stack(cairn_http_handler(hello, NULL), cairn_compression(), cairn_decompression());
    int rc = cairn_service_error(app) != NULL;
    printf("compress: %s\n", rc ? "bad" : "built");
    cairn_service_drop(app);
    return rc;
}
