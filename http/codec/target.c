#include <cairn/http/codec/target.h>

#include <cairn/http/codec/blocks.h>
#include <cairn/http/codec/chars.h>

/* The length of "http://" or "https://" in front of TARGET; 0 when there is neither. */
static size_t target_scheme(struct cairn_str target)
{
    if (target.length >= 7 &&
        cairn_str_equal_nocase(cairn_str_of(target.data, 7), CAIRN_STR("http://")))
        return 7;
    if (target.length >= 8 &&
        cairn_str_equal_nocase(cairn_str_of(target.data, 8), CAIRN_STR("https://")))
        return 8;
    return 0;
}

static size_t target_authority_end(struct cairn_str target, size_t at)
{
    while (at < target.length && target.data[at] != '/' && target.data[at] != '?')
        at++;
    return at;
}

static void target_split_path(struct cairn_str rest, struct cairn__target *out)
{
    const char *mark = rest.length ? memchr(rest.data, '?', rest.length) : NULL;
    out->path = rest;
    out->query = cairn_str_of(NULL, 0);
    if (!mark)
        return;
    out->path.length = (size_t)(mark - rest.data);
    out->query = cairn_str_of(mark + 1, rest.length - out->path.length - 1);
}

void cairn__target_split(struct cairn_str target, struct cairn__target *out)
{
    out->authority = cairn_str_of(NULL, 0);
    size_t scheme = target.length && target.data[0] != '/' ? target_scheme(target) : 0;
    if (scheme == 0) {
        target_split_path(target, out);
        return;
    }
    size_t end = target_authority_end(target, scheme);
    out->authority = cairn_str_of(target.data + scheme, end - scheme);
    target_split_path(cairn_str_of(target.data + end, target.length - end), out);
    if (out->path.length == 0)
        out->path = CAIRN_STR("/");
}

/* The end of an IP-literal, past its bracket; NULL when it is none. */
static const char *authority_literal(const char *p, const char *end)
{
    const char *inside = ++p;
    while (p < end && (cairn__char_is(*p, CAIRN__CHAR_HOST) || *p == ':'))
        p++;
    return p > inside && p < end && *p == ']' ? p + 1 : NULL;
}

/* The end of a registered name or an IPv4 address, which has its characters; also an empty one. */
static const char *authority_name(const char *p, const char *end)
{
    p = cairn__chars_skip(p, end, CAIRN__CHAR_HOST);
    while (end - p >= 3 && *p == '%' && cairn__char_is(p[1], CAIRN__CHAR_HEX) &&
           cairn__char_is(p[2], CAIRN__CHAR_HEX))
        p = cairn__chars_skip(p + 3, end, CAIRN__CHAR_HOST);
    return p;
}

bool cairn__authority_parse(struct cairn_str authority, size_t *host_length)
{
    if (authority.length >= 8 &&
        cairn__blocks_are(authority.data, authority.length, cairn__block_no_host)) {
        *host_length = authority.length;
        return true;
    }
    const char *p = authority.data;
    const char *end = p + authority.length;
    p = p < end && *p == '[' ? authority_literal(p, end) : authority_name(p, end);
    if (!p)
        return false;
    *host_length = (size_t)(p - authority.data);
    if (p == end)
        return true;
    if (*p++ != ':')
        return false;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p == end;
}

/* RFC 9110 section 4.2.1: an http URI has a host. CONNECT names a port, too. */
static bool target_authority_is_valid(struct cairn_str authority, bool needs_port)
{
    size_t host = 0;
    if (!authority.data || !cairn__authority_parse(authority, &host) || host == 0)
        return false;
    return !needs_port || authority.length >= host + 2;
}

struct cairn__verdict cairn__target_check(struct cairn_str method, struct cairn_str target)
{
    if (cairn_str_equal(method, CAIRN_STR("CONNECT")))
        return target_authority_is_valid(target, true)
                   ? cairn__accept()
                   : cairn__refuse(400, "the target of CONNECT is no host and port");
    if (target.data[0] == '/')
        return cairn__accept();
    if (cairn_str_equal(target, CAIRN_STR("*")))
        return cairn_str_equal(method, CAIRN_STR("OPTIONS"))
                   ? cairn__accept()
                   : cairn__refuse(400, "the target * with another method than OPTIONS");
    struct cairn__target parts;
    cairn__target_split(target, &parts);
    return target_authority_is_valid(parts.authority, false)
               ? cairn__accept()
               : cairn__refuse(400, "the target is no path and no http URI");
}
