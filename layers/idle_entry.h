/* idle_entry.h - the services of an idle cache, for who uses one for each call. Internal. */
#ifndef CAIRN_LAYERS_IDLE_ENTRY_H
#define CAIRN_LAYERS_IDLE_ENTRY_H

#include <cairn/layers/idle_cache.h>

/* The service of one key. */
struct cairn__idle_entry;

/* What KEY's service is; in use until leave. NULL with *ERROR set, owned by the caller. */
struct cairn__idle_entry *cairn__idle_cache_enter(
    struct cairn_idle_cache *cache, struct cairn_str key, struct cairn_error **error);
void cairn__idle_entry_leave(struct cairn__idle_entry *entry);
/* The next one who asks for the key gets a new service; this one ends with its last user. */
void cairn__idle_entry_bury(struct cairn__idle_entry *entry);

/* A copy that nobody else has, kept for the next one when it is given back. NULL without memory. */
struct cairn_service *cairn__idle_entry_borrow(struct cairn__idle_entry *entry);
void cairn__idle_entry_give_back(struct cairn__idle_entry *entry, struct cairn_service *service);

#endif
