#include <cairn/http/layers/field_names.h>

#include <stdint.h>

#include <cairn/http/fields.h>
#include <cairn/service/alloc.h>

size_t cairn__field_names_count(const char *const *names, size_t most)
{
    size_t count = 0;
    while (names && names[count] && count <= most)
        count++;
    return count;
}

bool cairn__field_names_are_valid(const char *const *names)
{
    for (; names && *names; names++) {
        if (!cairn_http_is_token(cairn_str_from(*names)))
            return false;
    }
    return true;
}

struct cairn__field_names *cairn__field_names_new(const char *const *names)
{
    size_t count = cairn__field_names_count(names, SIZE_MAX - 1);
    size_t size = sizeof(struct cairn__field_names) + count * sizeof(struct cairn_str);
    size_t text = size;
    for (size_t i = 0; i < count; i++)
        size += strlen(names[i]) + 1;
    struct cairn__field_names *self = cairn_alloc(size);
    if (!self)
        return NULL;
    self->count = count;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]);
        self->names[i] = cairn_str_of(memcpy((char *)self + text, names[i], length + 1), length);
        text += length + 1;
    }
    return self;
}
