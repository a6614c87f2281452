#include <cairn/http/codec/buffer.h>

#include <string.h>

#include <cairn/service/alloc.h>

#define BUFFER_MIN_BYTES 1024

static int buffer_reserve(struct cairn__buffer *buffer, size_t length)
{
    size_t held = cairn__buffer_length(buffer);
    size_t needed;
    if (__builtin_add_overflow(held, length, &needed))
        return -1;
    if (buffer->begin && needed <= buffer->capacity) {
        memmove(buffer->data, buffer->data + buffer->begin, held);
        buffer->begin = 0;
        buffer->end = held;
        return 0;
    }
    size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_MIN_BYTES;
    while (capacity < needed) {
        if (__builtin_mul_overflow(capacity, (size_t)2, &capacity))
            return -1;
    }
    char *data = cairn_alloc(capacity);
    if (!data)
        return -1;
    if (held)
        memcpy(data, buffer->data + buffer->begin, held);
    cairn_free(buffer->data);
    *buffer = (struct cairn__buffer){data, 0, held, capacity};
    return 0;
}

int cairn__buffer_append(struct cairn__buffer *buffer, const char *data, size_t length)
{
    if (length == 0)
        return 0;
    if (length > buffer->capacity - buffer->end && buffer_reserve(buffer, length) != 0)
        return -1;
    memcpy(buffer->data + buffer->end, data, length);
    buffer->end += length;
    return 0;
}

void cairn__buffer_consume(struct cairn__buffer *buffer, size_t length)
{
    buffer->begin += length;
    if (buffer->begin == buffer->end)
        cairn__buffer_free(buffer);
}

void cairn__buffer_free(struct cairn__buffer *buffer)
{
    cairn_free(buffer->data);
    *buffer = (struct cairn__buffer){0};
}
