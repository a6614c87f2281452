#include <cairn/http/codec/section.h>

#include <cairn/service/arena_core.h>

#define SECTION_FIRST_BYTES 512

/* Room for LENGTH bytes, and for as many again. */
static int section_reserve(struct cairn__section *self, struct cairn_arena *arena, size_t length)
{
    if (length <= self->capacity)
        return 0;
    size_t capacity = length < SECTION_FIRST_BYTES / 2 ? SECTION_FIRST_BYTES : 2 * length;
    if (capacity > self->max_bytes)
        capacity = self->max_bytes;
    char *bytes = cairn__arena_alloc_text(arena, capacity);
    if (!bytes)
        return -1;
    if (self->length)
        memcpy(bytes, self->bytes, self->length);
    self->bytes = bytes;
    self->capacity = capacity;
    return 0;
}

static int section_append(
    struct cairn__section *self, struct cairn_arena *arena, const char *data, size_t length)
{
    if (length == 0)
        return 0;
    if (section_reserve(self, arena, self->length + length))
        return -1;
    memcpy(self->bytes + self->length, data, length);
    self->length += length;
    return 0;
}

static enum cairn__section_result section_incomplete(struct cairn__section *self)
{
    if (self->guard.state == CAIRN__GUARD_REFUSED)
        return CAIRN__SECTION_REFUSED;
    if (self->length < self->max_bytes)
        return CAIRN__SECTION_MORE;
    self->guard.verdict = cairn__refuse(431, "the fields are too large");
    return CAIRN__SECTION_REFUSED;
}

/* Nothing has been collected yet: the guard looks at DATA where it is. */
static enum cairn__section_result section_feed_first(struct cairn__section *self,
    struct cairn_arena *arena, const char *data, size_t length, size_t *used)
{
    enum cairn__guard_state state = cairn__guard_scan(&self->guard, cairn_str_of(data, length));
    if (state == CAIRN__GUARD_COMPLETE) {
        *used = self->length = self->guard.at;
        self->bytes = cairn__arena_alloc_text(arena, self->length);
        if (!self->bytes)
            return CAIRN__SECTION_NO_MEMORY;
        memcpy(self->bytes, data, self->length);
        return CAIRN__SECTION_COMPLETE;
    }
    *used = length;
    if (section_append(self, arena, data, length))
        return CAIRN__SECTION_NO_MEMORY;
    return section_incomplete(self);
}

static enum cairn__section_result section_feed_more(struct cairn__section *self,
    struct cairn_arena *arena, const char *data, size_t length, size_t *used)
{
    size_t before = self->length;
    *used = length;
    if (section_append(self, arena, data, length))
        return CAIRN__SECTION_NO_MEMORY;
    enum cairn__guard_state state =
        cairn__guard_scan(&self->guard, cairn_str_of(self->bytes, self->length));
    if (state != CAIRN__GUARD_COMPLETE)
        return section_incomplete(self);
    self->length = self->guard.at;
    *used = self->length - before;
    return CAIRN__SECTION_COMPLETE;
}

enum cairn__section_result cairn__section_feed(struct cairn__section *self,
    struct cairn_arena *arena, const char *data, size_t length, size_t *used)
{
    size_t room = self->max_bytes - self->length;
    if (length > room)
        length = room;
    return self->length == 0 ? section_feed_first(self, arena, data, length, used)
                             : section_feed_more(self, arena, data, length, used);
}
