#include <cairn/http/layers/rate_key.h>

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cairn/http/client.h>
#include <cairn/http/layers/http_rate_limit.h>

#define RATE_KEY_PARTS 4
#define RATE_KEY_HEAD (1 + sizeof(uint32_t))

struct rate_key_part {
    char tag;
    struct cairn_str value;
};

struct rate_key_parts {
    struct rate_key_part items[RATE_KEY_PARTS];
    size_t count;
    char address[sizeof(struct in6_addr)];
};

static void rate_key_add(struct rate_key_parts *parts, char tag, struct cairn_str value)
{
    parts->items[parts->count++] = (struct rate_key_part){tag, value};
}

static void rate_key_mask(char *address, unsigned prefix)
{
    for (unsigned i = 0; i < sizeof(struct in6_addr); i++) {
        unsigned kept = prefix > i * 8 ? prefix - i * 8 : 0;
        if (kept < 8)
            address[i] = (char)((unsigned char)address[i] & (0xff00u >> kept));
    }
}

/* An IPv4 address that came in over IPv6 is one all the same. */
static void rate_key_add_peer(
    struct rate_key_parts *parts, const struct sockaddr *peer, unsigned ipv6_prefix)
{
    const size_t v4_bytes = sizeof(struct in_addr);
    if (peer->sa_family == AF_INET) {
        memcpy(
            parts->address, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, v4_bytes);
        rate_key_add(parts, '4', cairn_str_of(parts->address, v4_bytes));
    } else if (peer->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
        memcpy(parts->address, v6, sizeof(*v6));
        if (IN6_IS_ADDR_V4MAPPED(v6)) {
            rate_key_add(
                parts, '4', cairn_str_of(parts->address + sizeof(*v6) - v4_bytes, v4_bytes));
        } else {
            rate_key_mask(parts->address, ipv6_prefix);
            rate_key_add(parts, '6', cairn_str_of(parts->address, sizeof(*v6)));
        }
    }
}

static void rate_key_collect(struct rate_key_parts *parts, const struct cairn__rate_key_rule *rule,
    const struct cairn_http_request *req)
{
    struct cairn_str header = cairn_str_of(NULL, 0);
    struct cairn_str user = cairn_str_of(NULL, 0);
    bool wants_peer = rule->by & CAIRN_RATE_BY_PEER;
    if (rule->by & CAIRN_RATE_BY_HEADER) {
        header = cairn_http_fields_get(&req->fields, rule->header);
        wants_peer = wants_peer || !header.data;
    }
    if (rule->by & CAIRN_RATE_BY_USER) {
        user = rule->user(rule->cx, req);
        wants_peer = wants_peer || !user.data;
    }
    const struct sockaddr *address = wants_peer ? cairn_http_client_address(req) : NULL;
    if (address)
        rate_key_add_peer(parts, address, rule->ipv6_prefix);
    if (header.data)
        rate_key_add(parts, 'h', header);
    if (user.data)
        rate_key_add(parts, 'u', user);
    if (rule->by & CAIRN_RATE_BY_ROUTE)
        rate_key_add(parts, 'r', req->route);
}

/* Each part has its tag and its length in front, so that no two lists of parts look the same. */
static size_t rate_key_length(const struct rate_key_parts *parts)
{
    size_t length = 0;
    for (size_t i = 0; i < parts->count; i++)
        length += RATE_KEY_HEAD + parts->items[i].value.length;
    return length;
}

static void rate_key_write(const struct rate_key_parts *parts, char *at)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct rate_key_part *part = &parts->items[i];
        uint32_t length = (uint32_t)part->value.length;
        *at++ = part->tag;
        memcpy(at, &length, sizeof(length));
        at += sizeof(length);
        if (length)
            memcpy(at, part->value.data, length);
        at += length;
    }
}

bool cairn__rate_key_make(struct cairn__rate_key *key, const struct cairn__rate_key_rule *rule,
    const struct cairn_http_request *req)
{
    struct rate_key_parts parts = {.count = 0};
    rate_key_collect(&parts, rule, req);
    size_t length = rate_key_length(&parts);
    char *data = key->buffer;
    key->bytes = cairn_str_of(NULL, 0);
    if (length > sizeof(key->buffer))
        data = cairn_arena_alloc_text(req->arena, length);
    if (!data)
        return false;
    rate_key_write(&parts, data);
    if (length)
        key->bytes = cairn_str_of(data, length);
    return true;
}
