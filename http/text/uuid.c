#include <cairn/http/uuid.h>

static bool uuid_is_hyphen(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

static int uuid_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool cairn_uuid_parse(struct cairn_str text, struct cairn_uuid *out)
{
    struct cairn_uuid uuid = {{0}};
    size_t digits = 0;
    if (text.length != CAIRN_UUID_LENGTH)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (uuid_is_hyphen(i)) {
            if (text.data[i] != '-')
                return false;
            continue;
        }
        int digit = uuid_digit(text.data[i]);
        if (digit < 0)
            return false;
        unsigned char *byte = &uuid.bytes[digits++ / 2];
        *byte = (unsigned char)(*byte << 4 | digit);
    }
    *out = uuid;
    return true;
}

void cairn_uuid_format(const struct cairn_uuid *uuid, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t done = 0;
    for (size_t i = 0; i < CAIRN_UUID_LENGTH; i++) {
        if (uuid_is_hyphen(i)) {
            out[i] = '-';
            continue;
        }
        unsigned byte = uuid->bytes[done / 2];
        out[i] = digits[done++ % 2 ? byte & 15 : byte >> 4];
    }
}
