#include <cairn/http/values/cache_directives.h>

#include <cairn/http/codec/ows.h>

int64_t cairn__cache_seconds(struct cairn_str text)
{
    int64_t seconds = 0;
    if (text.length == 0)
        return -1;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        seconds = seconds * 10 + (text.data[i] - '0');
        if (seconds > CAIRN__CACHE_MOST_S)
            seconds = CAIRN__CACHE_MOST_S;
    }
    return seconds;
}

/* How far the first element of LIST goes: to a comma that is in no quoted string. */
static size_t directives_element(struct cairn_str list)
{
    bool is_quoted = false;
    size_t i = 0;
    for (; i < list.length && (is_quoted || list.data[i] != ','); i++) {
        if (list.data[i] == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && list.data[i] == '\\' && i + 1 < list.length)
            i++;
    }
    return i;
}

static int64_t directives_seconds(struct cairn_str value)
{
    bool is_quoted =
        value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"';
    if (is_quoted)
        value = cairn_str_of(value.data + 1, value.length - 2);
    int64_t seconds = cairn__cache_seconds(value);
    return seconds < 0 ? 0 : seconds;
}

static void directives_lower(int64_t *to, struct cairn_str value)
{
    int64_t seconds = directives_seconds(value);
    if (*to < 0 || seconds < *to)
        *to = seconds;
}

static void directives_note(
    struct cairn__cache_directives *out, struct cairn_str name, struct cairn_str value)
{
    if (cairn_str_equal_nocase(name, CAIRN_STR("no-store")))
        out->no_store = true;
    else if (cairn_str_equal_nocase(name, CAIRN_STR("no-cache")))
        out->no_cache = true;
    else if (cairn_str_equal_nocase(name, CAIRN_STR("private")))
        out->is_private = true;
    else if (cairn_str_equal_nocase(name, CAIRN_STR("must-revalidate")) ||
             cairn_str_equal_nocase(name, CAIRN_STR("proxy-revalidate")))
        out->must_revalidate = true;
    else if (cairn_str_equal_nocase(name, CAIRN_STR("max-age")))
        directives_lower(&out->max_age_s, value);
    else if (cairn_str_equal_nocase(name, CAIRN_STR("s-maxage")))
        directives_lower(&out->s_maxage_s, value);
    else if (cairn_str_equal_nocase(name, CAIRN_STR("stale-if-error")))
        directives_lower(&out->stale_if_error_s, value);
}

static void directives_parse_element(struct cairn__cache_directives *out, struct cairn_str element)
{
    const char *equals = element.length ? memchr(element.data, '=', element.length) : NULL;
    size_t length = equals ? (size_t)(equals - element.data) : element.length;
    struct cairn_str value = CAIRN_STR("");
    if (equals)
        value = cairn_str_of(equals + 1, element.length - length - 1);
    directives_note(
        out, cairn__ows_trim(cairn_str_of(element.data, length)), cairn__ows_trim(value));
}

static void directives_parse_line(struct cairn__cache_directives *out, struct cairn_str line)
{
    while (line.length > 0) {
        size_t length = directives_element(line);
        directives_parse_element(out, cairn_str_of(line.data, length));
        length += length < line.length; /* the comma */
        line = cairn_str_of(line.data + length, line.length - length);
    }
}

void cairn__cache_directives_parse(
    const struct cairn_http_fields *fields, struct cairn__cache_directives *out)
{
    struct cairn_str line;
    *out =
        (struct cairn__cache_directives){.max_age_s = -1, .s_maxage_s = -1, .stale_if_error_s = -1};
    for (size_t cursor = 0;
         cairn_http_fields_next(fields, CAIRN_STR("Cache-Control"), &cursor, &line);)
        directives_parse_line(out, line);
}
