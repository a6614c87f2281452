#include <cairn/http/media_type.h>

#include <cairn/http/codec/chars.h>
#include <cairn/http/values/params.h>

static bool media_type_params_are_valid(struct cairn_str rest)
{
    struct cairn__param param;
    enum cairn__params_step step;
    do
        step = cairn__params_next(&rest, &param);
    while (step == CAIRN__PARAMS_FOUND);
    return step == CAIRN__PARAMS_END;
}

static struct cairn_str media_type_token(const char **at, const char *end)
{
    const char *start = *at;
    *at = cairn__chars_skip(start, end, CAIRN__CHAR_TOKEN);
    return cairn_str_of(start, (size_t)(*at - start));
}

static struct cairn_str media_type_suffix(struct cairn_str subtype)
{
    for (size_t i = subtype.length; i > 0; i--) {
        if (subtype.data[i - 1] == '+')
            return cairn_str_of(subtype.data + i, subtype.length - i);
    }
    return cairn_str_of(NULL, 0);
}

bool cairn_http_media_type_parse(struct cairn_str text, struct cairn_http_media_type *out)
{
    if (text.length == 0)
        return false;
    const char *at = text.data;
    const char *end = at + text.length;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    out->type = media_type_token(&at, end);
    if (out->type.length == 0 || at == end || *at++ != '/')
        return false;
    out->subtype = media_type_token(&at, end);
    out->suffix = media_type_suffix(out->subtype);
    out->params = cairn_str_of(at, (size_t)(end - at));
    return out->subtype.length > 0 && media_type_params_are_valid(out->params);
}

bool cairn_http_media_type_of(
    const struct cairn_http_fields *fields, struct cairn_http_media_type *out)
{
    size_t cursor = 0;
    struct cairn_str value;
    struct cairn_str second;
    const struct cairn_str name = CAIRN_STR("Content-Type");
    return cairn_http_fields_next(fields, name, &cursor, &value) &&
           !cairn_http_fields_next(fields, name, &cursor, &second) &&
           cairn_http_media_type_parse(value, out);
}

bool cairn_http_media_type_is(const struct cairn_http_media_type *self, const char *pattern)
{
    struct cairn_str wanted = cairn_str_from(pattern);
    if (wanted.length && wanted.data[0] == '+') {
        wanted = cairn_str_of(wanted.data + 1, wanted.length - 1);
        return cairn_str_equal_nocase(self->suffix.data ? self->suffix : self->subtype, wanted);
    }
    const char *slash = wanted.length ? memchr(wanted.data, '/', wanted.length) : NULL;
    if (!slash)
        return false;
    size_t length = (size_t)(slash - wanted.data);
    struct cairn_str subtype = cairn_str_of(slash + 1, wanted.length - length - 1);
    return cairn_str_equal_nocase(self->type, cairn_str_of(wanted.data, length)) &&
           (subtype.length == 0 || cairn_str_equal_nocase(self->subtype, subtype));
}

static bool media_type_find(
    const struct cairn_http_media_type *self, struct cairn_str name, struct cairn__param *out)
{
    struct cairn_str rest = self->params;
    while (cairn__params_next(&rest, out) == CAIRN__PARAMS_FOUND) {
        if (cairn_str_equal_nocase(out->name, name))
            return true;
    }
    return false;
}

int cairn_http_media_type_param(const struct cairn_http_media_type *self, const char *name,
    struct cairn_arena *arena, struct cairn_str *out)
{
    struct cairn__param param;
    *out = cairn_str_of(NULL, 0);
    if (!media_type_find(self, cairn_str_from(name), &param))
        return 0;
    *out = param.value;
    if (param.value.length == 0 || !memchr(param.value.data, '\\', param.value.length))
        return 1;
    char *copy = cairn_arena_alloc_text(arena, param.value.length);
    *out = cairn_str_of(copy, copy ? cairn__param_unescape(param.value, copy) : 0);
    return copy ? 1 : -1;
}

bool cairn_http_media_type_is_utf8(const struct cairn_http_media_type *self)
{
    struct cairn__param charset;
    const struct cairn__param utf8 = {.value = CAIRN_STR_INIT("utf-8")};
    const struct cairn__param ascii = {.value = CAIRN_STR_INIT("us-ascii")};
    return !media_type_find(self, CAIRN_STR("charset"), &charset) ||
           cairn__param_equal_nocase(&charset, &utf8) ||
           cairn__param_equal_nocase(&charset, &ascii);
}
