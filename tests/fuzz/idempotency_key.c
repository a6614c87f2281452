/* The value of an Idempotency-Key against the reference. */
#include <stdint.h>
#include <stdlib.h>

#include <cairn/testkit/idempotency_key_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char value[IDEMPOTENCY_KEY_REFERENCE_BYTES];
    if (size >= sizeof(value) || memchr(data, '\0', size))
        return 0;
    if (size)
        memcpy(value, data, size);
    value[size] = '\0';
    if (!idempotency_key_reference_agrees(value))
        abort();
    return 0;
}
