#include <cairn/http/layers/require_bearer.h>

#include <string.h>

#include <cairn/http/codec/chars.h>
#include <cairn/http/layers/authorizer.h>
#include <cairn/http/secret.h>
#include <cairn/service/alloc.h>

#define REQUIRE_BEARER_REALM "restricted"

struct require_bearer_token {
    char *token;
    char *user;
};

struct require_bearer_policy {
    struct cairn__authorizer_policy base;
    struct cairn_future (*check)(void *cx, struct cairn_http_request *req, struct cairn_str token);
    void *cx;
    char *realm;
    char *scope; /* NULL: none */
    size_t count;
    struct require_bearer_token tokens[];
};

static struct cairn_future require_bearer_challenge(const struct require_bearer_policy *policy,
    const struct cairn_http_request *req, enum cairn_http_bearer_error error)
{
    const struct cairn_http_bearer_challenge challenge = {
        .realm = policy->realm, .error = error, .scope = policy->scope};
    return cairn__authorizer_answer(cairn_http_bearer_challenge(req, &challenge));
}

/* All are compared, whichever it is. */
static const struct require_bearer_token *require_bearer_find(
    const struct require_bearer_policy *policy, struct cairn_str token)
{
    const struct require_bearer_token *found = NULL;
    for (size_t i = 0; i < policy->count; i++) {
        if (cairn_secret_equal(token, cairn_str_from(policy->tokens[i].token)))
            found = &policy->tokens[i];
    }
    return found;
}

static struct cairn_future require_bearer_compare(const struct require_bearer_policy *policy,
    const struct cairn_http_request *req, struct cairn_str token)
{
    const struct require_bearer_token *found = require_bearer_find(policy, token);
    if (!found)
        return cairn_future_ready(NULL);
    const struct cairn_http_user *user =
        cairn_http_user_new(req, cairn_str_from(found->user), NULL);
    return user ? cairn_future_ready((void *)(uintptr_t)user)
                : cairn_future_failed(&cairn_error_no_memory);
}

static bool require_bearer_check(
    void *state, struct cairn_http_request *req, struct cairn_future *check)
{
    struct require_bearer_policy *policy = state;
    struct cairn_str token;
    switch (cairn_http_bearer_token(req, &token)) {
    case CAIRN_HTTP_CREDENTIALS_FOUND:
        *check = policy->check ? policy->check(policy->cx, req, token)
                               : require_bearer_compare(policy, req, token);
        return true;
    case CAIRN_HTTP_CREDENTIALS_MALFORMED:
        *check = require_bearer_challenge(policy, req, CAIRN_HTTP_BEARER_INVALID_REQUEST);
        return false;
    default:
        *check = require_bearer_challenge(policy, req, CAIRN_HTTP_BEARER_NO_TOKEN);
        return false;
    }
}

static struct cairn_future require_bearer_judge(
    void *state, struct cairn_http_request *req, enum cairn_poll p, union cairn_outcome out)
{
    if (p == CAIRN_FAILED && out.error->code == CAIRN_ERROR_REJECTED) {
        cairn_error_unref(out.error);
        return require_bearer_challenge(state, req, CAIRN_HTTP_BEARER_INSUFFICIENT_SCOPE);
    }
    if (p == CAIRN_FAILED)
        return cairn_future_failed(out.error);
    if (!out.value)
        return require_bearer_challenge(state, req, CAIRN_HTTP_BEARER_INVALID_TOKEN);
    if (cairn_http_set_user(req, out.value))
        return cairn_future_failed(&cairn_error_no_memory);
    return (struct cairn_future){NULL, NULL};
}

static void require_bearer_free(void *state)
{
    struct require_bearer_policy *policy = state;
    for (size_t i = 0; i < policy->count; i++) {
        cairn__authorizer_wipe(policy->tokens[i].token);
        cairn_free(policy->tokens[i].user);
    }
    cairn_free(policy->realm);
    cairn_free(policy->scope);
    cairn_free(policy);
}

