#include <cairn/http/path.h>

#include <cairn/http/text/percent.h>

static bool path_is_unreserved(char c)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static bool path_is_valid(struct cairn_str path)
{
    return path.length > 0 && path.data[0] == '/' && cairn__percent_is_valid(path);
}

/* Copies the segment at P to OUT; returns the end of the copy, and *P behind the segment. */
static char *path_copy_segment(const char **p, const char *end, char *out)
{
    const char *at = *p;
    while (at < end && *at != '/') {
        if (*at != '%') {
            *out++ = *at++;
            continue;
        }
        char byte = (char)cairn__percent_byte(at, end);
        if (path_is_unreserved(byte))
            *out++ = byte;
        else
            out = cairn__percent_encode_byte(byte, out);
        at += 3;
    }
    *p = at;
    return out;
}

/* Removes the last segment of what lies between START and OUT, with its slash. */
static char *path_pop(const char *start, char *out)
{
    while (out > start && *--out != '/')
        ;
    return out;
}

/* Never writes more than it has read. */
static size_t path_write_normal(struct cairn_str path, char *start)
{
    const char *p = path.data;
    const char *end = p + path.length;
    char *out = start;
    while (p < end) {
        char *slash = out;
        p++;
        *out++ = '/';
        out = path_copy_segment(&p, end, out);
        struct cairn_str segment = cairn_str_of(slash + 1, (size_t)(out - slash - 1));
        bool is_up = cairn_str_equal(segment, CAIRN_STR(".."));
        if (!is_up && !cairn_str_equal(segment, CAIRN_STR(".")))
            continue;
        out = is_up ? path_pop(start, slash) : slash;
        if (p == end)
            *out++ = '/';
    }
    return (size_t)(out - start);
}

static bool path_may_change(struct cairn_str path)
{
    const char *end = path.data + path.length;
    for (const char *p = path.data; (p = memchr(p, '/', (size_t)(end - p))); p++) {
        if (end - p > 1 && p[1] == '.')
            return true;
    }
    return cairn__percent_is_in(path);
}

int cairn_http_path_normalize(
    struct cairn_str path, struct cairn_arena *arena, struct cairn_str *out)
{
    *out = cairn_str_of(NULL, 0);
    if (!path_is_valid(path))
        return 400;
    if (!path_may_change(path)) {
        *out = path;
        return 0;
    }
    char *copy = cairn_arena_alloc_text(arena, path.length);
    if (!copy)
        return 503;
    *out = cairn_str_of(copy, path_write_normal(path, copy));
    return 0;
}

static bool path_has_encoded_slash(struct cairn_str path)
{
    const char *end = path.data + path.length;
    for (const char *p = path.data; (p = memchr(p, '%', (size_t)(end - p))); p++) {
        if (cairn__percent_byte(p, end) == '/')
            return true;
    }
    return false;
}

int cairn_http_path_decode(struct cairn_str path, struct cairn_arena *arena, struct cairn_str *out)
{
    *out = cairn_str_of(NULL, 0);
    if (!path_is_valid(path) || path_has_encoded_slash(path))
        return 400;
    if (!cairn__percent_is_in(path)) {
        *out = path;
        return 0;
    }
    char *copy = cairn_arena_alloc_text(arena, path.length);
    if (!copy)
        return 503;
    *out = cairn_str_of(copy, cairn__percent_decode(path, copy));
    return 0;
}

struct cairn_str cairn_http_path_encode(struct cairn_arena *arena, struct cairn_str s)
{
    char *copy = cairn_arena_alloc_text(arena, 3 * s.length + 1);
    if (!copy)
        return cairn_str_of(NULL, 0);
    char *at = copy;
    for (size_t i = 0; i < s.length; i++) {
        if (path_is_unreserved(s.data[i]))
            *at++ = s.data[i];
        else
            at = cairn__percent_encode_byte(s.data[i], at);
    }
    *at = '\0';
    return cairn_str_of(copy, (size_t)(at - copy));
}
