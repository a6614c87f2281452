#include <cairn/http/base64.h>

#include <stdint.h>

static const char *base64_alphabet(enum cairn_base64 kind)
{
    return kind == CAIRN_BASE64
               ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
               : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}

/* Up to three bytes as the high ones of 24 bits. */
static uint32_t base64_gather(const char *bytes, size_t count)
{
    uint32_t word = 0;
    for (size_t i = 0; i < 3; i++)
        word = word << 8 | (i < count ? (unsigned char)bytes[i] : 0);
    return word;
}

size_t cairn_base64_encode(enum cairn_base64 kind, struct cairn_str bytes, char *out)
{
    const char *alphabet = base64_alphabet(kind);
    char *at = out;
    while (bytes.length > 0) {
        size_t count = bytes.length < 3 ? bytes.length : 3;
        uint32_t word = base64_gather(bytes.data, count);
        for (size_t i = 0; i <= count; i++)
            *at++ = alphabet[word >> (18 - 6 * i) & 63];
        for (size_t i = count; i < 3 && kind == CAIRN_BASE64; i++)
            *at++ = '=';
        bytes.data += count;
        bytes.length -= count;
    }
    return (size_t)(at - out);
}

/* 0 to 63; 64 for what is not of the alphabet. */
static uint32_t base64_value(enum cairn_base64 kind, char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    if (c == (kind == CAIRN_BASE64 ? '+' : '-'))
        return 62;
    return c == (kind == CAIRN_BASE64 ? '/' : '_') ? 63 : 64;
}

/* Takes the filling off TEXT. False when its length is not that of a text of KIND. */
static bool base64_unpad(enum cairn_base64 kind, struct cairn_str *text)
{
    if (kind == CAIRN_BASE64) {
        if (text->length % 4 != 0)
            return false;
        for (int i = 0; i < 2 && text->length > 0 && text->data[text->length - 1] == '='; i++)
            text->length--;
    }
    return text->length % 4 != 1;
}

/* COUNT characters, two to four, as COUNT - 1 bytes. */
static bool base64_group(enum cairn_base64 kind, const char *text, size_t count, char *out)
{
    uint32_t word = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t value = i < count ? base64_value(kind, text[i]) : 0;
        if (value > 63)
            return false;
        word = word << 6 | value;
    }
    for (size_t i = 0; i + 1 < count; i++)
        out[i] = (char)(word >> (16 - 8 * i));
    return count == 4 || (word & (0xffffffu >> 8 * (count - 1))) == 0;
}

bool cairn_base64_decode(enum cairn_base64 kind, struct cairn_str text, char *out, size_t *length)
{
    const char *begin = out;
    if (!base64_unpad(kind, &text))
        return false;
    while (text.length > 0) {
        size_t count = text.length < 4 ? text.length : 4;
        if (!base64_group(kind, text.data, count, out))
            return false;
        out += count - 1;
        text.data += count;
        text.length -= count;
    }
    *length = (size_t)(out - begin);
    return true;
}

struct cairn_str cairn_base64_encode_in(
    struct cairn_arena *arena, enum cairn_base64 kind, struct cairn_str bytes)
{
    char *text = cairn_arena_alloc_text(arena, CAIRN_BASE64_SIZE(bytes.length) + 1);
    if (!text)
        return cairn_str_of(NULL, 0);
    size_t length = cairn_base64_encode(kind, bytes, text);
    text[length] = '\0';
    return cairn_str_of(text, length);
}

struct cairn_str cairn_base64_decode_in(
    struct cairn_arena *arena, enum cairn_base64 kind, struct cairn_str text)
{
    size_t length;
    char *bytes = cairn_arena_alloc_text(arena, text.length / 4 * 3 + 3);
    if (!bytes || !cairn_base64_decode(kind, text, bytes, &length))
        return cairn_str_of(NULL, 0);
    bytes[length] = '\0';
    return cairn_str_of(bytes, length);
}
