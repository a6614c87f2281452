/* A server on the kernel that the tests play: the input makes every decision of a session. */
#include "kernel/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chance chance = chance_of_bytes(data, size);
    session_run(&chance, "input");
    return 0;
}
