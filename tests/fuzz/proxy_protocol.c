/* A cut, and the bytes of a connection: whole, byte by byte and cut there the parser says the same,
 * which is what the naive reader says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/connection/proxy_protocol.h>
#include <cairn/testkit/proxy_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

/* Feeds pieces of at most STEP bytes, the first of at most FIRST. Returns how many were used. */
static size_t feed(struct cairn__proxy_parser *parser, const char *data, size_t size, size_t first,
    size_t step, enum cairn__proxy_result *result)
{
    size_t at = 0;
    *result = CAIRN__PROXY_MORE;
    for (size_t piece = first; at < size && *result == CAIRN__PROXY_MORE; piece = step) {
        size_t used = 0;
        if (piece > size - at)
            piece = size - at;
        *result = cairn__proxy_feed(parser, data + at, piece, &used);
        CHECK(used == piece || *result != CAIRN__PROXY_MORE);
        at += used;
    }
    return at;
}

static void check_end(
    const union cairn__proxy_address *end, int family, const unsigned char bytes[16], unsigned port)
{
    CHECK(end->any.sa_family == family);
    if (family == AF_INET) {
        CHECK(memcmp(&end->v4.sin_addr, bytes, 4) == 0);
        CHECK(ntohs(end->v4.sin_port) == port);
    } else {
        CHECK(memcmp(&end->v6.sin6_addr, bytes, 16) == 0);
        CHECK(ntohs(end->v6.sin6_port) == port);
    }
}

static void check(const char *data, size_t size, size_t first, size_t step)
{
    struct cairn__proxy_parser parser = {.state = CAIRN__PROXY_START};
    struct proxy_reference expected;
    enum cairn__proxy_result result;
    size_t used = feed(&parser, data, size, first, step, &result);
    enum proxy_reference_result is = proxy_reference(&expected, data, size);
    if (is == PROXY_REFERENCE_SHORT) /* it may be seen already that it will be none */
        CHECK(result != CAIRN__PROXY_COMPLETE);
    else
        CHECK(
            result == (is == PROXY_REFERENCE_WHOLE ? CAIRN__PROXY_COMPLETE : CAIRN__PROXY_REFUSED));
    if (result != CAIRN__PROXY_COMPLETE)
        return;
    CHECK(used == expected.length);
    CHECK(parser.has_addresses == (expected.family != 0));
    CHECK(parser.is_unix == (expected.family == AF_UNIX));
    if (expected.family == AF_INET || expected.family == AF_INET6) {
        check_end(&parser.source, expected.family, expected.source, expected.ports[0]);
        check_end(&parser.destination, expected.family, expected.destination, expected.ports[1]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    check(bytes, size - 1, size, size);
    check(bytes, size - 1, 1, 1);
    check(bytes, size - 1, data[0] ? data[0] : 1, size);
    return 0;
}
