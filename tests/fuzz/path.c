/* Any path: normalized and decoded as the reference does; then it has no dot segment. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/path.h>
#include <cairn/testkit/path_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void check_safe(struct cairn_str normal, struct cairn_arena *arena)
{
    char text[PATH_REFERENCE_BYTES + 2];
    struct cairn_str decoded;
    if (cairn_http_path_decode(normal, arena, &decoded))
        return;
    CHECK(!memchr(decoded.data, '\0', decoded.length));
    snprintf(text, sizeof(text), "%.*s/", (int)decoded.length, decoded.data);
    CHECK(!strstr(text, "/./") && !strstr(text, "/../"));
}

static void check_path(const char *path, struct cairn_str copy, struct cairn_arena *arena)
{
    char expected[PATH_REFERENCE_BYTES + 1];
    struct cairn_str normal;
    struct cairn_str out;
    bool is_valid = path_reference_is_valid(path);
    CHECK(cairn_http_path_normalize(copy, arena, &normal) == (is_valid ? 0 : 400));
    if (!is_valid)
        return;
    path_reference_normalize(path, expected);
    CHECK(cairn_str_equal(normal, cairn_str_from(expected)));
    CHECK(cairn_http_path_normalize(normal, arena, &out) == 0);
    CHECK(cairn_str_equal(out, normal));
    bool has_decoded = path_reference_decode(path, expected);
    CHECK(cairn_http_path_decode(copy, arena, &out) == (has_decoded ? 0 : 400));
    CHECK(!has_decoded || cairn_str_equal(out, cairn_str_from(expected)));
    check_safe(normal, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[PATH_REFERENCE_BYTES + 1];
    if (size > PATH_REFERENCE_BYTES || memchr(data, '\0', size))
        return 0;
    memcpy(path, data, size);
    path[size] = '\0';
    struct cairn_arena *arena = cairn_arena_new(NULL);
    CHECK(arena);
    check_path(path, cairn_str_of((const char *)data, size), arena);
    cairn_arena_free(arena);
    return 0;
}
