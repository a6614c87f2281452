/* proxy_protocol.h - what a proxy that does not speak HTTP says before the client's first byte: the
 * PROXY protocol of HAProxy, versions 1 and 2. Bytes in, addresses out. Internal. */
#ifndef CAIRN_HTTP_PROXY_PROTOCOL_H
#define CAIRN_HTTP_PROXY_PROTOCOL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With its line end. The specification's own figure. */
#define CAIRN__PROXY_LINE_BYTES 107
/* Of version 2, what follows the fixed 16 bytes. */
#define CAIRN__PROXY_BLOCK_BYTES 4096

enum cairn__proxy_result {
    CAIRN__PROXY_MORE,
    CAIRN__PROXY_COMPLETE,
    CAIRN__PROXY_REFUSED /* it is no header, or breaks its rules */
};

enum cairn__proxy_state {
    CAIRN__PROXY_START,   /* which version it is */
    CAIRN__PROXY_LINE,    /* 1: up to the line end */
    CAIRN__PROXY_FIXED,   /* 2: version, command, family, length */
    CAIRN__PROXY_ADDRESS, /* the addresses */
    CAIRN__PROXY_DISCARD, /* what means nothing */
    CAIRN__PROXY_TLV,     /* type, length and value, any number of times */
    CAIRN__PROXY_END
};

union cairn__proxy_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Zero is one that has seen nothing. */
struct cairn__proxy_parser {
    enum cairn__proxy_state state;
    size_t length; /* of `bytes` */
    size_t left;   /* of the block, of version 2 */
    unsigned tlv_head;
    unsigned tlv_type;
    size_t tlv_left;
    size_t address_left;
    uint32_t crc;      /* CRC-32C of all bytes, but for those of the checksum, which are zero */
    uint32_t checksum; /* what it has to be */
    bool has_checksum;
    /* Of COMPLETE: whether the header names the ends of the connection to the proxy; it does not in
     * a health check of the proxy's own, or for a family that is not of the Internet. */
    bool has_addresses;
    bool is_unix; /* the ends are Unix sockets, whose paths are not kept */
    union cairn__proxy_address source;
    union cairn__proxy_address destination;
    unsigned char bytes[CAIRN__PROXY_LINE_BYTES];
};

/*
 * Takes up DATA as far as the header goes; *USED is how much of it. The same however the bytes are
 * cut. A header is refused with the first byte that none can have at its place. Not called again
 * after COMPLETE or REFUSED.
 *
 * Of version 2 a LOCAL command and families and transports that are not those of TCP are complete
 * without addresses; type-length-values are checked for their form and passed over; a checksum must
 * be right.
 */
enum cairn__proxy_result cairn__proxy_feed(
    struct cairn__proxy_parser *self, const char *data, size_t length, size_t *used);

#endif
