#include <cairn/http/files/serve_path.h>

#include <string.h>

#include <cairn/http/text/percent.h>

static bool serve_path_is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* "NUL", "com1.txt": on a drive of Windows these are devices wherever they stand. */
static bool serve_path_is_device(struct cairn_str segment)
{
    static const char *const names[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
    const char *dot = memchr(segment.data, '.', segment.length);
    struct cairn_str base = segment;
    if (dot)
        base.length = (size_t)(dot - segment.data);
    while (base.length && base.data[base.length - 1] == ' ')
        base.length--;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (cairn_str_equal_nocase(base, cairn_str_from(names[i])))
            return true;
    }
    struct cairn_str port = cairn_str_of(base.data, 3);
    return base.length == 4 && base.data[3] >= '1' && base.data[3] <= '9' &&
           (cairn_str_equal_nocase(port, CAIRN_STR("com")) ||
               cairn_str_equal_nocase(port, CAIRN_STR("lpt")));
}

/* RFC 8615: what is meant to be found, though it begins with a dot. */
static bool serve_path_is_well_known(struct cairn_str segment, bool is_first)
{
    return is_first && cairn_str_equal(segment, CAIRN_STR(".well-known"));
}

static bool serve_path_is_safe(struct cairn_str segment, bool is_first, bool hidden)
{
    if (segment.length == 0 || cairn_str_equal(segment, CAIRN_STR(".")) ||
        cairn_str_equal(segment, CAIRN_STR("..")))
        return false;
    if (segment.data[0] == '.' && !hidden && !serve_path_is_well_known(segment, is_first))
        return false;
    if (memchr(segment.data, '\\', segment.length))
        return false;
    if (segment.length > 1 && segment.data[1] == ':' && serve_path_is_letter(segment.data[0]))
        return false;
    return !serve_path_is_device(segment);
}

bool cairn__serve_name_is_safe(const char *name, bool hidden)
{
    for (const char *at = name;; at++) {
        size_t length = strcspn(at, "/");
        if (!serve_path_is_safe(cairn_str_of(at, length), at == name, hidden))
            return false;
        at += length;
        if (!*at)
            return true;
    }
}

/* Segment by segment: a slash that comes encoded is part of a name, and no file is called so. */
static bool serve_path_decode(struct cairn_str path, char *out)
{
    const char *end = path.data + path.length;
    for (const char *at = path.data; at < end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        struct cairn_str segment = cairn_str_of(at, (size_t)((slash ? slash : end) - at));
        size_t length = cairn__percent_decode(segment, out);
        if (memchr(out, '/', length) || memchr(out, '\0', length))
            return false;
        out += length;
        at += segment.length;
        if (slash) {
            *out++ = '/';
            at++;
        }
    }
    *out = '\0';
    return true;
}

int cairn__serve_path(
    struct cairn_str path, struct cairn_str prefix, bool hidden, struct cairn__serve_path *out)
{
    char decoded[CAIRN__SERVE_PATH_BYTES];
    if (!cairn__percent_is_valid(path))
        return 400;
    if (path.length == 0 || path.length >= sizeof(decoded) || *path.data != '/' ||
        !serve_path_decode(path, decoded))
        return 404;
    if (strncmp(decoded, prefix.length ? prefix.data : "", prefix.length) != 0)
        return 404;
    const char *name = decoded + prefix.length;
    size_t length = strlen(name);
    out->is_folder = length && name[length - 1] == '/';
    if (length && *name++ != '/')
        return 404;
    length -= length > 0;
    if (length && out->is_folder && --length == 0)
        return 404; /* "//" */
    memcpy(out->name, name, length);
    out->name[length] = '\0';
    return length == 0 || cairn__serve_name_is_safe(out->name, hidden) ? 0 : 404;
}
