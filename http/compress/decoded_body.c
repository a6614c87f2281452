#include <cairn/http/compress/decoded_body.h>

#include <cairn/http/compress/chunk_room.h>

struct decoded_body {
    struct cairn_stream inner;
    struct cairn__coder_pool *pool;
    struct cairn__coder *coder;     /* NULL: all is out */
    struct cairn_http_chunk *chunk; /* of inner, not all of it decoded; NULL: none */
    size_t used;                    /* of its bytes */
    struct cairn__chunk_room room;
    struct cairn__decoded_limits limits;
    uint64_t in;
    uint64_t out;
    bool is_full;  /* more may come out without more input */
    bool is_whole; /* the input may end here */
};

static struct cairn_error decoded_body_bad =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_PROTOCOL, "http.body", "the body is not in its content coding");
static struct cairn_error decoded_body_cut = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_PROTOCOL, "http.body", "the body ends before its content coding does");
static struct cairn_error decoded_body_over = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_TOO_LARGE, "http.body", "the decoded body is larger than is taken");
static struct cairn_error decoded_body_bomb = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_TOO_LARGE, "http.body", "the body grows too much when it is decoded");

static enum cairn_poll decoded_body_fail(
    struct decoded_body *self, struct cairn_error *error, union cairn_outcome *out)
{
    self->pool->bad += error->code == CAIRN_ERROR_PROTOCOL;
    self->pool->too_large += error->code == CAIRN_ERROR_TOO_LARGE;
    out->error = error;
    return CAIRN_FAILED;
}

static void decoded_body_free_chunk(struct decoded_body *self)
{
    cairn_http_chunk_free(self->chunk);
    self->chunk = NULL;
    self->used = 0;
}

/* NULL: within the limits. */
static struct cairn_error *decoded_body_check(const struct decoded_body *self)
{
    uint64_t grains = (self->in + CAIRN__DECODED_GRAIN_BYTES - 1) / CAIRN__DECODED_GRAIN_BYTES;
    if (self->out > self->limits.max_bytes)
        return &decoded_body_over;
    if (self->out > CAIRN__DECODED_FREE_BYTES &&
        (self->out - 1) / self->limits.max_ratio >= grains * CAIRN__DECODED_GRAIN_BYTES)
        return &decoded_body_bomb;
    return NULL;
}

/* What the coder is given next: nothing, while it still has some of a whole grain. */
static size_t decoded_body_input(const struct decoded_body *self, struct cairn__coder_io *io)
{
    size_t left = CAIRN__DECODED_GRAIN_BYTES - (size_t)(self->in % CAIRN__DECODED_GRAIN_BYTES);
    if (!self->chunk || (self->is_full && left == CAIRN__DECODED_GRAIN_BYTES))
        return io->in_length = 0;
    io->in = self->chunk->bytes.data + self->used;
    io->in_length = self->chunk->bytes.length - self->used;
    if (io->in_length > left)
        io->in_length = left;
    return io->in_length;
}

static void decoded_body_count(struct decoded_body *self, size_t in, size_t out)
{
    self->used += in;
    self->in += in;
    self->pool->bytes_in += in;
    self->room.used += out;
    self->out += out;
    self->pool->bytes_out += out;
}

/* NULL: it went well. */
static struct cairn_error *decoded_body_code(struct decoded_body *self)
{
    char *end = cairn__chunk_room_end(&self->room);
    if (!end)
        return &cairn_error_no_memory;
    struct cairn__coder_io io = {"", 0, end, CAIRN__CHUNK_ROOM_BYTES - self->room.used};
    size_t given = decoded_body_input(self, &io);
    enum cairn__coder_step step = self->coder->ops->code(self->coder, &io, CAIRN__CODER_GO_ON);
    decoded_body_count(self, given - io.in_length, (size_t)(io.out - end));
    self->is_full = step == CAIRN__CODER_FULL;
    self->is_whole = step == CAIRN__CODER_ENDED;
    if (self->chunk && self->used == self->chunk->bytes.length)
        decoded_body_free_chunk(self);
    if (step == CAIRN__CODER_NO_MEMORY)
        return &cairn_error_no_memory;
    struct cairn_error *error = decoded_body_check(self);
    return !error && step == CAIRN__CODER_BAD ? &decoded_body_bad : error;
}

static enum cairn_poll decoded_body_end(struct decoded_body *self, union cairn_outcome *out)
{
    if (!self->is_whole)
        return decoded_body_fail(self, &decoded_body_cut, out);
    cairn__coder_pool_give_back(self->pool, self->coder);
    self->coder = NULL;
    return CAIRN_READY;
}

/* READY when there is a chunk, or when all is out. */
static enum cairn_poll decoded_body_ask(
    struct decoded_body *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    for (;;) {
        enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
        if (p)
            return p;
        self->chunk = out->value;
        if (!self->chunk)
            return decoded_body_end(self, out);
        if (self->chunk->bytes.length > 0)
            return CAIRN_READY;
        decoded_body_free_chunk(self);
    }
}

/* READY when there is no more room, or when all is out. */
static enum cairn_poll decoded_body_run(
    struct decoded_body *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    while (self->coder && self->room.used < CAIRN__CHUNK_ROOM_BYTES) {
        if (!self->chunk && !self->is_full) {
            enum cairn_poll p = decoded_body_ask(self, cx, out);
            if (p)
                return p;
            continue;
        }
        struct cairn_error *error = decoded_body_code(self);
        if (error)
            return decoded_body_fail(self, error, out);
    }
    return CAIRN_READY;
}

static enum cairn_poll decoded_body_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct decoded_body *self = state;
    enum cairn_poll p = decoded_body_run(self, cx, out);
    if (p == CAIRN_FAILED)
        return p;
    if (self->room.used > 0) {
        out->value = cairn__chunk_room_take(&self->room);
        return out->value ? CAIRN_READY : decoded_body_fail(self, &cairn_error_no_memory, out);
    }
    if (p == CAIRN_READY)
        out->value = NULL;
    return p;
}

static void decoded_body_drop(void *state)
{
    struct decoded_body *self = state;
    cairn_stream_drop(&self->inner);
    decoded_body_free_chunk(self);
    cairn__chunk_room_free(&self->room);
    cairn__coder_pool_give_back(self->pool, self->coder);
    cairn__coder_pool_unref(self->pool);
}

static const struct cairn_stream_ops decoded_body_ops = {.name = "decoded_body",
    .size = sizeof(struct decoded_body),
    .poll_next = decoded_body_poll_next,
    .drop = decoded_body_drop};

struct cairn_stream cairn__decoded_body(struct cairn_stream inner, struct cairn__coder_pool *pool,
    struct cairn__coder *coder, struct cairn__decoded_limits limits)
{
    pool->references++;
    return cairn_stream_box(&decoded_body_ops,
        &(struct decoded_body){.inner = inner, .pool = pool, .coder = coder, .limits = limits});
}
