/* Any text: what is an address is written and read again to the same one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/service/address.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_address first;
    struct cairn_address second;
    char text[CAIRN_ADDRESS_BYTES];
    if (!cairn_address_parse(&first, cairn_str_of((const char *)data, size)))
        return 0;
    cairn_address_format(&first, text, sizeof(text));
    if (!cairn_address_parse(&second, cairn_str_from(text)) || first.length != second.length ||
        memcmp(&first.storage, &second.storage, first.length) != 0)
        abort();
    return 0;
}
