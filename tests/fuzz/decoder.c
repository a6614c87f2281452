/* Any bytes into the decoder. */
#include "decoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decoding_check((const char *)data, size);
    return 0;
}
