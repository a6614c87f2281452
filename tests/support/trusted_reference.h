/* trusted_reference.h - lists of networks, looked up bit by bit. Of the tests. Internal. */
#ifndef CAIRN_TESTKIT_TRUSTED_REFERENCE_H
#define CAIRN_TESTKIT_TRUSTED_REFERENCE_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define TRUSTED_REFERENCE_BYTES 1024

/* ADDRESS as 128 characters of 0 and 1; IPv4 as ::ffff:0:0/96. Returns its family, or 0. */
static inline int trusted_reference_bits(const char *address, char bits[129])
{
    unsigned char bytes[16] = {[10] = 255, [11] = 255};
    int family = AF_INET;
    if (inet_pton(AF_INET, address, bytes + 12) != 1) {
        if (inet_pton(AF_INET6, address, bytes) != 1)
            return 0;
        family = AF_INET6;
    }
    for (int i = 0; i < 128; i++)
        bits[i] = bytes[i / 8] & (128 >> i % 8) ? '1' : '0';
    bits[128] = '\0';
    return family;
}

static inline bool trusted_reference_is_mapped(const char *bits)
{
    return strspn(bits, "0") == 80 && strspn(bits + 80, "1") >= 16;
}

/* Whether MEMBER, which is changed, holds the address BITS; -1: it is no member. */
static inline int trusted_reference_member(char *member, const char *bits)
{
    char network[129];
    char *slash = strchr(member, '/');
    if (slash)
        *slash = '\0';
    int family = trusted_reference_bits(member, network);
    int most = family == AF_INET ? 32 : 128;
    int prefix = most;
    if (slash) {
        size_t length = strlen(slash + 1);
        if (length < 1 || length > 3 || strspn(slash + 1, "0123456789") != length)
            return -1;
        prefix = atoi(slash + 1);
    }
    if (family == 0 || prefix > most ||
        (family == AF_INET6 && trusted_reference_is_mapped(network)))
        return -1;
    prefix += 128 - most;
    if (strspn(network + prefix, "0") != (size_t)(128 - prefix))
        return -1;
    return trusted_reference_is_mapped(bits) == (family == AF_INET) &&
           strncmp(network, bits, (size_t)prefix) == 0;
}

/* 1: LIST holds ADDRESS; 0: it does not; -1: it is no list; -2: that is no address. */
static inline int trusted_reference(const char *list, const char *address)
{
    static const char loopback[] = "127.0.0.0/8 ::1";
    static const char private_[] = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7";
    char copy[TRUSTED_REFERENCE_BYTES];
    char bits[129];
    char *state;
    int found = 0;
    if (!trusted_reference_bits(address, bits))
        return -2;
    strcpy(copy, list);
    for (char *m = strtok_r(copy, ", \t\r\n", &state); m; m = strtok_r(NULL, ", \t\r\n", &state)) {
        int one = strcmp(m, "loopback") == 0  ? trusted_reference(loopback, address)
                  : strcmp(m, "private") == 0 ? trusted_reference(private_, address)
                  : strcmp(m, "unix") == 0    ? 0
                                              : trusted_reference_member(m, bits);
        if (one < 0)
            return -1;
        found |= one;
    }
    return found;
}

#endif
