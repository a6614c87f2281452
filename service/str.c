#include <cairn/service/str.h>

static unsigned char str_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

bool cairn_str_equal_nocase(struct cairn_str a, struct cairn_str b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++) {
        if (a.data[i] != b.data[i] &&
            str_lower((unsigned char)a.data[i]) != str_lower((unsigned char)b.data[i]))
            return false;
    }
    return true;
}

bool cairn_str_to_u64(struct cairn_str s, unsigned long long *out)
{
    unsigned long long value = 0;
    if (s.length == 0)
        return false;
    for (size_t i = 0; i < s.length; i++) {
        unsigned digit = (unsigned)(unsigned char)s.data[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(value, 10ULL, &value) ||
            __builtin_add_overflow(value, (unsigned long long)digit, &value))
            return false;
    }
    *out = value;
    return true;
}
