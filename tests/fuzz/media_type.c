/* Any text as a media type, held to the reference. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/media_type.h>
#include <cairn/testkit/media_type_reference.h>

#define BYTES 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void check_param(
    const struct cairn_http_media_type *type, const char *text, const char *name)
{
    char value[BYTES + 1];
    struct cairn_str found;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    CHECK(arena);
    int has = cairn_http_media_type_param(type, name, arena, &found);
    CHECK(has == media_type_reference_param(text, name, value));
    CHECK(!has || cairn_str_equal(found, cairn_str_from(value)));
    cairn_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[BYTES + 1];
    char type[BYTES + 1];
    char subtype[BYTES + 1];
    struct cairn_http_media_type found;
    if (size > BYTES || memchr(data, '\0', size))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    bool is_one = cairn_http_media_type_parse(cairn_str_of((const char *)data, size), &found);
    CHECK(is_one == media_type_reference(text, type, subtype));
    if (!is_one)
        return 0;
    CHECK(cairn_str_equal(found.type, cairn_str_from(type)));
    CHECK(cairn_str_equal(found.subtype, cairn_str_from(subtype)));
    check_param(&found, text, "charset");
    check_param(&found, text, "boundary");
    check_param(&found, text, "x");
    return 0;
}
