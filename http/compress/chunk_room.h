/* chunk_room.h - a chunk of a body while it is being written. Internal. */
#ifndef CAIRN_HTTP_CHUNK_ROOM_H
#define CAIRN_HTTP_CHUNK_ROOM_H

#include <stdbool.h>

#include <cairn/http/message.h>

#define CAIRN__CHUNK_ROOM_BYTES ((size_t)16 * 1024)

/* Zero is one that is empty, and has no memory. */
struct cairn__chunk_room {
    struct cairn_http_chunk *chunk;
    size_t used;
};

/* Where the next byte goes; there is room for CAIRN__CHUNK_ROOM_BYTES less `used`. NULL without
 * memory. */
char *cairn__chunk_room_end(struct cairn__chunk_room *self);
/* Moves out what was written, and leaves it empty. A little is copied, so that who holds it does
 * not hold all the room. NULL without memory. */
struct cairn_http_chunk *cairn__chunk_room_take(struct cairn__chunk_room *self);
void cairn__chunk_room_free(struct cairn__chunk_room *self);

#endif
