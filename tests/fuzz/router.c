/* A script of routes and requests: the router against the reference. */
#include <stdint.h>

#include <cairn/testkit/router_script.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    router_script_run((const char *)data, size);
    return 0;
}
