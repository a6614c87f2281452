#include <cairn/service/alloc.h>

#include <stdlib.h>
#include <string.h>

#include <cairn/service/loop.h>

static const struct cairn_allocator libc = {malloc, realloc, free};
static const struct cairn_allocator *current = &libc;

void cairn_set_allocator(const struct cairn_allocator *allocator)
{
    current = allocator ? allocator : &libc;
    cairn__loop_set_allocator(current);
}

void *cairn_alloc(size_t size)
{
    return current->alloc(size);
}

void *cairn_alloc_zero(size_t size)
{
    void *block = cairn_alloc(size);
    if (block)
        memset(block, 0, size);
    return block;
}

void *cairn_resize(void *block, size_t size)
{
    return current->resize(block, size);
}

void cairn_free(void *block)
{
    if (block)
        current->free(block);
}

char *cairn_strdup(const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = cairn_alloc(size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}
