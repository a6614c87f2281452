/* connector.h - makes connections: from an address to a byte stream. Tower's MakeConnection. */
#ifndef CAIRN_SERVICE_CONNECTOR_H
#define CAIRN_SERVICE_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/address.h>
#include <cairn/service/byte_stream.h>
#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * A service at the bottom of a stack. Its request is an address (cairn_address_type), its response
 * a connected byte stream (cairn_byte_stream_type), as socket_stream.h describes it. It is a make
 * service for raw connections, and with and_then or map_response, which speak a protocol over the
 * stream, a maker for reconnect.
 *
 * The call begins to connect and does not block; dropping its future closes the descriptor. Always
 * ready: a concurrency limit around it bounds the connects at a time. On a thread with a runtime;
 * may be cloned.
 *
 * A call fails, layer "connector", with CAIRN_ERROR_UNAVAILABLE when the peer cannot be reached:
 * "connection refused (127.0.0.1:9000)"; CAIRN_ERROR_ELAPSED: "not connected after 1000 ms
 * (127.0.0.1:9000)"; CAIRN_ERROR_OVERLOADED when the queue of a Unix socket is full;
 * CAIRN_ERROR_SYSTEM, as without a descriptor left; CAIRN_ERROR_MEMORY. A connection to itself,
 * which the kernel may make on loopback where nobody listens, is one refused.
 * Invalid: timeout_ms or keep_alive_ms out of range. Counts, in all copies: `connected`, `failed`,
 * `elapsed` (among them); gauge `connecting`.
 */
struct cairn_connector_options {
    size_t size;
    uint64_t timeout_ms; /* 1 to 86400000 (a day); 0: 1000 */
    /* TCP keep-alive: after so long without a byte the peer is probed, three times, a third of that
     * apart. 1000 to 32767000 (9 hours), cut to whole seconds; 0: never. */
    uint64_t keep_alive_ms;
    /* Leaves Nagle's algorithm on, which waits for more where little is written. False:
     * TCP_NODELAY. */
    bool waits_for_more;
};

/* OPTIONS may be NULL: all defaults. Never NULL: a broken service where it cannot be built. */
CAIRN_API struct cairn_service *cairn_connector_new(const struct cairn_connector_options *options);

/* cairn_connector(.timeout_ms = 500) */
#define cairn_connector(...)                                     \
    cairn_connector_new(&(const struct cairn_connector_options){ \
        .size = sizeof(struct cairn_connector_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
