/* mime_types.h - the types that are built in, and what a table is. Internal. */
#ifndef CAIRN_HTTP_MIME_TYPES_H
#define CAIRN_HTTP_MIME_TYPES_H

#include <stddef.h>

/* No extension is longer, its NUL included. */
#define CAIRN__MIME_EXTENSION_BYTES 32

struct cairn__mime_entry {
    const char *extension; /* lower case */
    const char *type;
};

/* Entries sorted by extension, and behind them the texts they point to. */
struct cairn_mime {
    size_t count;
    struct cairn__mime_entry entries[];
};

extern const struct cairn__mime_entry cairn__mime_types[];
extern const size_t cairn__mime_type_count;

/* Orders entries by extension. */
int cairn__mime_compare(const void *a, const void *b);

static inline char cairn__mime_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

#endif
