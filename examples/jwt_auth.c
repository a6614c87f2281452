/* jwt_auth.c - an API for who has a token: some routes for all, some for who has one, some for who
 * has the right scope. JWT_SECRET in the environment is the key, of 32 bytes or more. */
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/all.h>
#include <cairn/http/layers/jwt.h>

static struct cairn_http_response *welcome(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "welcome\n");
}

static struct cairn_http_response *me(struct cairn_http_request *req, void *state)
{
    struct cairn_str who = cairn_jwt_subject(req);
    (void)state;
    return cairn_http_textf(req, 200, "you are %.*s\n", (int)who.length, who.data);
}

static struct cairn_http_response *admin(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "all of it\n");
}

static struct cairn_service *app(void *secret, const struct cairn_http_worker *worker)
{
    static const char *const admin_scopes[] = {"admin", NULL};
    /* The algorithm belongs to the key: what a token says of it must agree, and cannot choose. */
    const struct cairn_jwt_key key = {.algorithm = CAIRN_JWT_HS256, .key = cairn_str_from(secret)};
    (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/", cairn_http_handler(welcome, NULL));
    cairn_http_get(r, "/me",
        cairn_stack(
            cairn_http_handler(me, NULL), cairn_jwt(.keys = &key, .key_count = 1,
                                              .issuer = "https://id.example", .audience = "api")));
    cairn_http_get(r, "/admin",
        cairn_stack(cairn_http_handler(admin, NULL),
            cairn_jwt(.keys = &key, .key_count = 1, .issuer = "https://id.example",
                .audience = "api", .scopes = admin_scopes)));
    return cairn_stack(cairn_http_router_service(r), cairn_error_to_response());
}

int main(int argc, char **argv)
{
    char *secret = getenv("JWT_SECRET");
    if (!secret) {
        fprintf(stderr, "set JWT_SECRET, to 32 bytes or more\n");
        return 1;
    }
    /* One that is too short is refused when the app is made, in words. */
    return cairn_http_serve(app, secret, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
