/* Any bytes as a chunked body, with its trailers, behind a head that is right. */
#include "decoding.h"

static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes message = {NULL, 0, 0};
    bytes_add(&message, head, sizeof(head) - 1);
    bytes_add(&message, data, size);
    decoding_check(message.data, message.length);
    cairn_free(message.data);
    return 0;
}
