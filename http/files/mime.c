#include <cairn/http/mime.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/files/mime_types.h>
#include <cairn/service/alloc.h>

int cairn__mime_compare(const void *a, const void *b)
{
    return strcmp(((const struct cairn__mime_entry *)a)->extension,
        ((const struct cairn__mime_entry *)b)->extension);
}

/* What follows the last dot, in lower case, in OUT. False: there is none, or it is too long. */
static bool mime_extension(struct cairn_str name, char *out)
{
    const char *end = name.data + name.length;
    const char *at = end;
    while (at > name.data && at[-1] != '.' && at[-1] != '/')
        at--;
    if (at == name.data || at[-1] == '/' || at == end || end - at >= CAIRN__MIME_EXTENSION_BYTES)
        return false;
    size_t length = (size_t)(end - at);
    for (size_t i = 0; i < length; i++)
        out[i] = cairn__mime_lower(at[i]);
    out[length] = '\0';
    return strlen(out) == length;
}

static const char *mime_find(
    const struct cairn__mime_entry *entries, size_t count, const char *extension)
{
    const struct cairn__mime_entry key = {extension, NULL};
    const struct cairn__mime_entry *entry =
        bsearch(&key, entries, count, sizeof(key), cairn__mime_compare);
    return entry ? entry->type : NULL;
}

const char *cairn_mime_type(const struct cairn_mime *table, struct cairn_str name)
{
    char extension[CAIRN__MIME_EXTENSION_BYTES];
    if (!name.data || !mime_extension(name, extension))
        return NULL;
    const char *type = table ? mime_find(table->entries, table->count, extension) : NULL;
    return type ? type : mime_find(cairn__mime_types, cairn__mime_type_count, extension);
}

void cairn_mime_free(struct cairn_mime *table)
{
    cairn_free(table);
}
