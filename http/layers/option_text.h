/* option_text.h - copies of texts that options point to, behind a struct in one block. Internal. */
#ifndef CAIRN_HTTP_LAYERS_OPTION_TEXT_H
#define CAIRN_HTTP_LAYERS_OPTION_TEXT_H

#include <stddef.h>
#include <string.h>

/* How many bytes a copy takes, its NUL with them. NULL: none. */
static inline size_t cairn__option_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* Copies TEXT to *AT and moves that on, by so many bytes. NULL gives NULL. */
static inline char *cairn__option_copy(char **at, const char *text)
{
    char *copy = *at;
    if (!text)
        return NULL;
    size_t bytes = cairn__option_bytes(text);
    memcpy(copy, text, bytes);
    *at += bytes;
    return copy;
}

#endif
