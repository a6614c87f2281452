/* The layer is built of a good key, and refuses a bad one. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/jwt.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "hello");
}

static bool is_built(const char *secret)
{
    const struct cairn_jwt_key key = {.algorithm = CAIRN_JWT_HS256, .key = cairn_str_from(secret)};
    struct cairn_layer layer = cairn_jwt(.keys = &key, .key_count = 1);
    struct cairn_service *service = cairn_layer_apply(&layer, cairn_http_handler(hello, NULL));
    bool is_good = cairn_service_error(service) == NULL;
    cairn_service_drop(service);
    return is_good;
}

int main(void)
{
    bool is_right = is_built("0123456789abcdef0123456789abcdef") && !is_built("short");
    printf("jwt: %s\n", is_right ? "built" : "broken");
    return is_right ? 0 : 1;
}
