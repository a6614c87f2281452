#include <cairn/http/body/body_hash.h>

/* All of it is compiled into this file; nothing is linked. */
#define XXH_INLINE_ALL
#include <xxhash.h>

void cairn__body_hash(struct cairn_str body, uint64_t seed, char *digits)
{
    static const char hex[] = "0123456789abcdef";
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, XXH3_128bits_withSeed(body.data, body.length, seed));
    for (size_t i = 0; i < sizeof(bytes.digest); i++) {
        digits[2 * i] = hex[bytes.digest[i] >> 4];
        digits[2 * i + 1] = hex[bytes.digest[i] & 15];
    }
}
