#include <cairn/http/layers/cache_rules.h>

#include <string.h>

#include <cairn/http/layers/option_text.h>
#include <cairn/http/media_type.h>
#include <cairn/service/alloc.h>

static bool cache_rules_is_below(struct cairn_str path, struct cairn_str prefix)
{
    if (path.length < prefix.length || memcmp(path.data, prefix.data, prefix.length) != 0)
        return false;
    return path.length == prefix.length || prefix.data[prefix.length - 1] == '/' ||
           path.data[prefix.length] == '/';
}

static bool cache_rules_is_status(int status, int wanted)
{
    if (wanted == 0)
        return (status >= 200 && status <= 299) || status == 304;
    return status == wanted || status / 100 == wanted;
}

static bool cache_rules_fits(const struct cairn_cache_control_rule *rule,
    const struct cairn_http_response *res, struct cairn_str path)
{
    struct cairn_http_media_type type;
    if (!cache_rules_is_status(res->status, rule->status) ||
        (rule->path && !cache_rules_is_below(path, cairn_str_from(rule->path))))
        return false;
    return !rule->type || (cairn_http_media_type_of(&res->fields, &type) &&
                              cairn_http_media_type_is(&type, rule->type));
}

struct cairn_str cairn__cache_rules_choose(const struct cairn__cache_rules *self,
    const struct cairn_http_response *res, struct cairn_str path)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct cairn_cache_control_rule *rule = &self->rules[i];
        if (cache_rules_fits(rule, res, path))
            return cairn_str_from(*rule->value ? rule->value : NULL);
    }
    return cairn_str_of(NULL, 0);
}

static size_t cache_rules_count(const struct cairn_cache_control_options *opts)
{
    return opts->rule_count + (opts->value ? 1 : 0);
}

/* The constant is a rule that comes last. */
static struct cairn_cache_control_rule cache_rules_at(
    const struct cairn_cache_control_options *opts, size_t i)
{
    if (i < opts->rule_count)
        return opts->rules[i];
    return (struct cairn_cache_control_rule){.value = opts->value};
}

static bool cache_rules_is_type(const char *pattern)
{
    struct cairn_http_media_type type;
    struct cairn_str s = cairn_str_from(pattern);
    if (s.length > 1 && s.data[0] == '+')
        return cairn_http_is_token(s);
    if (s.length > 1 && s.data[s.length - 1] == '/')
        return cairn_http_is_token(cairn_str_of(s.data, s.length - 1));
    return cairn_http_media_type_parse(s, &type) &&
           s.length == type.type.length + 1 + type.subtype.length;
}

static const char *cache_rules_rule_complaint(const struct cairn_cache_control_rule *rule)
{
    if (!rule->value)
        return "value is missing";
    if (!cairn_http_is_field_value(cairn_str_from(rule->value)))
        return "value must have no control characters and no space at an end";
    if (rule->path && rule->path[0] != '/')
        return "path must begin with a slash";
    if (rule->type && !cache_rules_is_type(rule->type))
        return "type must be a media type, or as \"text/\" or \"+json\"";
    if (rule->status != 0 && (rule->status < 2 || rule->status > 5) &&
        (rule->status < 200 || rule->status > 599))
        return "status must be 200 to 599, or 2 to 5";
    return NULL;
}

const char *cairn__cache_rules_complaint(
    const struct cairn_cache_control_options *opts, size_t *rule)
{
    *rule = 0;
    if (opts->rule_count > CAIRN_CACHE_CONTROL_MOST ||
        (opts->rule_count > 0) != (opts->rules != NULL))
        return "rules must be 1 to 64, or none";
    if (!opts->value && !opts->rules)
        return "value or rules must be set";
    for (size_t i = 0; i < cache_rules_count(opts); i++) {
        struct cairn_cache_control_rule at = cache_rules_at(opts, i);
        const char *complaint = cache_rules_rule_complaint(&at);
        *rule = i < opts->rule_count ? i + 1 : 0;
        if (complaint)
            return complaint;
    }
    return NULL;
}

struct cairn__cache_rules *cairn__cache_rules_new(const struct cairn_cache_control_options *opts)
{
    size_t count = cache_rules_count(opts);
    struct cairn__cache_rules *self;
    size_t bytes = sizeof(*self) + count * sizeof(self->rules[0]);
    for (size_t i = 0; i < count; i++) {
        struct cairn_cache_control_rule rule = cache_rules_at(opts, i);
        bytes += cairn__option_bytes(rule.path) + cairn__option_bytes(rule.type) +
                 cairn__option_bytes(rule.value);
    }
    self = cairn_alloc_zero(bytes);
    if (!self)
        return NULL;
    char *at = (char *)&self->rules[count];
    self->references = 1;
    self->is_overriding = opts->override;
    self->count = count;
    for (size_t i = 0; i < count; i++) {
        struct cairn_cache_control_rule rule = cache_rules_at(opts, i);
        rule.path = cairn__option_copy(&at, rule.path);
        rule.type = cairn__option_copy(&at, rule.type);
        rule.value = cairn__option_copy(&at, rule.value);
        self->rules[i] = rule;
    }
    return self;
}

void cairn__cache_rules_unref(struct cairn__cache_rules *self)
{
    if (--self->references == 0)
        cairn_free(self);
}
