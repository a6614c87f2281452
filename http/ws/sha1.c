#include <cairn/http/ws/sha1.h>

#include <string.h>

#define SHA1_BLOCK 64
#define SHA1_LENGTH_BYTES 8

static uint32_t sha1_rotate(uint32_t x, int bits)
{
    return x << bits | x >> (32 - bits);
}

static void sha1_schedule(const uint8_t block[SHA1_BLOCK], uint32_t w[80])
{
    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (int t = 16; t < 80; t++)
        w[t] = sha1_rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
}

/* The function and the constant of round T. */
static uint32_t sha1_mix(int t, uint32_t b, uint32_t c, uint32_t d)
{
    if (t < 20)
        return ((b & c) | (~b & d)) + 0x5a827999u;
    if (t < 40)
        return (b ^ c ^ d) + 0x6ed9eba1u;
    if (t < 60)
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu;
    return (b ^ c ^ d) + 0xca62c1d6u;
}

static void sha1_block(uint32_t h[5], const uint8_t block[SHA1_BLOCK])
{
    uint32_t w[80];
    uint32_t s[5];
    sha1_schedule(block, w);
    memcpy(s, h, sizeof(s));
    for (int t = 0; t < 80; t++) {
        uint32_t next = sha1_rotate(s[0], 5) + sha1_mix(t, s[1], s[2], s[3]) + s[4] + w[t];
        s[4] = s[3];
        s[3] = s[2];
        s[2] = sha1_rotate(s[1], 30);
        s[1] = s[0];
        s[0] = next;
    }
    for (int i = 0; i < 5; i++)
        h[i] += s[i];
}

void cairn__sha1(struct cairn_str message, uint8_t digest[CAIRN__SHA1_BYTES])
{
    uint32_t h[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
    uint8_t last[2 * SHA1_BLOCK] = {0};
    size_t whole = message.length / SHA1_BLOCK;
    size_t rest = message.length % SHA1_BLOCK;
    for (size_t i = 0; i < whole; i++)
        sha1_block(h, (const uint8_t *)message.data + i * SHA1_BLOCK);
    if (rest)
        memcpy(last, message.data + whole * SHA1_BLOCK, rest);
    last[rest] = 0x80;
    size_t blocks = rest + 1 + SHA1_LENGTH_BYTES <= SHA1_BLOCK ? 1 : 2;
    uint64_t bits = (uint64_t)message.length * 8;
    for (int i = 0; i < SHA1_LENGTH_BYTES; i++)
        last[blocks * SHA1_BLOCK - 1 - (size_t)i] = (uint8_t)(bits >> (8 * i));
    for (size_t i = 0; i < blocks; i++)
        sha1_block(h, last + i * SHA1_BLOCK);
    for (int i = 0; i < CAIRN__SHA1_BYTES; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}
