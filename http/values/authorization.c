#include <cairn/http/authorization.h>

#include <cairn/http/base64.h>
#include <cairn/http/codec/chars.h>
#include <cairn/http/error_response.h>

/* Its address is the key of the extension. */
static const char authorization_user_key;

const struct cairn_http_user *cairn_http_user(const struct cairn_http_request *req)
{
    return cairn_http_extension_get(req, &authorization_user_key);
}

const struct cairn_http_user *cairn_http_user_new(
    const struct cairn_http_request *req, struct cairn_str name, void *data)
{
    struct cairn_http_user *user = cairn_arena_alloc(req->arena, sizeof(*user));
    struct cairn_str copy = cairn_arena_copy(req->arena, name);
    if (!user || !copy.data)
        return NULL;
    *user = (struct cairn_http_user){copy, data};
    return user;
}

int cairn_http_set_user(struct cairn_http_request *req, const struct cairn_http_user *user)
{
    return cairn_http_extension_set(req, &authorization_user_key, (void *)(uintptr_t)user);
}

/* Cuts SCHEME and the spaces behind it off S. */
static bool authorization_cut_scheme(struct cairn_str *s, struct cairn_str scheme)
{
    struct cairn_str rest = *s;
    if (rest.length < scheme.length ||
        !cairn_str_equal_nocase(cairn_str_of(rest.data, scheme.length), scheme))
        return false;
    rest.data += scheme.length;
    rest.length -= scheme.length;
    if (rest.length > 0 && rest.data[0] != ' ')
        return false;
    while (rest.length > 0 && rest.data[0] == ' ') {
        rest.data++;
        rest.length--;
    }
    *s = rest;
    return true;
}

/* The token68 behind SCHEME. Which of two fields counts is anybody's guess: neither does. */
static enum cairn_http_credentials authorization_find(
    const struct cairn_http_request *req, struct cairn_str scheme, struct cairn_str *token)
{
    size_t cursor = 0;
    struct cairn_str other;
    const struct cairn_str name = CAIRN_STR("Authorization");
    struct cairn_str value;
    if (!cairn_http_fields_next(&req->fields, name, &cursor, &value))
        return CAIRN_HTTP_CREDENTIALS_NONE;
    if (cairn_http_fields_next(&req->fields, name, &cursor, &other))
        return CAIRN_HTTP_CREDENTIALS_MALFORMED;
    if (!authorization_cut_scheme(&value, scheme))
        return CAIRN_HTTP_CREDENTIALS_NONE;
    if (!cairn__chars_are_token68(value.data, value.data + value.length))
        return CAIRN_HTTP_CREDENTIALS_MALFORMED;
    *token = value;
    return CAIRN_HTTP_CREDENTIALS_FOUND;
}

enum cairn_http_credentials cairn_http_bearer_token(
    const struct cairn_http_request *req, struct cairn_str *token)
{
    return authorization_find(req, CAIRN_STR("Bearer"), token);
}

static bool authorization_has_control(struct cairn_str s)
{
    for (size_t i = 0; i < s.length; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c < 0x20 || c == 0x7f)
            return true;
    }
    return false;
}

enum cairn_http_credentials cairn_http_basic_credentials(
    const struct cairn_http_request *req, struct cairn_str *user, struct cairn_str *password)
{
    struct cairn_str text;
    size_t length;
    enum cairn_http_credentials found = authorization_find(req, CAIRN_STR("Basic"), &text);
    if (found != CAIRN_HTTP_CREDENTIALS_FOUND)
        return found;
    char *pair = cairn_arena_alloc_text(req->arena, text.length);
    if (!pair)
        return CAIRN_HTTP_CREDENTIALS_NO_MEMORY;
    if (!cairn_base64_decode(CAIRN_BASE64, text, pair, &length) ||
        authorization_has_control(cairn_str_of(pair, length)))
        return CAIRN_HTTP_CREDENTIALS_MALFORMED;
    const char *colon = memchr(pair, ':', length);
    if (!colon)
        return CAIRN_HTTP_CREDENTIALS_MALFORMED;
    *user = cairn_str_of(pair, (size_t)(colon - pair));
    *password = cairn_str_of(colon + 1, length - user->length - 1);
    return CAIRN_HTTP_CREDENTIALS_FOUND;
}

/* TEXT as a quoted-string: RFC 9110 section 5.6.4. Empty without memory. */
static const char *authorization_quote(struct cairn_arena *arena, const char *text)
{
    char *quoted = cairn_arena_alloc_text(arena, 2 * strlen(text) + 3);
    char *at = quoted;
    if (!quoted)
        return "";
    *at++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *at++ = '\\';
        *at++ = *text;
    }
    *at++ = '"';
    *at = '\0';
    return quoted;
}

/* `, NAME="TEXT"`; nothing where there is no TEXT. Absent without memory. */
static struct cairn_str authorization_parameter(
    struct cairn_arena *arena, const char *name, const char *text)
{
    if (!text)
        return CAIRN_STR("");
    const char *quoted = authorization_quote(arena, text);
    return *quoted ? cairn_arena_printf(arena, ", %s=%s", name, quoted) : cairn_str_of(NULL, 0);
}

static struct cairn_http_response *authorization_answer(
    const struct cairn_http_request *req, int status, struct cairn_str challenge)
{
    struct cairn_http_response *res = challenge.data ? cairn_http_problem(req, status, NULL) : NULL;
    if (!res || cairn_http_fields_add(&res->fields, CAIRN_STR("WWW-Authenticate"), challenge))
        return NULL;
    return res;
}

struct cairn_http_response *cairn_http_basic_challenge(
    const struct cairn_http_request *req, const char *realm)
{
    const char *quoted = authorization_quote(req->arena, realm);
    struct cairn_str challenge = {NULL, 0};
    if (*quoted)
        challenge = cairn_arena_printf(req->arena, "Basic realm=%s, charset=\"UTF-8\"", quoted);
    return authorization_answer(req, 401, challenge);
}

struct cairn_http_response *cairn_http_bearer_challenge(
    const struct cairn_http_request *req, const struct cairn_http_bearer_challenge *challenge)
{
    static const int statuses[] = {401, 400, 401, 403};
    static const char *const errors[] = {
        NULL, "invalid_request", "invalid_token", "insufficient_scope"};
    bool is_scope = challenge->error == CAIRN_HTTP_BEARER_INSUFFICIENT_SCOPE;
    const char *realm = authorization_quote(req->arena, challenge->realm);
    struct cairn_str error = authorization_parameter(req->arena, "error", errors[challenge->error]);
    struct cairn_str description =
        authorization_parameter(req->arena, "error_description", challenge->description);
    struct cairn_str scope =
        authorization_parameter(req->arena, "scope", is_scope ? challenge->scope : NULL);
    struct cairn_str text = {NULL, 0};
    if (*realm && error.data && description.data && scope.data)
        text = cairn_arena_printf(
            req->arena, "Bearer realm=%s%s%s%s", realm, error.data, description.data, scope.data);
    return authorization_answer(req, statuses[challenge->error], text);
}
