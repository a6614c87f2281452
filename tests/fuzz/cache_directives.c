/* Any field value: what is read of it is what a reference reads. */
#include <stdint.h>
#include <stdlib.h>

#include <cairn/testkit/cache_directives_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[DIRECTIVES_REFERENCE_BYTES];
    struct cairn__cache_directives out;
    if (size >= sizeof(line) || !cairn_http_is_field_value(cairn_str_of((const char *)data, size)))
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    struct cairn_http_field field = {CAIRN_STR("Cache-Control"), cairn_str_of(line, size)};
    const struct cairn_http_fields fields = {.items = &field, .count = 1};
    cairn__cache_directives_parse(&fields, &out);
    struct cairn__cache_directives expected = directives_reference(line);
    if (!directives_reference_agrees(&out, &expected))
        abort();
    return 0;
}
