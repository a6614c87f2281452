#include <cairn/http/values/params.h>

#include <cairn/http/codec/chars.h>
#include <cairn/http/codec/ows.h>

static void params_skip(struct cairn_str *text, size_t length)
{
    text->data += length;
    text->length -= length;
}

static struct cairn_str params_token(struct cairn_str *text)
{
    const char *end = text->data + text->length;
    const char *stop = cairn__chars_skip(text->data, end, CAIRN__CHAR_TOKEN);
    struct cairn_str token = cairn_str_of(text->data, (size_t)(stop - text->data));
    params_skip(text, token.length);
    return token;
}

/* TEXT begins with a quote. False when the string does not end, or holds what it may not. */
static bool params_quoted(struct cairn_str *text, struct cairn_str *out)
{
    for (size_t i = 1; i < text->length; i++) {
        if (text->data[i] == '"') {
            *out = cairn_str_of(text->data + 1, i - 1);
            params_skip(text, i + 1);
            return true;
        }
        if (text->data[i] == '\\')
            i++;
        if (i < text->length && !cairn__char_is(text->data[i], CAIRN__CHAR_VALUE))
            return false;
    }
    return false;
}

bool cairn__param_read(struct cairn_str *text, struct cairn__param *out)
{
    out->name = params_token(text);
    if (out->name.length == 0 || text->length == 0 || text->data[0] != '=')
        return false;
    params_skip(text, 1);
    out->is_quoted = text->length && text->data[0] == '"';
    if (out->is_quoted)
        return params_quoted(text, &out->value);
    out->value = params_token(text);
    return out->value.length > 0;
}

enum cairn__params_step cairn__params_next(struct cairn_str *text, struct cairn__param *out)
{
    *text = cairn__ows_skip(*text);
    if (text->length == 0)
        return CAIRN__PARAMS_END;
    if (text->data[0] != ';')
        return CAIRN__PARAMS_BROKEN;
    while (text->length && text->data[0] == ';') {
        params_skip(text, 1);
        *text = cairn__ows_skip(*text);
    }
    if (text->length == 0)
        return CAIRN__PARAMS_END;
    return cairn__param_read(text, out) ? CAIRN__PARAMS_FOUND : CAIRN__PARAMS_BROKEN;
}

/* The next byte of PARAM's value, and *AT behind it; -1 at its end. */
static int params_byte(const struct cairn__param *param, size_t *at)
{
    if (param->is_quoted && *at < param->value.length && param->value.data[*at] == '\\')
        ++*at;
    return *at < param->value.length ? (unsigned char)param->value.data[(*at)++] : -1;
}

static int params_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

bool cairn__param_equal_nocase(const struct cairn__param *a, const struct cairn__param *b)
{
    size_t at_a = 0;
    size_t at_b = 0;
    for (;;) {
        int of_a = params_lower(params_byte(a, &at_a));
        if (of_a != params_lower(params_byte(b, &at_b)))
            return false;
        if (of_a < 0)
            return true;
    }
}

size_t cairn__param_unescape(struct cairn_str value, char *out)
{
    const struct cairn__param param = {.value = value, .is_quoted = true};
    size_t length = 0;
    size_t at = 0;
    for (int c; (c = params_byte(&param, &at)) >= 0;)
        out[length++] = (char)c;
    return length;
}
