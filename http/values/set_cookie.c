#include <cairn/http/cookie.h>

#include <stdio.h>

#include <cairn/http/codec/chars.h>
#include <cairn/http/date.h>

/* What the attributes take at most beyond the texts of the options. */
#define SET_COOKIE_ATTRIBUTES 192
#define SET_COOKIE_ATTRIBUTE_MOST 1024 /* browsers ignore longer ones */

#define SET_COOKIE_ERROR(name, message)           \
    static struct cairn_error set_cookie_##name = \
        CAIRN_ERROR_STATIC(CAIRN_ERROR_INVALID, "set_cookie", message)

SET_COOKIE_ERROR(bad_name, "name must be a token that does not begin with $");
SET_COOKIE_ERROR(bad_value,
    "value must have only ASCII without spaces, quotes, commas, semicolons and backslashes");
SET_COOKIE_ERROR(too_long, "name and value must have 4096 bytes at most");
SET_COOKIE_ERROR(bad_path,
    "path must begin with /, have no semicolons and control characters, and 1024 bytes at most");
SET_COOKIE_ERROR(
    bad_domain, "domain must have only letters, digits, - and ., and 1024 bytes at most");
SET_COOKIE_ERROR(bad_max_age, "max_age_s must be 0 to 34560000, which is 400 days");
SET_COOKIE_ERROR(bad_same_site, "same_site must be one of enum cairn_http_same_site");
SET_COOKIE_ERROR(needs_secure,
    "is_insecure does not go with SameSite=None, Partitioned, and names with __Secure- or __Host-");
SET_COOKIE_ERROR(bad_host_prefix, "a name with __Host- needs the path / and no domain");

static bool set_cookie_has_prefix(struct cairn_str name, struct cairn_str prefix)
{
    return name.length >= prefix.length &&
           cairn_str_equal_nocase(cairn_str_of(name.data, prefix.length), prefix);
}

static bool set_cookie_is_path(struct cairn_str path)
{
    if (path.length == 0)
        return true;
    return path.data[0] == '/' && path.length <= SET_COOKIE_ATTRIBUTE_MOST &&
           cairn_http_is_field_value(path) && !memchr(path.data, ';', path.length);
}

static bool set_cookie_is_domain(struct cairn_str domain)
{
    for (size_t i = 0; i < domain.length; i++) {
        char c = domain.data[i];
        char lower = (char)(c | 0x20);
        if ((lower < 'a' || lower > 'z') && (c < '0' || c > '9') && c != '-' && c != '.')
            return false;
    }
    return domain.length > 0 && domain.length <= SET_COOKIE_ATTRIBUTE_MOST;
}

static bool set_cookie_is_value(struct cairn_str value)
{
    if (value.length == 0)
        return true;
    const char *end = value.data + value.length;
    return cairn__chars_skip(value.data, end, CAIRN__CHAR_COOKIE) == end;
}

/* NULL, or why name and value cannot be sent. */
static struct cairn_error *set_cookie_check_pair(struct cairn_str name, struct cairn_str value)
{
    if (name.length == 0 || !cairn_http_is_token(name) || name.data[0] == '$')
        return &set_cookie_bad_name;
    if (!set_cookie_is_value(value))
        return &set_cookie_bad_value;
    if (name.length > CAIRN_HTTP_COOKIE_BYTES ||
        value.length > CAIRN_HTTP_COOKIE_BYTES - name.length)
        return &set_cookie_too_long;
    return NULL;
}

/* NULL, or which attribute cannot be sent. */
static struct cairn_error *set_cookie_check_attributes(
    const struct cairn_http_set_cookie_options *opts)
{
    if (!set_cookie_is_path(cairn_str_from(opts->path)))
        return &set_cookie_bad_path;
    if (opts->domain && !set_cookie_is_domain(cairn_str_from(opts->domain)))
        return &set_cookie_bad_domain;
    if (opts->max_age_s > CAIRN_HTTP_COOKIE_MAX_AGE_S)
        return &set_cookie_bad_max_age;
    if ((unsigned)opts->same_site > CAIRN_HTTP_SAME_SITE_NONE)
        return &set_cookie_bad_same_site;
    return NULL;
}

