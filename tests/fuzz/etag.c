/* A list of entity tags against the reference. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/testkit/etag_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char list[256];
    if (size >= sizeof(list) || memchr(data, '\0', size))
        return 0;
    memcpy(list, data, size);
    list[size] = '\0';
    if (!etag_reference_agrees(list, "\"a\"") || !etag_reference_agrees(list, "W/\"a\""))
        abort();
    return 0;
}
