#include <cairn/http/layers/origin.h>

#include <cairn/http/codec/target.h>

static bool origin_is_scheme(struct cairn_str s)
{
    if (s.length == 0 || s.data[0] < 'a' || s.data[0] > 'z')
        return false;
    for (size_t i = 1; i < s.length; i++) {
        char c = s.data[i];
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.')
            return false;
    }
    return true;
}

/* A host with one of these is syntax, but no browser sends it: it would never be equal. */
static bool origin_is_in_vain(struct cairn_str authority)
{
    for (size_t i = 0; i < authority.length; i++) {
        char c = authority.data[i];
        if ((c >= 'A' && c <= 'Z') || c == '*')
            return true;
    }
    return false;
}

/* PORT with its colon. The scheme's own is left out by a browser, which would never be equal. */
static bool origin_is_port(struct cairn_str scheme, struct cairn_str port)
{
    unsigned long long number;
    if (port.length == 0)
        return true;
    if (!cairn_str_to_u64(cairn_str_of(port.data + 1, port.length - 1), &number) ||
        number > 65535 || port.data[1] == '0')
        return false;
    return !(number == 80 && cairn_str_equal(scheme, CAIRN_STR("http"))) &&
           !(number == 443 && cairn_str_equal(scheme, CAIRN_STR("https")));
}

bool cairn__origin_is_valid(struct cairn_str s)
{
    const char *colon = s.length ? memchr(s.data, ':', s.length) : NULL;
    size_t host_length = 0;
    if (!colon || s.data + s.length - colon < 3 || memcmp(colon, "://", 3) != 0)
        return false;
    struct cairn_str scheme = cairn_str_of(s.data, (size_t)(colon - s.data));
    struct cairn_str authority = cairn_str_of(colon + 3, s.length - scheme.length - 3);
    if (!origin_is_scheme(scheme) || origin_is_in_vain(authority) ||
        !cairn__authority_parse(authority, &host_length) || host_length == 0)
        return false;
    return origin_is_port(
        scheme, cairn_str_of(authority.data + host_length, authority.length - host_length));
}
