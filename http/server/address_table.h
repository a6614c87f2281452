/* address_table.h - how many connections each address has. Internal. */
#ifndef CAIRN_HTTP_ADDRESS_TABLE_H
#define CAIRN_HTTP_ADDRESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cairn/service/siphash.h>

struct cairn__address_slot;

/* Zero is one that counts nothing. All its memory is there from the beginning; which slots an
 * address falls on nobody can tell who does not know the key. */
struct cairn__address_table {
    struct cairn__address_slot *slots;
    size_t mask;
    struct cairn__siphash_key key;
};

/* For MOST connections at a time. Returns 0, or -1 without memory. */
int cairn__address_table_init(struct cairn__address_table *self, size_t most);
void cairn__address_table_fini(struct cairn__address_table *self);

/* Whether the address of PEER is one that is counted: that of a Unix socket is not. Of IPv6 the
 * first 64 bits are an address, which is what one customer has at least. */
bool cairn__address_table_counts(const struct sockaddr *peer);
/* One more connection of PEER. Returns false, and counts nothing, when it has MOST already. */
bool cairn__address_table_add(
    struct cairn__address_table *self, const struct sockaddr *peer, size_t most);
/* One less, that was added. */
void cairn__address_table_remove(struct cairn__address_table *self, const struct sockaddr *peer);

#endif
