/* Any body in multipart/form-data, with the boundary "b": told as the reference tells it, whole,
 * byte by byte and in pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/testkit/multipart_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *body, size_t size, const struct cairn_http_multipart_limits *limits)
{
    static struct multipart_transcript expected;
    static struct multipart_transcript told;
    const size_t steps[] = {0, 1, 7, 17 + size};
    multipart_reference(&expected, body, size, limits);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        multipart_transcribe(&told, body, size, steps[i], limits);
        if (told.length != expected.length || memcmp(told.text, expected.text, told.length) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cairn_http_multipart_limits ample = {
        sizeof(ample), 100, 8192, 32, 1024, UINT64_MAX, 0};
    static const struct cairn_http_multipart_limits tight = {sizeof(tight), 2, 80, 2, 3, 3, 0};
    if (size > MULTIPART_REFERENCE_BYTES / 2)
        return 0;
    check((const char *)data, size, &ample);
    check((const char *)data, size, &tight);
    return 0;
}
