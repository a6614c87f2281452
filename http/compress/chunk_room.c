#include <cairn/http/compress/chunk_room.h>

#include <cairn/service/alloc.h>

#define CHUNK_ROOM_LITTLE (CAIRN__CHUNK_ROOM_BYTES / 4)

static void chunk_room_free_chunk(struct cairn_http_chunk *chunk)
{
    cairn_free(chunk);
}

char *cairn__chunk_room_end(struct cairn__chunk_room *self)
{
    if (!self->chunk)
        self->chunk = cairn_alloc(sizeof(*self->chunk) + CAIRN__CHUNK_ROOM_BYTES);
    return self->chunk ? (char *)(self->chunk + 1) + self->used : NULL;
}

struct cairn_http_chunk *cairn__chunk_room_take(struct cairn__chunk_room *self)
{
    const char *data = (const char *)(self->chunk + 1);
    struct cairn_http_chunk *taken = self->chunk;
    if (self->used < CHUNK_ROOM_LITTLE) {
        taken = cairn_http_chunk_new(data, self->used);
    } else {
        *taken = (struct cairn_http_chunk){cairn_str_of(data, self->used), chunk_room_free_chunk};
        self->chunk = NULL;
    }
    self->used = 0;
    return taken;
}

void cairn__chunk_room_free(struct cairn__chunk_room *self)
{
    cairn_free(self->chunk);
    *self = (struct cairn__chunk_room){NULL, 0};
}
