#include <cairn/http/codec/buffer.h>

#include <string.h>

#include <cairn/service/alloc.h>

#define BUFFER_MIN_BYTES 1024

/* A larger block with what BUFFER holds. */
static int buffer_grow(struct cairn__buffer *buffer, size_t needed)
{
    size_t held = cairn__buffer_length(buffer);
    size_t capacity = buffer->block ? buffer->block->capacity : BUFFER_MIN_BYTES;
    size_t size;
    while (capacity < needed) {
        if (__builtin_mul_overflow(capacity, (size_t)2, &capacity))
            return -1;
    }
    if (__builtin_add_overflow(sizeof(struct cairn__buffer_block), capacity, &size))
        return -1;
    struct cairn__buffer_block *block = cairn_alloc(size);
    if (!block)
        return -1;
    *block = (struct cairn__buffer_block){.end = held, .capacity = capacity};
    if (held)
        memcpy(block->bytes, cairn__buffer_bytes(buffer), held);
    cairn_free(buffer->block);
    buffer->block = block;
    return 0;
}

/* Room for LENGTH bytes more. */
static int buffer_reserve(struct cairn__buffer *buffer, size_t length)
{
    struct cairn__buffer_block *block = buffer->block;
    size_t held = cairn__buffer_length(buffer);
    size_t needed;
    if (block && length <= block->capacity - block->end)
        return 0;
    if (__builtin_add_overflow(held, length, &needed))
        return -1;
    if (!block || needed > block->capacity)
        return buffer_grow(buffer, needed);
    memmove(block->bytes, block->bytes + block->begin, held);
    block->begin = 0;
    block->end = held;
    return 0;
}

int cairn__buffer_append(struct cairn__buffer *buffer, const char *data, size_t length)
{
    if (length == 0)
        return 0;
    if (buffer_reserve(buffer, length) != 0)
        return -1;
    memcpy(buffer->block->bytes + buffer->block->end, data, length);
    buffer->block->end += length;
    return 0;
}

void cairn__buffer_consume(struct cairn__buffer *buffer, size_t length)
{
    if (!buffer->block)
        return;
    buffer->block->begin += length;
    if (buffer->block->begin == buffer->block->end)
        cairn__buffer_free(buffer);
}

void cairn__buffer_free(struct cairn__buffer *buffer)
{
    cairn_free(buffer->block);
    buffer->block = NULL;
}
