#include <cairn/http/text/percent.h>

static int percent_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int cairn__percent_byte(const char *p, const char *end)
{
    int high = end - p > 2 ? percent_digit(p[1]) : -1;
    int low = end - p > 2 ? percent_digit(p[2]) : -1;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static const char *percent_next(const char *p, const char *end)
{
    return p < end ? memchr(p, '%', (size_t)(end - p)) : NULL;
}

bool cairn__percent_is_in(struct cairn_str s)
{
    return s.length && percent_next(s.data, s.data + s.length);
}

bool cairn__percent_is_valid(struct cairn_str s)
{
    if (s.length == 0)
        return true;
    const char *end = s.data + s.length;
    for (const char *p = s.data; (p = percent_next(p, end)); p += 3) {
        if (cairn__percent_byte(p, end) <= 0)
            return false;
    }
    return true;
}

size_t cairn__percent_decode(struct cairn_str s, char *out)
{
    char *at = out;
    for (size_t i = 0; i < s.length; i++) {
        if (s.data[i] != '%') {
            *at++ = s.data[i];
            continue;
        }
        *at++ = (char)cairn__percent_byte(s.data + i, s.data + s.length);
        i += 2;
    }
    return (size_t)(at - out);
}

char *cairn__percent_encode_byte(char c, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    *out++ = '%';
    *out++ = digits[(unsigned char)c >> 4];
    *out++ = digits[(unsigned char)c & 15];
    return out;
}
