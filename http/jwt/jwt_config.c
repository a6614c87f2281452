#include <cairn/http/jwt/jwt_config.h>

#include <string.h>

#include <cairn/http/fields.h>
#include <cairn/service/alloc.h>

#define JWT_REALM "restricted"
#define JWT_LEEWAY_S 30
#define JWT_LEEWAY_MOST_S 3600
#define JWT_MAX_BYTES 8192
#define JWT_MAX_BYTES_LEAST 64
#define JWT_MAX_BYTES_MOST 65536

void cairn__jwt_config_unref(struct cairn__jwt_config *config)
{
    if (--config->references != 0)
        return;
    for (size_t i = 0; i < CAIRN_JWT_KEYS; i++)
        cairn__jwt_key_fini(&config->keys[i]);
    for (size_t i = 0; i < CAIRN_JWT_SCOPES; i++)
        cairn_free(config->scopes[i]);
    cairn_free(config->scope);
    cairn_free(config->issuer);
    cairn_free(config->audience);
    cairn_free(config->cookie);
    cairn_free(config->realm);
    cairn_free(config);
}

/* COPY is FROM's; true where FROM is NULL, or there was memory. */
static bool jwt_copy(char **copy, const char *from)
{
    *copy = cairn_strdup(from);
    return *copy || !from;
}

static bool jwt_copy_scopes(struct cairn__jwt_config *config, const char *const *scopes)
{
    size_t size = 1;
    size_t count = 0;
    for (; scopes && scopes[count]; count++) {
        size += strlen(scopes[count]) + 1;
        if (!jwt_copy(&config->scopes[count], scopes[count]))
            return false;
    }
    if (count == 0)
        return true;
    config->rules.scopes = config->scopes;
    config->scope = cairn_alloc(size);
    if (!config->scope)
        return false;
    char *at = config->scope;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(scopes[i]);
        memcpy(at, scopes[i], length);
        at += length;
        *at++ = i + 1 < count ? ' ' : '\0';
    }
    return true;
}

static bool jwt_copy_keys(struct cairn__jwt_config *config, const struct cairn_jwt_options *opts)
{
    for (size_t i = 0; i < opts->key_count; i++) {
        if (cairn__jwt_key_init(&config->keys[i], &opts->keys[i]) != 0)
            return false;
    }
    return true;
}

static void jwt_set_rules(struct cairn__jwt_config *config, const struct cairn_jwt_options *opts)
{
    struct cairn__jwt_rules *rules = &config->rules;
    rules->issuer = config->issuer;
    rules->audience = config->audience;
    rules->leeway_s = opts->leeway_s ? opts->leeway_s : JWT_LEEWAY_S;
    if (opts->leeway_s == CAIRN_JWT_NO_LEEWAY)
        rules->leeway_s = 0;
    rules->max_bytes = opts->max_bytes ? opts->max_bytes : JWT_MAX_BYTES;
    rules->is_exp_optional = opts->is_exp_optional;
    rules->key_count = opts->key_count;
    rules->keys = config->keys;
}

struct cairn__jwt_config *cairn__jwt_config_new(const struct cairn_jwt_options *opts)
{
    struct cairn__jwt_config *config = cairn_alloc_zero(sizeof(*config));
    if (!config)
        return NULL;
    config->references = 1;
    config->now = opts->now;
    config->cx = opts->cx;
    if (jwt_copy_keys(config, opts) && jwt_copy_scopes(config, opts->scopes) &&
        jwt_copy(&config->issuer, opts->issuer) && jwt_copy(&config->audience, opts->audience) &&
        jwt_copy(&config->cookie, opts->cookie) &&
        jwt_copy(&config->realm, opts->realm ? opts->realm : JWT_REALM)) {
        jwt_set_rules(config, opts);
        return config;
    }
    cairn__jwt_config_unref(config);
    return NULL;
}

/* RFC 6749 section 3.3: visible ASCII without quote and backslash. */
static bool jwt_scopes_are_good(const char *const *scopes)
{
    size_t count = 0;
    for (; scopes && scopes[count]; count++) {
        if (count == CAIRN_JWT_SCOPES || !*scopes[count])
            return false;
        for (const char *at = scopes[count]; *at; at++) {
            if (*at <= ' ' || *at >= 0x7f || *at == '"' || *at == '\\')
                return false;
        }
    }
    return true;
}

static bool jwt_is_empty(const char *text)
{
    return text && !*text;
}

/* NULL, or what is wrong with an option other than keys. */
static const char *jwt_complaint(const struct cairn_jwt_options *opts)
{
    if (!opts->keys || opts->key_count == 0 || opts->key_count > CAIRN_JWT_KEYS)
        return "there must be 1 to 16 keys";
    if (!jwt_scopes_are_good(opts->scopes))
        return "scopes must be up to 32 texts without spaces, quotes and backslashes, and a NULL";
    if (jwt_is_empty(opts->issuer) || jwt_is_empty(opts->audience))
        return "issuer and audience must not be empty";
    if (opts->cookie && !cairn_http_is_token(cairn_str_from(opts->cookie)))
        return "cookie must be the name of a cookie";
    if (opts->realm && (!*opts->realm || !cairn_http_is_field_value(cairn_str_from(opts->realm))))
        return "realm must be a text without control characters and without a space at an end";
    if (opts->leeway_s > JWT_LEEWAY_MOST_S && opts->leeway_s != CAIRN_JWT_NO_LEEWAY)
        return "leeway_s must be 0 to 3600, or CAIRN_JWT_NO_LEEWAY";
    if (opts->max_bytes &&
        (opts->max_bytes < JWT_MAX_BYTES_LEAST || opts->max_bytes > JWT_MAX_BYTES_MOST))
        return "max_bytes must be 64 to 65536";
    return NULL;
}

struct cairn_service *cairn__jwt_config_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_jwt_options *opts)
{
    const char *complaint = jwt_complaint(opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    for (size_t i = 0; i < opts->key_count; i++) {
        complaint = cairn__jwt_key_complaint(&opts->keys[i]);
        if (complaint)
            return cairn_layer_invalid(layer, inner, "key %zu: %s", i, complaint);
    }
    return NULL;
}
