#include <cairn/http/text/utf8.h>

/* What a lead byte says: how many bytes follow, and its bits of the code point. */
static size_t utf8_lead(unsigned char c, uint32_t *code)
{
    static const unsigned char bits[] = {0x7f, 0x1f, 0x0f, 0x07};
    size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    *code = c & bits[more];
    return more;
}

static bool utf8_is_allowed(uint32_t code, size_t more)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    return code >= least[more] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

size_t cairn__utf8_character(struct cairn_str s, uint32_t *code)
{
    unsigned char first = (unsigned char)s.data[0];
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4)
        return 0;
    size_t more = utf8_lead(first, code);
    if (more >= s.length)
        return 0;
    for (size_t i = 1; i <= more; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if ((c & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (c & 0x3f);
    }
    return utf8_is_allowed(*code, more) ? more + 1 : 0;
}

bool cairn__utf8_is_valid(struct cairn_str s)
{
    uint32_t code;
    while (s.length > 0) {
        size_t length = cairn__utf8_character(s, &code);
        if (length == 0)
            return false;
        s = cairn_str_of(s.data + length, s.length - length);
    }
    return true;
}
