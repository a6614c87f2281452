/* A text like /etc/mime.types: the table has what the reference finds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/testkit/mime_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const extensions[] = {"a", "b", "html", "x-y"};
    char text[MIME_REFERENCE_BYTES];
    struct cairn_error *error = NULL;
    if (size >= sizeof(text) || memchr(data, '\0', size))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct cairn_mime *table = cairn_mime_new(cairn_str_of(text, size), &error);
    if (!table) {
        cairn_error_unref(error);
        return 0;
    }
    for (size_t i = 0; i < sizeof(extensions) / sizeof(*extensions); i++) {
        if (!mime_reference_agrees(table, text, extensions[i]))
            abort();
    }
    cairn_mime_free(table);
    return 0;
}
