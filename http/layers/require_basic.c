#include <cairn/http/layers/require_basic.h>

#include <string.h>

#include <cairn/http/layers/authorizer.h>
#include <cairn/http/secret.h>
#include <cairn/service/alloc.h>

#define REQUIRE_BASIC_REALM "restricted"

struct require_basic_policy {
    struct cairn__authorizer_policy base;
    struct cairn_future (*check)(
        void *cx, struct cairn_http_request *req, struct cairn_str user, struct cairn_str password);
    void *cx;
    char *realm;
    char *user;
    char *password;
};

static struct cairn_future require_basic_challenge(
    const struct require_basic_policy *policy, const struct cairn_http_request *req)
{
    return cairn__authorizer_answer(cairn_http_basic_challenge(req, policy->realm));
}

/* Both are compared, whatever comes of the first. */
static bool require_basic_is_right(
    const struct require_basic_policy *policy, struct cairn_str user, struct cairn_str password)
{
    unsigned is_user = cairn_secret_equal(user, cairn_str_from(policy->user));
    unsigned is_password = cairn_secret_equal(password, cairn_str_from(policy->password));
    return (is_user & is_password) != 0;
}

static struct cairn_future require_basic_compare(const struct require_basic_policy *policy,
    const struct cairn_http_request *req, struct cairn_str user, struct cairn_str password)
{
    if (!require_basic_is_right(policy, user, password))
        return cairn_future_ready(NULL);
    const struct cairn_http_user *found = cairn_http_user_new(req, user, NULL);
    return found ? cairn_future_ready((void *)(uintptr_t)found)
                 : cairn_future_failed(&cairn_error_no_memory);
}

static bool require_basic_check(
    void *state, struct cairn_http_request *req, struct cairn_future *check)
{
    struct require_basic_policy *policy = state;
    struct cairn_str user;
    struct cairn_str password;
    switch (cairn_http_basic_credentials(req, &user, &password)) {
    case CAIRN_HTTP_CREDENTIALS_FOUND:
        *check = policy->check ? policy->check(policy->cx, req, user, password)
                               : require_basic_compare(policy, req, user, password);
        return true;
    case CAIRN_HTTP_CREDENTIALS_NO_MEMORY:
        *check = cairn_future_failed(&cairn_error_no_memory);
        return false;
    default:
        *check = require_basic_challenge(policy, req);
        return false;
    }
}

static struct cairn_future require_basic_judge(
    void *state, struct cairn_http_request *req, enum cairn_poll p, union cairn_outcome out)
{
    if (p == CAIRN_FAILED)
        return cairn_future_failed(out.error);
    if (!out.value)
        return require_basic_challenge(state, req);
    if (cairn_http_set_user(req, out.value))
        return cairn_future_failed(&cairn_error_no_memory);
    return (struct cairn_future){NULL, NULL};
}

static void require_basic_free(void *state)
{
    struct require_basic_policy *policy = state;
    cairn_free(policy->realm);
    cairn__authorizer_wipe(policy->user);
    cairn__authorizer_wipe(policy->password);
    cairn_free(policy);
}

static void require_basic_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct require_basic_policy *policy = cairn__authorizer_policy(base);
    cairn_describe_text(d, "realm", policy->realm);
    cairn__authorizer_describe(base, d);
}

static const struct cairn_service_ops require_basic_ops = {
    .name = "require_basic",
    .size = sizeof(struct cairn__authorizer),
    .call = cairn__authorizer_call,
    .cloned = cairn__authorizer_cloned,
    .drop = cairn__authorizer_drop,
    .describe = require_basic_describe,
};

static bool require_basic_is_text(const char *text)
{
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    }
    return *text != '\0';
}

/* NULL, or what is wrong. It must not say what user and password are. */
static const char *require_basic_complaint(const struct cairn_require_basic_options *opts)
{
    if (opts->realm && !cairn__authorizer_is_realm(opts->realm))
        return "realm must be a text without control characters and without a space at an end";
    if (opts->check)
        return opts->user || opts->password ? "check takes the place of user and password" : NULL;
    if (!opts->user || !opts->password)
        return "user and password, or check, must be set";
    if (!require_basic_is_text(opts->user) || strchr(opts->user, ':'))
        return "user must not be empty, and have no colon and no control characters";
    if (!require_basic_is_text(opts->password))
        return "password must not be empty, and have no control characters";
    return NULL;
}

static struct cairn__authorizer_policy *require_basic_policy_new(
    const struct cairn_require_basic_options *opts)
{
    struct require_basic_policy *policy = cairn_alloc_zero(sizeof(*policy));
    if (!policy)
        return NULL;
    policy->base = (struct cairn__authorizer_policy){
        require_basic_check, require_basic_judge, require_basic_free, opts->check != NULL};
    policy->check = opts->check;
    policy->cx = opts->cx;
    policy->realm = cairn_strdup(opts->realm ? opts->realm : REQUIRE_BASIC_REALM);
    policy->user = cairn_strdup(opts->user);
    policy->password = cairn_strdup(opts->password);
    if (policy->realm && (opts->check || (policy->user && policy->password)))
        return &policy->base;
    require_basic_free(policy);
    return NULL;
}

static struct cairn_service *require_basic_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_require_basic_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = require_basic_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    return cairn__authorizer_new(layer, inner, &require_basic_ops, require_basic_policy_new(&opts));
}

struct cairn_layer cairn_require_basic_layer(const struct cairn_require_basic_options *options)
{
    static const struct cairn_require_basic_options defaults = {.size = sizeof(defaults)};
    const struct cairn_require_basic_options *opts = options ? options : &defaults;
    return cairn_layer_of("require_basic", require_basic_apply, opts, opts->size);
}
