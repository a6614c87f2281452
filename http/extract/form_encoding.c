#include <cairn/http/extract/form_encoding.h>

#include <cairn/http/text/percent.h>

bool cairn__form_is_encoded(struct cairn_str s)
{
    return s.length && (memchr(s.data, '%', s.length) || memchr(s.data, '+', s.length));
}

size_t cairn__form_decode(struct cairn_str s, char *out)
{
    char *at = out;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.data[i];
        int byte = c == '%' ? cairn__percent_byte(s.data + i, s.data + s.length) : -1;
        if (byte >= 0)
            i += 2;
        *at++ = (char)(byte >= 0 ? byte : c == '+' ? ' ' : c);
    }
    return (size_t)(at - out);
}

static bool form_is_plain(char c)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '*' || c == '-' ||
           c == '.' || c == '_';
}

size_t cairn__form_encoded_length(struct cairn_str s)
{
    size_t length = 0;
    for (size_t i = 0; i < s.length; i++)
        length += form_is_plain(s.data[i]) || s.data[i] == ' ' ? 1 : 3;
    return length;
}

char *cairn__form_encode(struct cairn_str s, char *out)
{
    for (size_t i = 0; i < s.length; i++) {
        if (form_is_plain(s.data[i]))
            *out++ = s.data[i];
        else if (s.data[i] == ' ')
            *out++ = '+';
        else
            out = cairn__percent_encode_byte(s.data[i], out);
    }
    return out;
}
