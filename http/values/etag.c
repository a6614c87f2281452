#include <cairn/http/etag.h>

#include <cairn/http/codec/ows.h>

/* etagc: visible but for the quote, and obs-text. */
static bool etag_is_char(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte > 0x20 && byte != '"' && byte != 0x7f;
}

/* Cuts a tag off the front of *S. */
static bool etag_take(struct cairn_str *s, struct cairn_http_etag *out)
{
    const char *at = s->data;
    const char *end = s->data + s->length;
    bool is_weak = s->length > 2 && at[0] == 'W' && at[1] == '/';
    if (is_weak)
        at += 2;
    if (at == end || *at++ != '"')
        return false;
    const char *begin = at;
    while (at < end && etag_is_char(*at))
        at++;
    if (at == end || *at != '"')
        return false;
    out->opaque = cairn_str_of(begin, (size_t)(at - begin));
    out->is_weak = is_weak;
    at++;
    *s = cairn_str_of(at, (size_t)(end - at));
    return true;
}

bool cairn_http_etag_parse(struct cairn_str s, struct cairn_http_etag *out)
{
    struct cairn_http_etag tag;
    if (!s.length || !etag_take(&s, &tag) || s.length)
        return false;
    *out = tag;
    return true;
}

bool cairn_http_etag_equal_weak(struct cairn_http_etag a, struct cairn_http_etag b)
{
    return a.opaque.data && b.opaque.data && cairn_str_equal(a.opaque, b.opaque);
}

bool cairn_http_etag_equal_strong(struct cairn_http_etag a, struct cairn_http_etag b)
{
    return !a.is_weak && !b.is_weak && cairn_http_etag_equal_weak(a, b);
}

/* Between two elements: a comma, or the end. */
static bool etag_is_between(struct cairn_str s)
{
    return s.length == 0 || *s.data == ',';
}

enum cairn_http_etag_match cairn_http_etag_match_list(struct cairn_str list,
    struct cairn_http_etag tag, bool (*equal)(struct cairn_http_etag, struct cairn_http_etag))
{
    enum cairn_http_etag_match match = CAIRN_HTTP_ETAG_DIFFERS;
    for (;;) {
        list = cairn__ows_skip(list);
        if (!etag_is_between(list)) {
            struct cairn_http_etag other;
            if (!etag_take(&list, &other))
                return CAIRN_HTTP_ETAG_MALFORMED;
            if (equal(tag, other))
                match = CAIRN_HTTP_ETAG_MATCHES;
            list = cairn__ows_skip(list);
        }
        if (!etag_is_between(list))
            return CAIRN_HTTP_ETAG_MALFORMED;
        if (list.length == 0)
            return match;
        list.data++;
        list.length--;
    }
}