/* NULL, or what browsers would refuse the whole cookie for. */
static struct cairn_error *set_cookie_check_promises(
    const struct cairn_http_set_cookie_options *opts)
{
    struct cairn_str name = cairn_str_from(opts->name);
    bool is_host = set_cookie_has_prefix(name, CAIRN_STR("__Host-"));
    bool needs_secure = is_host || set_cookie_has_prefix(name, CAIRN_STR("__Secure-")) ||
                        opts->same_site == CAIRN_HTTP_SAME_SITE_NONE || opts->is_partitioned;
    if (needs_secure && opts->is_insecure)
        return &set_cookie_needs_secure;
    if (is_host && (opts->domain || (opts->path && strcmp(opts->path, "/") != 0)))
        return &set_cookie_bad_host_prefix;
    return NULL;
}

static struct cairn_error *set_cookie_check(const struct cairn_http_set_cookie_options *opts)
{
    struct cairn_error *error =
        set_cookie_check_pair(cairn_str_from(opts->name), cairn_str_from(opts->value));
    if (!error)
        error = set_cookie_check_attributes(opts);
    return error ? error : set_cookie_check_promises(opts);
}

static char *set_cookie_put(char *at, const char *key, const char *value)
{
    size_t length = strlen(key);
    memcpy(at, key, length);
    at += length;
    length = strlen(value);
    memcpy(at, value, length);
    return at + length;
}

static char *set_cookie_put_age(char *at, const struct cairn_http_set_cookie_options *opts)
{
    char text[CAIRN_HTTP_DATE_BYTES];
    if (opts->max_age_s) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)opts->max_age_s);
        at = set_cookie_put(at, "; Max-Age=", text);
    }
    if (opts->expires) {
        cairn_http_date(opts->expires, text);
        at = set_cookie_put(at, "; Expires=", text);
    }
    return at;
}

static struct cairn_str set_cookie_write(
    struct cairn_arena *arena, const struct cairn_http_set_cookie_options *opts, const char *age)
{
    static const char *const same_sites[] = {"Lax", "Strict", "None"};
    const char *value = opts->value ? opts->value : "";
    const char *path = opts->path ? opts->path : "/";
    const char *domain = opts->domain ? opts->domain : "";
    char *text = cairn_arena_alloc_text(arena,
        strlen(opts->name) + strlen(value) + strlen(path) + strlen(domain) + SET_COOKIE_ATTRIBUTES);
    if (!text)
        return cairn_str_of(NULL, 0);
    char *at = set_cookie_put(text, opts->name, "=");
    at = set_cookie_put(at, value, "");
    if (*path)
        at = set_cookie_put(at, "; Path=", path);
    if (*domain)
        at = set_cookie_put(at, "; Domain=", domain);
    at = age ? set_cookie_put(at, age, "") : set_cookie_put_age(at, opts);
    at = set_cookie_put(at, opts->is_insecure ? "" : "; Secure", "");
    at = set_cookie_put(at, opts->is_script_readable ? "" : "; HttpOnly", "");
    at = set_cookie_put(at, "; SameSite=", same_sites[opts->same_site]);
    at = set_cookie_put(at, opts->is_partitioned ? "; Partitioned" : "", "");
    return cairn_str_of(text, (size_t)(at - text));
}

/* AGE in place of that of the options; NULL: theirs. */
static struct cairn_error *set_cookie_add(struct cairn_http_response *res,
    const struct cairn_http_set_cookie_options *opts, const char *age)
{
    struct cairn_error *error = set_cookie_check(opts);
    if (error)
        return error;
    struct cairn_str text = set_cookie_write(res->arena, opts, age);
    if (!text.data || cairn_http_fields_add(&res->fields, CAIRN_STR("Set-Cookie"), text))
        return &cairn_error_no_memory;
    return NULL;
}

/* An option struct of an older header is shorter. */
static struct cairn_http_set_cookie_options set_cookie_options(
    const struct cairn_http_set_cookie_options *options)
{
    struct cairn_http_set_cookie_options opts = {0};
    memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    return opts;
}

struct cairn_error *cairn_http_set_cookie_with(
    struct cairn_http_response *res, const struct cairn_http_set_cookie_options *options)
{
    struct cairn_http_set_cookie_options opts = set_cookie_options(options);
    return set_cookie_add(res, &opts, NULL);
}

struct cairn_error *cairn_http_remove_cookie_with(
    struct cairn_http_response *res, const struct cairn_http_set_cookie_options *options)
{
    struct cairn_http_set_cookie_options opts = set_cookie_options(options);
    opts.value = "";
    opts.max_age_s = 0;
    opts.expires = 0;
    return set_cookie_add(res, &opts, "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
}
