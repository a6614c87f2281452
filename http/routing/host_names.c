#include <cairn/http/routing/host_names.h>

#include <cairn/http/codec/target.h>
#include <cairn/service/alloc.h>

/* A slash before each label, and the rest. */
#define HOST_PATH_BYTES (CAIRN__HOST_BYTES + sizeof("//{*rest}"))

/* HOST's labels from the last to the first, in lower case, each behind a slash; a dot at the end is
 * left out. HOST is not too long. */
static struct cairn_str host_path(struct cairn_str host, char out[HOST_PATH_BYTES])
{
    char *at = out;
    size_t end = host.length;
    if (end && host.data[end - 1] == '.')
        end--;
    for (size_t i = end + 1; i-- > 0;) {
        if (i > 0 && host.data[i - 1] != '.')
            continue;
        *at++ = '/';
        for (size_t j = i; j < end; j++) {
            char c = host.data[j];
            *at++ = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        }
        end = i ? i - 1 : 0;
    }
    return cairn_str_of(out, (size_t)(at - out));
}

static bool host_is_label(char c)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static const char *host_complaint(struct cairn_str name)
{
    if (name.length > CAIRN__HOST_BYTES)
        return "a name has at most 253 bytes";
    if (name.length == 0 || name.data[0] == '.')
        return "each label of a name has a letter or a digit";
    if (name.data[0] == '[')
        return NULL; /* looked at as an authority */
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (c == '.' && name.data[i - 1] == '.')
            return "each label of a name has a letter or a digit";
        if (c == ':')
            return "a name has no port: it is meant for any";
        if (c != '.' && !host_is_label(c))
            return "a name is of letters, digits, '-' and '_' (xn--… for any other), and begins "
                   "with "
                   "\"*.\" at most";
    }
    return NULL;
}

static struct cairn_error *host_refuse(struct cairn_str name, const char *complaint)
{
    return cairn_error_new(CAIRN_ERROR_INVALID, "router", NULL, "host %.*s: %s", (int)name.length,
        name.data, complaint);
}

static struct cairn_error *host_grow(struct cairn__host_names *self)
{
    if (self->tree.leaf_count < self->capacity)
        return NULL;
    uint32_t capacity = self->capacity ? 2 * self->capacity : 8;
    struct cairn__host_name *names = cairn_resize(self->names, capacity * sizeof(*names));
    if (!names)
        return &cairn_error_no_memory;
    self->names = names;
    self->capacity = capacity;
    return NULL;
}

/* PATH, in a block of its own that it takes, is where NAME is filed. */
static struct cairn_error *host_plant(
    struct cairn__host_names *self, struct cairn_str name, char *path, uint32_t owner)
{
    struct cairn__pattern pattern;
    uint32_t known = self->tree.leaf_count;
    uint32_t leaf = 0;
    const char *complaint = cairn__pattern_parse(cairn_str_from(path), &pattern);
    struct cairn_error *error =
        complaint ? host_refuse(name, "a name has at most 63 labels") : NULL;
    if (!error && cairn__path_tree_add(&self->tree, &pattern, &leaf))
        error = &cairn_error_no_memory;
    if (!error && leaf != known)
        error = host_refuse(name, "it is there already");
    if (error) {
        cairn_free(path);
        return error;
    }
    self->names[leaf] = (struct cairn__host_name){path, name, owner};
    return NULL;
}

static struct cairn_error *host_add(
    struct cairn__host_names *self, struct cairn_str name, uint32_t owner)
{
    char path[HOST_PATH_BYTES];
    size_t host_length = 0;
    bool is_wild = name.length > 1 && name.data[0] == '*' && name.data[1] == '.';
    struct cairn_str host = is_wild ? cairn_str_of(name.data + 2, name.length - 2) : name;
    const char *complaint = host_complaint(host);
    if (!complaint && (!cairn__authority_parse(host, &host_length) || host_length != host.length))
        complaint = "an address in brackets is one of IPv6, without a port";
    if (complaint)
        return host_refuse(name, complaint);
    size_t length = host_path(host, path).length;
    if (is_wild) {
        memcpy(path + length, "/{*rest}", strlen("/{*rest}"));
        length += strlen("/{*rest}");
    }
    path[length] = '\0';
    struct cairn_error *error = host_grow(self);
    char *copy = error ? NULL : cairn_strdup(path);
    return copy ? host_plant(self, name, copy, owner) : &cairn_error_no_memory;
}

static struct cairn_str host_next(struct cairn_str *names)
{
    while (names->length && names->data[0] == ' ')
        *names = cairn_str_of(names->data + 1, names->length - 1);
    const char *space = names->length ? memchr(names->data, ' ', names->length) : NULL;
    size_t length = space ? (size_t)(space - names->data) : names->length;
    struct cairn_str name = cairn_str_of(names->data, length);
    *names = cairn_str_of(names->data + length, names->length - length);
    return name;
}

struct cairn_error *cairn__host_names_add(
    struct cairn__host_names *self, struct cairn_str names, uint32_t owner, char *label)
{
    struct cairn_str rest = names;
    struct cairn_str name = host_next(&rest);
    if (name.length == 0)
        return host_refuse(CAIRN_STR("\"\""), "it has no name");
    size_t length = name.length < CAIRN__HOST_BYTES ? name.length : CAIRN__HOST_BYTES;
    memcpy(label, name.data, length);
    label[length] = '\0';
    for (; name.length; name = host_next(&rest)) {
        struct cairn_error *error = host_add(self, name, owner);
        if (error)
            return error;
    }
    return NULL;
}

const struct cairn__host_name *cairn__host_names_find(
    const struct cairn__host_names *self, struct cairn_str authority)
{
    char path[HOST_PATH_BYTES];
    struct cairn__path_match match;
    size_t length = 0;
    if (!authority.length || !cairn__authority_parse(authority, &length) ||
        length > CAIRN__HOST_BYTES + 1 || memchr(authority.data, '%', length))
        return NULL;
    struct cairn_str host = host_path(cairn_str_of(authority.data, length), path);
    /* Nothing in it has to be decoded: no arena is needed. */
    if (cairn__path_tree_find(&self->tree, host, NULL, &match) != CAIRN__PATH_FOUND)
        return NULL;
    return &self->names[match.leaf];
}

void cairn__host_names_fini(struct cairn__host_names *self)
{
    for (uint32_t i = 0; i < self->tree.leaf_count; i++)
        cairn_free(self->names[i].path);
    cairn__path_tree_fini(&self->tree);
    cairn_free(self->names);
    *self = (struct cairn__host_names){0};
}
