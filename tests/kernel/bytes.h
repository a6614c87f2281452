/* bytes.h - bytes on their way: appended at the end, taken from the front. */
#ifndef CAIRN_TESTS_KERNEL_BYTES_H
#define CAIRN_TESTS_KERNEL_BYTES_H

#include <stdlib.h>
#include <string.h>

struct bytes {
    char *data;
    size_t begin;
    size_t end;
    size_t capacity;
};

static inline size_t bytes_length(const struct bytes *self)
{
    return self->end - self->begin;
}

static inline const char *bytes_front(const struct bytes *self)
{
    return self->data + self->begin;
}

static inline void bytes_clear(struct bytes *self)
{
    self->begin = self->end = 0;
}

static inline void bytes_add(struct bytes *self, const void *data, size_t length)
{
    if (!length)
        return;
    if (self->end + length > self->capacity) {
        size_t capacity = 2 * (self->end + length) + 256;
        char *grown = realloc(self->data, capacity);
        if (!grown)
            abort();
        self->data = grown;
        self->capacity = capacity;
    }
    memcpy(self->data + self->end, data, length);
    self->end += length;
}

static inline void bytes_take(struct bytes *self, void *data, size_t length)
{
    if (length && data)
        memcpy(data, bytes_front(self), length);
    self->begin += length;
    if (self->begin == self->end)
        bytes_clear(self);
}

#endif
