#include <cairn/http/attachment.h>

#include <stdbool.h>
#include <string.h>

#include <cairn/http/text/percent.h>

#define ATTACHMENT_PLAIN "attachment; filename=\""
#define ATTACHMENT_ENCODED "\"; filename*=UTF-8''"

static bool attachment_is_tail(const unsigned char *p, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return false;
    }
    return true;
}

/* Bytes of the UTF-8 character at AT, or 0: none that is allowed. RFC 3629 section 4. */
static size_t attachment_character(const char *at)
{
    const unsigned char *p = (const unsigned char *)at;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        return attachment_is_tail(p + 1, 1) ? 2 : 0;
    if (p[0] >= 0xe0 && p[0] <= 0xef && attachment_is_tail(p + 1, 2))
        return (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ? 0 : 3;
    if (p[0] >= 0xf0 && p[0] <= 0xf4 && attachment_is_tail(p + 1, 3))
        return (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) ? 0 : 4;
    return 0;
}

static bool attachment_is_bad(const char *at, size_t length)
{
    unsigned char c = (unsigned char)*at;
    bool is_c1 = length == 2 && c == 0xc2 && (unsigned char)at[1] < 0xa0;
    return length == 0 || c < 0x20 || c == 0x7f || c == '/' || c == '\\' || is_c1;
}

/* May stand between quotes as it is, and nobody takes it for something else. */
static bool attachment_is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '%';
}

/* attr-char, RFC 8187 section 3.2.1. */
static bool attachment_is_attr(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$&+-.^_`|~", c));
}

/* The name for all clients. *IS_SAME: it says everything. */
static char *attachment_put_plain(char *out, const char *name, bool *is_same)
{
    while (*name) {
        size_t length = attachment_character(name);
        bool is_bad = attachment_is_bad(name, length);
        bool is_plain = !is_bad && attachment_is_plain(*name);
        *out++ = is_plain ? *name : '_';
        *is_same = *is_same && (is_plain || is_bad);
        name += length ? length : 1;
    }
    return out;
}

static char *attachment_put_encoded(char *out, const char *name)
{
    while (*name) {
        size_t length = attachment_character(name);
        if (attachment_is_bad(name, length)) {
            *out++ = '_';
            name += length ? length : 1;
            continue;
        }
        for (; length; length--, name++) {
            if (attachment_is_attr(*name))
                *out++ = *name;
            else
                out = cairn__percent_encode_byte(*name, out);
        }
    }
    return out;
}

static char *attachment_put(char *out, const char *text)
{
    size_t length = strlen(text);
    memcpy(out, text, length);
    return out + length;
}

int cairn_http_response_attach(struct cairn_http_response *res, const char *filename)
{
    const struct cairn_str name = CAIRN_STR("Content-Disposition");
    bool is_same = true;
    size_t room = sizeof(ATTACHMENT_PLAIN ATTACHMENT_ENCODED);
    if (!filename)
        return cairn_http_fields_set(&res->fields, name, CAIRN_STR("attachment"));
    size_t length;
    if (__builtin_mul_overflow(strlen(filename), (size_t)4, &length) ||
        __builtin_add_overflow(length, room, &room))
        return -1;
    char *text = cairn_arena_alloc_text(res->arena, room);
    if (!text)
        return -1;
    char *at = attachment_put(text, ATTACHMENT_PLAIN);
    at = attachment_put_plain(at, filename, &is_same);
    if (is_same)
        at = attachment_put(at, "\"");
    else
        at = attachment_put_encoded(attachment_put(at, ATTACHMENT_ENCODED), filename);
    return cairn_http_fields_set(&res->fields, name, cairn_str_of(text, (size_t)(at - text)));
}
