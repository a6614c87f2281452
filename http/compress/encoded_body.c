#include <cairn/http/compress/encoded_body.h>

#include <cairn/http/compress/chunk_room.h>

struct cairn_str cairn__encode_whole(struct cairn__coder_pool *pool, unsigned coding,
    struct cairn_str body, struct cairn_arena *arena)
{
    struct cairn__coder_io io = {body.data, body.length, pool->scratch, CAIRN__CODER_SCRATCH_BYTES};
    struct cairn__coder *coder = cairn__coder_pool_take(pool, coding);
    if (!coder)
        return cairn_str_of(NULL, 0);
    enum cairn__coder_step step = coder->ops->code(coder, &io, CAIRN__CODER_FINISH);
    cairn__coder_pool_give_back(pool, coder);
    if (step != CAIRN__CODER_ENDED)
        return cairn_str_of(NULL, 0);
    struct cairn_str encoded =
        cairn_str_of(pool->scratch, CAIRN__CODER_SCRATCH_BYTES - io.out_length);
    pool->bytes_in += body.length;
    pool->bytes_out += encoded.length;
    return cairn_arena_copy(arena, encoded);
}

struct encoded_body {
    struct cairn_stream inner;
    struct cairn__coder_pool *pool;
    struct cairn__coder *coder;     /* NULL: all is out */
    struct cairn_http_chunk *chunk; /* of inner, not all of it encoded; NULL: none */
    size_t used;                    /* of its bytes */
    size_t spent;                   /* bytes encoded in this turn */
    struct cairn__chunk_room room;
    enum cairn__coder_aim aim;
    bool is_dirty; /* something went in that may not be out */
};

static enum cairn_poll encoded_body_fail(union cairn_outcome *out, struct cairn_error *error)
{
    out->error = error;
    return CAIRN_FAILED;
}

/* Goes on in the next turn of the loop. */
static enum cairn_poll encoded_body_yield(struct encoded_body *self, const struct cairn_context *cx)
{
    self->spent = 0;
    cairn_task_wake(cx->task);
    return CAIRN_PENDING;
}

static void encoded_body_free_chunk(struct encoded_body *self)
{
    cairn_http_chunk_free(self->chunk);
    self->chunk = NULL;
    self->used = 0;
}

/* Has the coder take what this turn may have of the chunk. */
static enum cairn__coder_step encoded_body_code(
    struct encoded_body *self, struct cairn__coder_io *io)
{
    size_t left = CAIRN__CODER_TURN_BYTES - self->spent;
    io->in_length = 0;
    if (self->chunk) {
        io->in = self->chunk->bytes.data + self->used;
        io->in_length = self->chunk->bytes.length - self->used;
        if (io->in_length > left)
            io->in_length = left;
    }
    size_t given = io->in_length;
    enum cairn__coder_step step = self->coder->ops->code(self->coder, io, self->aim);
    self->used += given - io->in_length;
    self->spent += given - io->in_length;
    self->pool->bytes_in += given - io->in_length;
    if (self->chunk && self->used == self->chunk->bytes.length)
        encoded_body_free_chunk(self);
    return step;
}

/* What INNER says is what to do next. PENDING only when nothing is held back. */
static enum cairn_poll encoded_body_ask(
    struct encoded_body *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
    if (p == CAIRN_FAILED)
        return p;
    if (p == CAIRN_PENDING) {
        self->spent = 0;
        if (!self->is_dirty)
            return p;
        self->aim = CAIRN__CODER_FLUSH;
        return CAIRN_READY;
    }
    self->chunk = out->value;
    if (!self->chunk)
        self->aim = CAIRN__CODER_FINISH;
    else if (self->chunk->bytes.length > 0)
        self->is_dirty = true;
    return CAIRN_READY;
}

/* NULL: what was asked for is done, or there is no room. */
static struct cairn_error *encoded_body_step(struct encoded_body *self)
{
    char *end = cairn__chunk_room_end(&self->room);
    if (!end)
        return &cairn_error_no_memory;
    struct cairn__coder_io io = {"", 0, end, CAIRN__CHUNK_ROOM_BYTES - self->room.used};
    enum cairn__coder_step step = encoded_body_code(self, &io);
    size_t length = (size_t)(io.out - end);
    self->room.used += length;
    self->pool->bytes_out += length;
    if (step == CAIRN__CODER_NO_MEMORY)
        return &cairn_error_no_memory;
    if (step == CAIRN__CODER_ENDED) {
        cairn__coder_pool_give_back(self->pool, self->coder);
        self->coder = NULL;
    } else if (step == CAIRN__CODER_DONE && self->aim == CAIRN__CODER_FLUSH) {
        self->aim = CAIRN__CODER_GO_ON;
        self->is_dirty = false;
    }
    return NULL;
}

/* READY when there is no more room, or when all is out. */
static enum cairn_poll encoded_body_run(
    struct encoded_body *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    while (self->coder && self->room.used < CAIRN__CHUNK_ROOM_BYTES) {
        if (self->spent == CAIRN__CODER_TURN_BYTES)
            return encoded_body_yield(self, cx);
        if (!self->chunk && self->aim == CAIRN__CODER_GO_ON) {
            enum cairn_poll p = encoded_body_ask(self, cx, out);
            if (p)
                return p;
        }
        struct cairn_error *error = encoded_body_step(self);
        if (error)
            return encoded_body_fail(out, error);
    }
    return CAIRN_READY;
}

static enum cairn_poll encoded_body_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct encoded_body *self = state;
    enum cairn_poll p = encoded_body_run(self, cx, out);
    if (p == CAIRN_FAILED || (p == CAIRN_PENDING && self->is_dirty))
        return p;
    if (self->room.used > 0) {
        out->value = cairn__chunk_room_take(&self->room);
        return out->value ? CAIRN_READY : encoded_body_fail(out, &cairn_error_no_memory);
    }
    if (p == CAIRN_READY)
        out->value = NULL;
    return p;
}

static void encoded_body_drop(void *state)
{
    struct encoded_body *self = state;
    cairn_stream_drop(&self->inner);
    encoded_body_free_chunk(self);
    cairn__chunk_room_free(&self->room);
    cairn__coder_pool_give_back(self->pool, self->coder);
    cairn__coder_pool_unref(self->pool);
}

static const struct cairn_stream_ops encoded_body_ops = {.name = "encoded_body",
    .size = sizeof(struct encoded_body),
    .poll_next = encoded_body_poll_next,
    .drop = encoded_body_drop};

struct cairn_stream cairn__encoded_body(
    struct cairn_stream inner, struct cairn__coder_pool *pool, struct cairn__coder *coder)
{
    pool->references++;
    return cairn_stream_box(
        &encoded_body_ops, &(struct encoded_body){.inner = inner, .pool = pool, .coder = coder});
}
