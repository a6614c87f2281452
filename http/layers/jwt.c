#include <cairn/http/layers/jwt.h>

#include <string.h>
#include <time.h>

#include <cairn/http/cookie.h>
#include <cairn/http/jwt/jwt_config.h>

struct jwt_service {
    struct cairn_service base;
    struct cairn__jwt_config *config;
};

/* Its address is the key of the extension. */
static const char jwt_claims_key;

const struct json_t *cairn_jwt_claims(const struct cairn_http_request *req)
{
    return cairn_http_extension_get(req, &jwt_claims_key);
}

struct cairn_str cairn_jwt_claim(const struct cairn_http_request *req, const char *name)
{
    const json_t *value = json_object_get(cairn_jwt_claims(req), name);
    return cairn_str_of(json_string_value(value), json_string_length(value));
}

bool cairn_jwt_claim_number(const struct cairn_http_request *req, const char *name, int64_t *number)
{
    const json_t *value = json_object_get(cairn_jwt_claims(req), name);
    if (!json_is_integer(value))
        return false;
    *number = json_integer_value(value);
    return true;
}

struct cairn_str cairn_jwt_subject(const struct cairn_http_request *req)
{
    return cairn_jwt_claim(req, "sub");
}

bool cairn_jwt_has_scope(const struct cairn_http_request *req, const char *scope)
{
    return cairn__jwt_has_scope(cairn_jwt_claims(req), scope);
}

static struct cairn_http_response *jwt_challenge(const struct cairn__jwt_config *config,
    const struct cairn_http_request *req, enum cairn_http_bearer_error error,
    const char *description)
{
    const struct cairn_http_bearer_challenge challenge = {
        config->realm, error, description, config->scope};
    return cairn_http_bearer_challenge(req, &challenge);
}

/* NULL: there was no memory. */
static struct cairn_http_response *jwt_refuse(const struct cairn__jwt_config *config,
    const struct cairn_http_request *req, enum cairn__jwt_fault fault)
{
    static const char *const descriptions[] = {
        [CAIRN__JWT_TOO_LONG] = "the token is too long",
        [CAIRN__JWT_CLAIMS] = "a claim is missing or malformed",
        [CAIRN__JWT_EXPIRED] = "the token has expired",
        [CAIRN__JWT_EARLY] = "the token is not valid yet",
        [CAIRN__JWT_ISSUER] = "the token is of another issuer",
        [CAIRN__JWT_AUDIENCE] = "the token is for another audience",
        [CAIRN__JWT_SCOPE] = NULL,
    };
    if (fault == CAIRN__JWT_NO_MEMORY)
        return NULL;
    if (fault == CAIRN__JWT_SCOPE)
        return jwt_challenge(config, req, CAIRN_HTTP_BEARER_INSUFFICIENT_SCOPE, NULL);
    return jwt_challenge(config, req, CAIRN_HTTP_BEARER_INVALID_TOKEN, descriptions[fault]);
}

static void jwt_drop_claims(void *claims)
{
    json_decref(claims);
}

/* Takes CLAIMS, which go with the arena. -1 without memory. */
static int jwt_leave_claims(struct cairn_http_request *req, json_t *claims)
{
    if (cairn_arena_defer(req->arena, jwt_drop_claims, claims)) {
        json_decref(claims);
        return -1;
    }
    const json_t *sub = json_object_get(claims, "sub");
    const struct cairn_http_user *user = cairn_http_user_new(
        req, cairn_str_of(json_string_value(sub), json_string_length(sub)), NULL);
    if (!user || cairn_http_extension_set(req, &jwt_claims_key, claims))
        return -1;
    return cairn_http_set_user(req, user);
}

static enum cairn_http_credentials jwt_find(const struct cairn__jwt_config *config,
    const struct cairn_http_request *req, struct cairn_str *token)
{
    enum cairn_http_credentials found = cairn_http_bearer_token(req, token);
    if (found != CAIRN_HTTP_CREDENTIALS_NONE || !config->cookie)
        return found;
    *token = cairn_http_cookie_get(req, config->cookie);
    return token->data ? CAIRN_HTTP_CREDENTIALS_FOUND : CAIRN_HTTP_CREDENTIALS_NONE;
}

