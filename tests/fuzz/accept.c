/* Any field value into content negotiation, held to the reference. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/accept.h>
#include <cairn/testkit/accept_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int found, int expected, const char *what, const char *field)
{
    if (found == expected)
        return;
    fprintf(stderr, "%s: %d, and not %d: %s\n", what, found, expected, field);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"a/b", "b/a;x=a", "a/a;x=\",\";y=a", "text/html"};
    static const char *const plain[] = {"a/b", "b/a; x=a", "a/a; x=,; y=a", "text/html"};
    static const char *const codings[] = {"br", "gzip", "deflate", "identity"};
    static const char *const languages[] = {"de-CH", "en", "zh-Hant-CN", "de"};
    char field[ACCEPT_REFERENCE_BYTES + 1];
    size_t semicolons = 0;
    if (size > ACCEPT_REFERENCE_BYTES || memchr(data, '\0', size))
        return 0;
    memcpy(field, data, size);
    field[size] = '\0';
    for (size_t i = 0; i < size; i++)
        semicolons += field[i] == ';';
    if (semicolons > ACCEPT_REFERENCE_PARAMS)
        return 0;
    struct cairn_http_field item = {
        .name = CAIRN_STR("accept"), .value = cairn_str_of((const char *)data, size)};
    struct cairn_http_fields fields = {.items = &item, .count = 1};
    check(cairn_http_accept_media(&fields, types, 4), accept_reference_media(field, plain, 4),
        "media", field);
    item.name = CAIRN_STR("accept-encoding");
    check(cairn_http_accept_encoding(&fields, codings, 4),
        accept_reference_encoding(field, codings, 4), "coding", field);
    item.name = CAIRN_STR("accept-language");
    check(cairn_http_accept_language(&fields, languages, 4),
        accept_reference_language(field, languages, 4), "language", field);
    return 0;
}
