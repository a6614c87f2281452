/* Eight bytes for now, and a date: what is read is what the C library prints for that time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/testkit/date_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char s[DATE_REFERENCE_BYTES];
    int64_t now;
    int64_t t;
    if (size < sizeof(now) || size - sizeof(now) >= sizeof(s))
        return 0;
    memcpy(&now, data, sizeof(now));
    size_t length = size - sizeof(now);
    memcpy(s, data + sizeof(now), length);
    s[length] = '\0';
    /* The library does not pad a year before 1000. */
    if (cairn_http_date_parse(cairn_str_of(s, length), now, &t) && t > INT64_C(-30610224000) &&
        !date_reference_agrees(s, t))
        abort();
    return 0;
}
