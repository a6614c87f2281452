/* Any path: the name that comes out leads nowhere but down. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/files/serve_path.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void check_name(const struct cairn__serve_path *out)
{
    char copy[CAIRN__SERVE_PATH_BYTES];
    CHECK(strlen(out->name) < sizeof(copy));
    if (!*out->name)
        return;
    strcpy(copy, out->name);
    for (char *rest = copy, *segment; (segment = strsep(&rest, "/"));) {
        CHECK(*segment && strcmp(segment, ".") != 0 && strcmp(segment, "..") != 0);
        CHECK(!strchr(segment, '\\'));
    }
}

/* The first byte says whether hidden names are served, and whether there is a prefix. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn__serve_path out;
    if (size == 0)
        return 0;
    struct cairn_str path = cairn_str_of((const char *)data + 1, size - 1);
    struct cairn_str prefix = *data & 2 ? CAIRN_STR("/s") : CAIRN_STR("");
    int status = cairn__serve_path(path, prefix, *data & 1, &out);
    CHECK(status == 0 || status == 400 || status == 404);
    if (status == 0)
        check_name(&out);
    return 0;
}
