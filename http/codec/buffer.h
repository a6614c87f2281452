/* buffer.h - bytes that wait: appended at the end, used up at the front. Internal. */
#ifndef CAIRN_HTTP_BUFFER_H
#define CAIRN_HTTP_BUFFER_H

#include <stddef.h>

struct cairn__buffer_block {
    size_t begin;
    size_t end; /* beyond `begin` */
    size_t capacity;
    char bytes[];
};

/* Zero is an empty one. It is one pointer, for each connection has two; and an empty one holds no
 * memory: that is given back as soon as all is used up. */
struct cairn__buffer {
    struct cairn__buffer_block *block;
};

static inline size_t cairn__buffer_length(const struct cairn__buffer *buffer)
{
    return buffer->block ? buffer->block->end - buffer->block->begin : 0;
}

/* Where its bytes are; never NULL, so that nothing is added to NULL where there are none. */
static inline const char *cairn__buffer_bytes(const struct cairn__buffer *buffer)
{
    return buffer->block ? buffer->block->bytes + buffer->block->begin : "";
}

/* Returns 0, or -1 without memory. */
int cairn__buffer_append(struct cairn__buffer *buffer, const char *data, size_t length);
void cairn__buffer_consume(struct cairn__buffer *buffer, size_t length);
void cairn__buffer_free(struct cairn__buffer *buffer);

#endif
