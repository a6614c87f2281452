/* field_names.h - a list of field names among the options of a layer. Internal. */
#ifndef CAIRN_HTTP_LAYERS_FIELD_NAMES_H
#define CAIRN_HTTP_LAYERS_FIELD_NAMES_H

#include <stdbool.h>

#include <cairn/service/str.h>

/* One block, owned by whoever made it, and freed by cairn_free. */
struct cairn__field_names {
    size_t count;
    struct cairn_str names[];
};

/* How many NAMES there are before the NULL that ends them; MOST + 1 for more than MOST. NULL: 0. */
size_t cairn__field_names_count(const char *const *names, size_t most);
/* Whether all are names of header fields. */
bool cairn__field_names_are_valid(const char *const *names);
/* Copies NAMES. NULL without memory. */
struct cairn__field_names *cairn__field_names_new(const char *const *names);

#endif
