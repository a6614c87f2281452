/* discover.h - endpoints that come and go: a stream of inserts and removes. Tower's Discover. */
#ifndef CAIRN_LAYERS_DISCOVER_H
#define CAIRN_LAYERS_DISCOVER_H

#include <stddef.h>

#include <cairn/service/service.h>
#include <cairn/service/stream.h>

CAIRN_BEGIN_DECLS

/*
 * Discovery is a struct cairn_stream whose values are struct cairn_change: from a fixed list, from
 * a channel of cairn_change_type, or of your own making. The end of the stream means that nothing
 * changes any more. A failure of it means that the endpoints are not known any more, and fails who
 * depends on them.
 *
 * A key names an endpoint: an address, a host and port. An insert of a key that is there replaces
 * its service; a remove of one that is not there does nothing.
 */
enum cairn_change_kind { CAIRN_CHANGE_INSERT, CAIRN_CHANGE_REMOVE };

/* One value of the stream. */
struct cairn_change {
    enum cairn_change_kind kind;
    const char *key;               /* a copy, which goes with the change */
    struct cairn_service *service; /* owned, of an insert; NULL once it was taken */
    unsigned weight;               /* of an insert: its share under the weighted strategy */
};

/* Named "change". Its drop drops the service too. Not clonable. */
CAIRN_API extern const struct cairn_type cairn_change_type;

/* Copies KEY. Takes SERVICE, broken or not. WEIGHT: 0 is 1. Returns a change owned by the caller,
 * or NULL without memory. */
CAIRN_API struct cairn_change *cairn_change_insert(
    const char *key, struct cairn_service *service, unsigned weight);
/* Copies KEY. Returns a change owned by the caller, or NULL without memory. */
CAIRN_API struct cairn_change *cairn_change_remove(const char *key);
/* Takes CHANGE. NULL: nothing. */
CAIRN_API void cairn_change_drop(void *change);
/* Moves the service out of CHANGE. */
static inline struct cairn_service *cairn_change_take_service(struct cairn_change *change)
{
    struct cairn_service *service = change->service;
    change->service = 0;
    return service;
}

/* SERVICES[0..COUNT), under the keys "0", "1", …, then the end. Copies the array, takes the
 * services. A broken one among them is a mistake of who wrote the list: the stream fails with its
 * reason. */
CAIRN_API struct cairn_stream cairn_discover_list(
    struct cairn_service *const *services, size_t count);

/* Discovery as a response, for make_balance: values are struct cairn_stream *, named "discover". */
CAIRN_API extern const struct cairn_type cairn_discover_type;
/* Takes CHANGES. Returns them in a block owned by the caller, or NULL without memory. */
CAIRN_API struct cairn_stream *cairn_discover_box(struct cairn_stream changes);
/* Takes BOX, returns what is in it. */
CAIRN_API struct cairn_stream cairn_discover_unbox(struct cairn_stream *box);

CAIRN_END_DECLS

#endif
