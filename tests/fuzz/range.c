/* A byte for the size, a byte for the most ranges, and the value of a Range field: the parser
 * against the reference. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/testkit/range_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char value[RANGE_REFERENCE_BYTES];
    if (size < 2 || size - 2 >= sizeof(value) || memchr(data + 2, '\0', size - 2))
        return 0;
    uint64_t of = data[0] == 255 ? UINT64_MAX : data[0];
    memcpy(value, data + 2, size - 2);
    value[size - 2] = '\0';
    if (!range_reference_agrees(value, of, data[1] % CAIRN_HTTP_RANGES + 1))
        abort();
    return 0;
}
