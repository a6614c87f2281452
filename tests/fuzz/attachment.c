/* Any file name: the field is one that may be sent, and has no quote nor slash but its own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/attachment.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[512];
    if (size >= sizeof(name))
        return 0;
    memcpy(name, data, size);
    name[size] = '\0';
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    struct cairn_http_response *res = cairn_http_text(req, 200, "");
    CHECK(cairn_http_response_attach(res, name) == 0);
    struct cairn_str field = cairn_http_fields_get(&res->fields, CAIRN_STR("Content-Disposition"));
    CHECK(field.length > 22 && cairn_http_is_field_value(field));
    size_t quotes = 0;
    for (size_t i = 0; i < field.length; i++) {
        char c = field.data[i];
        CHECK(c >= ' ' && c <= '~' && c != '/' && c != '\\');
        quotes += c == '"';
    }
    CHECK(quotes == 2);
    cairn_arena_free(arena);
    return 0;
}
