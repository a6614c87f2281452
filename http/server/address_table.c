#include <cairn/http/server/address_table.h>

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include <cairn/service/alloc.h>

#define ADDRESS_BYTES 16
#define ADDRESS_PREFIX_BYTES 8

/* Open addressing, and never more than half full. */
struct cairn__address_slot {
    unsigned char bytes[ADDRESS_BYTES];
    uint32_t count; /* 0: free */
};

int cairn__address_table_init(struct cairn__address_table *self, size_t most)
{
    size_t capacity = 2;
    while (capacity < 2 * most)
        capacity *= 2;
    self->slots = cairn_alloc_zero(capacity * sizeof(*self->slots));
    self->mask = capacity - 1;
    self->key = cairn__siphash_key_new(0);
    return self->slots ? 0 : -1;
}

void cairn__address_table_fini(struct cairn__address_table *self)
{
    cairn_free(self->slots);
    self->slots = NULL;
}

bool cairn__address_table_counts(const struct sockaddr *peer)
{
    return peer->sa_family == AF_INET || peer->sa_family == AF_INET6;
}

/* IPv4 is written as the part of IPv6 that stands for it, whichever socket it came to. */
static void address_bytes(const struct sockaddr *peer, unsigned char bytes[ADDRESS_BYTES])
{
    memset(bytes, 0, ADDRESS_BYTES);
    if (peer->sa_family == AF_INET) {
        memset(bytes + 10, 0xff, 2);
        memcpy(bytes + 12, &((const struct sockaddr_in *)peer)->sin_addr, 4);
        return;
    }
    const struct in6_addr *address = &((const struct sockaddr_in6 *)peer)->sin6_addr;
    memcpy(bytes, address, IN6_IS_ADDR_V4MAPPED(address) ? ADDRESS_BYTES : ADDRESS_PREFIX_BYTES);
}

static size_t address_home(
    const struct cairn__address_table *self, const unsigned char bytes[ADDRESS_BYTES])
{
    return (size_t)cairn__siphash(self->key, bytes, ADDRESS_BYTES) & self->mask;
}

/* Where the address is, or the free slot where it would be. */
static size_t address_find(
    const struct cairn__address_table *self, const unsigned char bytes[ADDRESS_BYTES])
{
    size_t at = address_home(self, bytes);
    while (self->slots[at].count && memcmp(self->slots[at].bytes, bytes, ADDRESS_BYTES) != 0)
        at = (at + 1) & self->mask;
    return at;
}

/* Those behind the slot that becomes free move up, where it is between their home and them. */
static void address_free(struct cairn__address_table *self, size_t at)
{
    size_t next = at;
    for (;;) {
        next = (next + 1) & self->mask;
        const struct cairn__address_slot *slot = &self->slots[next];
        if (!slot->count)
            break;
        size_t from_home = (next - address_home(self, slot->bytes)) & self->mask;
        if (from_home >= ((next - at) & self->mask)) {
            self->slots[at] = *slot;
            at = next;
        }
    }
    self->slots[at].count = 0;
}

bool cairn__address_table_add(
    struct cairn__address_table *self, const struct sockaddr *peer, size_t most)
{
    unsigned char bytes[ADDRESS_BYTES];
    address_bytes(peer, bytes);
    struct cairn__address_slot *slot = &self->slots[address_find(self, bytes)];
    if (slot->count >= most)
        return false;
    memcpy(slot->bytes, bytes, ADDRESS_BYTES);
    slot->count++;
    return true;
}

void cairn__address_table_remove(struct cairn__address_table *self, const struct sockaddr *peer)
{
    unsigned char bytes[ADDRESS_BYTES];
    address_bytes(peer, bytes);
    size_t at = address_find(self, bytes);
    if (--self->slots[at].count == 0)
        address_free(self, at);
}