static void require_bearer_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct require_bearer_policy *policy = cairn__authorizer_policy(base);
    cairn_describe_text(d, "realm", policy->realm);
    if (!policy->check)
        cairn_describe_parameter(d, "tokens", policy->count, NULL);
    cairn__authorizer_describe(base, d);
}

static const struct cairn_service_ops require_bearer_ops = {
    .name = "require_bearer",
    .size = sizeof(struct cairn__authorizer),
    .call = cairn__authorizer_call,
    .cloned = cairn__authorizer_cloned,
    .drop = cairn__authorizer_drop,
    .describe = require_bearer_describe,
};

static bool require_bearer_tokens_are_good(const struct cairn_bearer_token *tokens, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *token = tokens[i].token;
        if (!token || !cairn__chars_are_token68(token, token + strlen(token)))
            return false;
    }
    return true;
}

/* NULL, or what is wrong. It must not say what the tokens are. */
static const char *require_bearer_complaint(const struct cairn_require_bearer_options *opts)
{
    const struct cairn_bearer_token one = {opts->token, NULL};
    if (opts->realm && !cairn__authorizer_is_realm(opts->realm))
        return "realm must be a text without control characters and without a space at an end";
    if (opts->scope && !cairn__authorizer_is_realm(opts->scope))
        return "scope must be a text without control characters and without a space at an end";
    if ((opts->token != NULL) + (opts->tokens != NULL) + (opts->check != NULL) != 1)
        return "one of token, tokens and check must be set";
    if (opts->tokens && (opts->token_count == 0 || opts->token_count > CAIRN_REQUIRE_BEARER_TOKENS))
        return "token_count must be 1 to 64";
    if (opts->check || require_bearer_tokens_are_good(opts->tokens ? opts->tokens : &one,
                           opts->tokens ? opts->token_count : 1))
        return NULL;
    return "a token must not be empty, and have only A-Z a-z 0-9 - . _ ~ + / and = at its end";
}

static bool require_bearer_copy_tokens(
    struct require_bearer_policy *policy, const struct cairn_bearer_token *tokens, size_t count)
{
    for (; policy->count < count; policy->count++) {
        const struct cairn_bearer_token *from = &tokens[policy->count];
        struct require_bearer_token *to = &policy->tokens[policy->count];
        to->token = cairn_strdup(from->token);
        to->user = cairn_strdup(from->user);
        if (to->token && (to->user || !from->user))
            continue;
        policy->count++;
        return false;
    }
    return true;
}

static struct cairn__authorizer_policy *require_bearer_policy_new(
    const struct cairn_require_bearer_options *opts)
{
    const struct cairn_bearer_token one = {opts->token, NULL};
    size_t count = opts->tokens ? opts->token_count : opts->token != NULL;
    struct require_bearer_policy *policy =
        cairn_alloc_zero(sizeof(*policy) + count * sizeof(*policy->tokens));
    if (!policy)
        return NULL;
    policy->base = (struct cairn__authorizer_policy){
        require_bearer_check, require_bearer_judge, require_bearer_free, opts->check != NULL};
    policy->check = opts->check;
    policy->cx = opts->cx;
    policy->realm = cairn_strdup(opts->realm ? opts->realm : REQUIRE_BEARER_REALM);
    policy->scope = cairn_strdup(opts->scope);
    if (policy->realm && (policy->scope || !opts->scope) &&
        require_bearer_copy_tokens(policy, opts->tokens ? opts->tokens : &one, count))
        return &policy->base;
    require_bearer_free(policy);
    return NULL;
}

static struct cairn_service *require_bearer_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_require_bearer_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = require_bearer_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    return cairn__authorizer_new(
        layer, inner, &require_bearer_ops, require_bearer_policy_new(&opts));
}

struct cairn_layer cairn_require_bearer_layer(const struct cairn_require_bearer_options *options)
{
    static const struct cairn_require_bearer_options defaults = {.size = sizeof(defaults)};
    const struct cairn_require_bearer_options *opts = options ? options : &defaults;
    return cairn_layer_of("require_bearer", require_bearer_apply, opts, opts->size);
}
