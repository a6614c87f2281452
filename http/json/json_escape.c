#include <cairn/http/json/json_escape.h>

#include <cairn/http/codec/blocks.h>
#include <cairn/http/json/json_plain.h>
#include <cairn/http/text/utf8.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* More than that is not looked at as a whole: what needs an escape may stand at its end. */
#define JSON_SHORT 64

static inline bool json_is_plain(char c)
{
    return (unsigned char)(c - ' ') <= '~' - ' ' && c != '"' && c != '\\';
}

/* Copies S to OUT, which has the room. False: not all of it is plain. */
static inline bool json_copy_short(struct cairn_str s, char *out)
{
    if (s.length >= 8) {
        if (!cairn__blocks_are(s.data, s.length, cairn__json_not_plain))
            return false;
        cairn__put(out, s.data, s.length);
        return true;
    }
    for (size_t i = 0; i < s.length; i++) {
        if (!json_is_plain(s.data[i]))
            return false;
        out[i] = s.data[i];
    }
    return true;
}

/* How many bytes at the start of S need no escape. */
static size_t json_plain(struct cairn_str s)
{
    size_t i = 0;
    for (cairn__block block; s.length - i >= sizeof(block); i += sizeof(block)) {
        memcpy(&block, s.data + i, sizeof(block));
        if (!cairn__block_is_zero(cairn__json_not_plain(block)))
            break;
    }
    while (i < s.length && json_is_plain(s.data[i]))
        i++;
    return i;
}

static bool json_must_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

static size_t json_write_code(uint32_t code, char *text)
{
    static const char digits[] = "0123456789abcdef";
    text[0] = '\\';
    text[1] = 'u';
    for (unsigned i = 0; i < 4; i++)
        text[2 + i] = digits[code >> (12 - 4 * i) & 15];
    return 6;
}

/* Writes the character at the start of S into TEXT; *USED is its length in S. */
static size_t json_character(struct cairn_str s, char *text, size_t *used)
{
    uint32_t code = 0;
    *used = cairn__utf8_character(s, &code);
    if (*used == 0) {
        *used = 1;
        return json_write_code(0xfffd, text);
    }
    if (json_must_escape(code))
        return json_write_code(code, text);
    if (code == '"' || code == '\\') {
        text[0] = '\\';
        text[1] = (char)code;
        return 2;
    }
    memcpy(text, s.data, *used);
    return *used;
}

static size_t json_escape(struct cairn_str *s, char *out, size_t size)
{
    size_t written = 0;
    while (s->length > 0 && written < size) {
        char text[CAIRN__JSON_ESCAPE_MOST];
        const char *piece = s->data;
        size_t used = json_plain(*s);
        size_t length = used;
        if (used == 0) {
            length = json_character(*s, text, &used);
            piece = text;
            if (length > size - written)
                break;
        } else if (length > size - written) {
            length = used = size - written;
        }
        memcpy(out + written, piece, length);
        written += length;
        s->data += used;
        s->length -= used;
    }
    return written;
}

size_t cairn__json_escape_next(struct cairn_str *s, char *out, size_t size)
{
    size_t length = s->length;
    if (length > size || length > JSON_SHORT || !json_copy_short(*s, out))
        return json_escape(s, out, size);
    s->data += length;
    s->length = 0;
    return length;
}

size_t cairn__json_escape(struct cairn_str s, char *out, size_t size)
{
    if (s.length > size || s.length > JSON_SHORT || !json_copy_short(s, out))
        return json_escape(&s, out, size);
    return s.length;
}