static int64_t jwt_now(const struct cairn__jwt_config *config)
{
    return config->now ? config->now(config->cx) : (int64_t)time(NULL);
}

/* True: REQ may pass. Else *RES is the answer; NULL: there was no memory. */
static bool jwt_lets_in(const struct cairn__jwt_config *config, struct cairn_http_request *req,
    struct cairn_http_response **res)
{
    struct cairn_str token;
    json_t *claims;
    enum cairn_http_credentials found = jwt_find(config, req, &token);
    if (found == CAIRN_HTTP_CREDENTIALS_NONE)
        *res = jwt_challenge(config, req, CAIRN_HTTP_BEARER_NO_TOKEN, NULL);
    else if (found != CAIRN_HTTP_CREDENTIALS_FOUND)
        *res = jwt_challenge(config, req, CAIRN_HTTP_BEARER_INVALID_REQUEST, NULL);
    if (found != CAIRN_HTTP_CREDENTIALS_FOUND)
        return false;
    enum cairn__jwt_fault fault =
        cairn__jwt_check(&config->rules, req->arena, token, jwt_now(config), &claims);
    if (fault == CAIRN__JWT_GOOD && jwt_leave_claims(req, claims) == 0)
        return true;
    *res = fault == CAIRN__JWT_GOOD ? NULL : jwt_refuse(config, req, fault);
    return false;
}

static struct cairn_future jwt_call(struct cairn_service *base, void *req)
{
    struct cairn__jwt_config *config = ((struct jwt_service *)base)->config;
    struct cairn_http_response *res = NULL;
    if (jwt_lets_in(config, req, &res)) {
        config->passed++;
        return cairn_service_call(base->inner, req);
    }
    if (res)
        config->refused++;
    return cairn_service_bypass(base, req, cairn_future_ready_or_no_memory(res));
}

static void jwt_cloned(struct cairn_service *base)
{
    ((struct jwt_service *)base)->config->references++;
}

static void jwt_drop(struct cairn_service *base)
{
    cairn__jwt_config_unref(((struct jwt_service *)base)->config);
}

static void jwt_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cairn__jwt_config *config = ((const struct jwt_service *)base)->config;
    for (size_t i = 0; i < config->rules.key_count; i++)
        cairn_describe_text(d, "key", cairn__jwt_algorithm_name(config->keys[i].algorithm));
    if (config->issuer)
        cairn_describe_text(d, "issuer", config->issuer);
    if (config->audience)
        cairn_describe_text(d, "audience", config->audience);
    if (config->scope)
        cairn_describe_text(d, "scope", config->scope);
    cairn_describe_counter(d, "passed", config->passed);
    cairn_describe_counter(d, "refused", config->refused);
}

static const struct cairn_service_ops jwt_ops = {
    .name = "jwt",
    .size = sizeof(struct jwt_service),
    .call = jwt_call,
    .cloned = jwt_cloned,
    .drop = jwt_drop,
    .describe = jwt_describe,
};

static struct cairn_service *jwt_apply(const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_jwt_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    broken = cairn__jwt_config_refuse(layer, inner, &opts);
    if (broken)
        return broken;
    struct cairn__jwt_config *config = cairn__jwt_config_new(&opts);
    struct jwt_service *self = config ? cairn_service_new(&jwt_ops, inner) : NULL;
    if (self) {
        self->config = config;
        return &self->base;
    }
    if (config)
        cairn__jwt_config_unref(config);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_jwt_layer(const struct cairn_jwt_options *options)
{
    static const struct cairn_jwt_options defaults = {.size = sizeof(defaults)};
    const struct cairn_jwt_options *opts = options ? options : &defaults;
    return cairn_layer_of("jwt", jwt_apply, opts, opts->size);
}
