#include <cairn/http/json/json_escape.h>

#include <cairn/http/text/utf8.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool json_is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#define JSON_ONES 0x0101010101010101u

/* A high bit is set where a byte of WORD is less than LEAST, which is at most 0x80; that of another
 * byte only above such a one. */
static inline uint64_t json_less(uint64_t word, unsigned char least)
{
    return (word - JSON_ONES * least) & ~word;
}

static inline bool json_word_is_plain(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    uint64_t found = word | json_less(word, 0x20) | json_less(word ^ JSON_ONES * 0x7f, 1) |
                     json_less(word ^ JSON_ONES * '"', 1) | json_less(word ^ JSON_ONES * '\\', 1);
    return (found & JSON_ONES * 0x80) == 0;
}

/* How many bytes at the start of S need no escape. Eight at once as long as none of them does. */
static size_t json_plain(struct cairn_str s)
{
    size_t i = 0;
    while (s.length - i >= sizeof(uint64_t) && json_word_is_plain(s.data + i))
        i += sizeof(uint64_t);
    while (i < s.length && json_is_plain((unsigned char)s.data[i]))
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

size_t cairn__json_escape_next(struct cairn_str *s, char *out, size_t size)
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

size_t cairn__json_escape(struct cairn_str s, char *out, size_t size)
{
    return cairn__json_escape_next(&s, out, size);
}
