/* proxy_reference.h - the header of the PROXY protocol, read as a whole. Of the tests. Internal. */
#ifndef CAIRN_TESTKIT_PROXY_REFERENCE_H
#define CAIRN_TESTKIT_PROXY_REFERENCE_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum proxy_reference_result {
    PROXY_REFERENCE_SHORT, /* more bytes may make it one */
    PROXY_REFERENCE_WHOLE,
    PROXY_REFERENCE_NONE
};

struct proxy_reference {
    size_t length;
    int family; /* AF_INET, AF_INET6, AF_UNIX; 0: no addresses */
    unsigned char source[16];
    unsigned char destination[16];
    unsigned ports[2];
};

/* RFC 9260 appendix A, one bit at a time. */
static inline uint32_t proxy_reference_crc(const unsigned char *data, size_t length)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < length * 8; i++) {
        uint32_t bit = (crc ^ (uint32_t)(data[i / 8] >> i % 8)) & 1;
        crc = crc >> 1 ^ (bit ? 0x82f63b78u : 0);
    }
    return ~crc;
}

static inline bool proxy_reference_port(const char *text, unsigned *port)
{
    char again[32];
    *port = (unsigned)strtoul(text, NULL, 10);
    snprintf(again, sizeof(again), "%u", *port);
    return strcmp(again, text) == 0 && *port <= 65535;
}

/* The words of a line must be as they would be written, but for the addresses. */
static inline bool proxy_reference_words(struct proxy_reference *out, const char *line)
{
    char words[6][108] = {""};
    char again[700];
    if (strcmp(line, "PROXY UNKNOWN") == 0 || strncmp(line, "PROXY UNKNOWN ", 14) == 0)
        return true;
    int n = sscanf(line, "%107s %107s %107s %107s %107s %107s", words[0], words[1], words[2],
        words[3], words[4], words[5]);
    snprintf(again, sizeof(again), "%s %s %s %s %s %s", words[0], words[1], words[2], words[3],
        words[4], words[5]);
    out->family = strcmp(words[1], "TCP4") == 0 ? AF_INET : AF_INET6;
    return n == 6 && strcmp(again, line) == 0 && strncmp(line, "PROXY TCP", 9) == 0 &&
           (out->family == AF_INET || strcmp(words[1], "TCP6") == 0) &&
           inet_pton(out->family, words[2], out->source) == 1 &&
           inet_pton(out->family, words[3], out->destination) == 1 &&
           proxy_reference_port(words[4], &out->ports[0]) &&
           proxy_reference_port(words[5], &out->ports[1]);
}

static inline enum proxy_reference_result proxy_reference_line(
    struct proxy_reference *out, const unsigned char *data, size_t length)
{
    char line[108];
    const unsigned char *end = memchr(data, '\n', length);
    if (!end && length < 107)
        return PROXY_REFERENCE_SHORT;
    if (!end || end - data > 106 || end[-1] != '\r')
        return PROXY_REFERENCE_NONE;
    out->length = (size_t)(end - data) + 1;
    memcpy(line, data, out->length - 2);
    line[out->length - 2] = '\0';
    /* A NUL may stand behind UNKNOWN alone. */
    if (strlen(line) != out->length - 2 && strncmp(line, "PROXY UNKNOWN ", 14) != 0)
        return PROXY_REFERENCE_NONE;
    return proxy_reference_words(out, line) ? PROXY_REFERENCE_WHOLE : PROXY_REFERENCE_NONE;
}

/* The type-length-values from AT on, to the end of DATA. */
static inline bool proxy_reference_values(const unsigned char *data, size_t length, size_t at)
{
    unsigned char zeroed[16 + 65536];
    int checksums = 0;
    uint32_t checksum = 0;
    memcpy(zeroed, data, length);
    while (at < length) {
        if (length - at < 3)
            return false;
        size_t size = (size_t)data[at + 1] * 256 + data[at + 2];
        if (size > length - at - 3 || (data[at] == 3 && size != 4))
            return false;
        if (data[at] == 3) {
            checksums++;
            memcpy(&checksum, data + at + 3, 4);
            memset(zeroed + at + 3, 0, 4);
        }
        at += 3 + size;
    }
    return checksums == 0 ||
           (checksums == 1 && ntohl(checksum) == proxy_reference_crc(zeroed, length));
}

static inline enum proxy_reference_result proxy_reference_block(
    struct proxy_reference *out, const unsigned char *data, size_t length)
{
    if (length < 16)
        return PROXY_REFERENCE_SHORT;
    size_t block = (size_t)data[14] * 256 + data[15];
    size_t each = data[13] == 0x11 ? 4 : data[13] == 0x21 ? 16 : data[13] == 0x31 ? 108 : 0;
    size_t addresses = each == 0 || each == 108 ? 2 * each : 2 * each + 4;
    out->length = 16 + block;
    if ((data[12] != 0x20 && data[12] != 0x21) || block > 4096)
        return PROXY_REFERENCE_NONE;
    if (data[12] == 0x21 && (data[13] > 0x3f || data[13] % 16 > 2 || addresses > block))
        return PROXY_REFERENCE_NONE;
    if (length < out->length)
        return PROXY_REFERENCE_SHORT;
    if (data[12] == 0x20 || each == 0)
        return PROXY_REFERENCE_WHOLE;
    out->family = each == 4 ? AF_INET : each == 16 ? AF_INET6 : AF_UNIX;
    if (each != 108) {
        memcpy(out->source, data + 16, each);
        memcpy(out->destination, data + 16 + each, each);
        for (size_t i = 0; i < 2; i++)
            out->ports[i] = data[16 + 2 * each + 2 * i] * 256u + data[17 + 2 * each + 2 * i];
    }
    return proxy_reference_values(data, out->length, 16 + addresses) ? PROXY_REFERENCE_WHOLE
                                                                     : PROXY_REFERENCE_NONE;
}

/* What the first LENGTH bytes of a connection are. */
static inline enum proxy_reference_result proxy_reference(
    struct proxy_reference *out, const void *data, size_t length)
{
    static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
    memset(out, 0, sizeof(*out));
    if (memcmp(data, "PROXY ", length < 6 ? length : 6) == 0)
        return length < 6 ? PROXY_REFERENCE_SHORT : proxy_reference_line(out, data, length);
    if (memcmp(data, signature, length < 12 ? length : 12) == 0)
        return length < 12 ? PROXY_REFERENCE_SHORT : proxy_reference_block(out, data, length);
    return PROXY_REFERENCE_NONE;
}

#endif
