#include <cairn/http/cookie.h>

#include <cairn/http/codec/chars.h>
#include <cairn/http/codec/ows.h>

/* Cuts what is in front of the next semicolon off *REST, which is absent after the last one. */
static struct cairn_str cookie_cut(struct cairn_str *rest)
{
    struct cairn_str piece = *rest;
    const char *end = piece.length ? memchr(piece.data, ';', piece.length) : NULL;
    if (end) {
        piece.length = (size_t)(end - piece.data);
        *rest = cairn_str_of(end + 1, rest->length - piece.length - 1);
    } else {
        *rest = cairn_str_of(NULL, 0);
    }
    return cairn__ows_trim(piece);
}

static bool cookie_is_octets(struct cairn_str s)
{
    const char *end = s.data + s.length;
    return cairn__chars_skip(s.data, end, CAIRN__CHAR_COOKIE) == end;
}

static bool cookie_is_name(struct cairn_str s)
{
    return cairn_http_is_token(s) && s.data[0] != '$';
}

static bool cookie_read(struct cairn_str piece, struct cairn_http_cookie *cookie)
{
    const char *equals = piece.length ? memchr(piece.data, '=', piece.length) : NULL;
    if (!equals)
        return false;
    struct cairn_str name = cairn_str_of(piece.data, (size_t)(equals - piece.data));
    struct cairn_str value = cairn_str_of(equals + 1, piece.length - name.length - 1);
    if (value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"')
        value = cairn_str_of(value.data + 1, value.length - 2);
    if (!cookie_is_name(name) || !cookie_is_octets(value))
        return false;
    *cookie = (struct cairn_http_cookie){name, value};
    return true;
}

/* Whether a parser that knows quoted strings (RFC 2109) may take what is behind PIECE as a part of
 * it. */
static bool cookie_runs_on(struct cairn_str piece)
{
    size_t quotes = 0;
    bool is_escaped = false;
    for (size_t i = 0; i < piece.length; i++) {
        quotes += piece.data[i] == '"';
        is_escaped |= piece.data[i] == '\\';
    }
    return quotes % 2 != 0 || (quotes > 0 && is_escaped);
}

bool cairn_http_cookie_next(const struct cairn_http_request *req,
    struct cairn_http_cookie_cursor *cursor, struct cairn_http_cookie *cookie)
{
    for (;;) {
        if (!cursor->rest.data && !cairn_http_fields_next(&req->fields, CAIRN_STR("Cookie"),
                                      &cursor->field, &cursor->rest))
            return false;
        struct cairn_str piece = cookie_cut(&cursor->rest);
        if (cookie_read(piece, cookie))
            return true;
        if (cookie_runs_on(piece))
            cursor->rest = cairn_str_of(NULL, 0);
    }
}

struct cairn_str cairn_http_cookie_get(const struct cairn_http_request *req, const char *name)
{
    struct cairn_http_cookie_cursor cursor = {0};
    struct cairn_http_cookie cookie;
    while (cairn_http_cookie_next(req, &cursor, &cookie)) {
        if (cairn_str_equal(cookie.name, cairn_str_from(name)))
            return cookie.value;
    }
    return cairn_str_of(NULL, 0);
}
