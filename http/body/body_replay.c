#include <cairn/http/body/body_replay.h>

#include <cairn/service/alloc.h>

#define REPLAY_BYTES 65536

/* A chunk that is kept, and the next one. In the arena. */
struct replay_kept {
    struct cairn_http_chunk *chunk;
    struct replay_kept *next;
};

struct replay_reader;

/* What the readers share. Counted by them and by the chunks they gave out; in the arena. */
struct replay {
    struct cairn_arena *arena;
    struct cairn_stream inner;
    size_t references;
    size_t bytes;
    size_t max_bytes;
    struct replay_kept *first;
    struct replay_kept **end;
    struct replay_reader *readers;
    struct replay_reader *last; /* of a body over the cap: who reads on */
    struct cairn_error *error;
    bool has_ended;
};

/* The state of a reader's stream: in the arena, for the others find it. */
struct replay_reader {
    struct replay *shared;
    struct replay_kept **at; /* where the next chunk stands, or will stand */
    struct replay_reader *next;
    struct replay_reader **link;
    struct cairn_waker waker;
};

/* What a reader gives out: the bytes are those of a kept chunk. */
struct replay_chunk {
    struct cairn_http_chunk base;
    struct replay *shared;
};

static struct cairn_error replay_spent = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_TOO_LARGE, "http.replay", "the body is larger than what is kept of it");

static void replay_unref(struct replay *self)
{
    if (--self->references != 0)
        return;
    cairn_stream_drop(&self->inner);
    for (struct replay_kept *kept = self->first; kept; kept = kept->next)
        cairn_http_chunk_free(kept->chunk);
    cairn_error_unref(self->error);
}

static void replay_free_chunk(struct cairn_http_chunk *base)
{
    struct replay_chunk *self = (struct replay_chunk *)base;
    struct replay *shared = self->shared;
    cairn_free(self);
    replay_unref(shared);
}

/* The inner stream knows one waker, that of the last who asked; it wakes the others through here.
 */
static void replay_wake_others(const struct replay *self, const struct replay_reader *but)
{
    for (struct replay_reader *reader = self->readers; reader; reader = reader->next) {
        if (reader != but)
            cairn_wake(&reader->waker);
    }
}

static enum cairn_poll replay_no_memory(union cairn_outcome *out)
{
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static enum cairn_poll replay_give(
    struct replay_reader *self, struct replay_kept *kept, union cairn_outcome *out)
{
    struct replay_chunk *chunk = cairn_alloc(sizeof(*chunk));
    if (!chunk)
        return replay_no_memory(out);
    *chunk = (struct replay_chunk){{kept->chunk->bytes, replay_free_chunk}, self->shared};
    self->shared->references++;
    self->at = &kept->next;
    out->value = &chunk->base;
    return CAIRN_READY;
}

/* A chunk of the inner stream, which is kept, or is the first that is too much. */
static enum cairn_poll replay_take(
    struct replay_reader *self, struct cairn_http_chunk *chunk, union cairn_outcome *out)
{
    struct replay *shared = self->shared;
    if (!shared->last && chunk->bytes.length <= shared->max_bytes - shared->bytes) {
        struct replay_kept *kept = cairn_arena_alloc(shared->arena, sizeof(*kept));
        if (!kept) { /* it is gone for the others, too: none may go on behind it */
            cairn_http_chunk_free(chunk);
            shared->error = &cairn_error_no_memory;
            return replay_no_memory(out);
        }
        *kept = (struct replay_kept){chunk, NULL};
        *shared->end = kept;
        shared->end = &kept->next;
        shared->bytes += chunk->bytes.length;
        return replay_give(self, kept, out);
    }
    shared->last = self;
    out->value = chunk;
    return CAIRN_READY;
}

static enum cairn_poll replay_pull(
    struct replay_reader *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct replay *shared = self->shared;
    enum cairn_poll p = cairn_stream_poll_next(&shared->inner, cx, out);
    if (p == CAIRN_PENDING) {
        cairn_waker_set(&self->waker, cx);
        return p;
    }
    replay_wake_others(shared, self);
    if (p == CAIRN_FAILED)
        shared->error = cairn_error_ref(out->error);
    else if (!out->value)
        shared->has_ended = true;
    else
        return replay_take(self, out->value, out);
    return p;
}

static enum cairn_poll replay_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct replay_reader *self = state;
    struct replay *shared = self->shared;
    if (*self->at)
        return replay_give(self, *self->at, out);
    if (shared->last && shared->last != self) {
        out->error = &replay_spent;
        return CAIRN_FAILED;
    }
    if (shared->error) {
        out->error = cairn_error_ref(shared->error);
        return CAIRN_FAILED;
    }
    if (shared->has_ended) {
        out->value = NULL;
        return CAIRN_READY;
    }
    return replay_pull(self, cx, out);
}

static void replay_drop(void *state)
{
    struct replay_reader *self = state;
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    cairn_waker_clear(&self->waker);
    replay_wake_others(self->shared, self);
    replay_unref(self->shared);
}

static const struct cairn_stream_ops replay_ops = {
    .name = "replay", .poll_next = replay_poll_next, .drop = replay_drop};

/* A reader from the first byte on, as the body of REQ. */
static int replay_attach(struct replay *shared, struct cairn_http_request *req, int64_t length)
{
    struct replay_reader *reader = cairn_arena_alloc(shared->arena, sizeof(*reader));
    if (!reader)
        return -1;
    *reader = (struct replay_reader){
        .shared = shared, .at = &shared->first, .next = shared->readers, .link = &shared->readers};
    if (reader->next)
        reader->next->link = &reader->next;
    shared->readers = reader;
    shared->references++;
    return cairn_http_request_set_body(req, (struct cairn_stream){&replay_ops, reader}, length);
}

int cairn__replay_clone(const struct cairn_http_request *req, struct cairn_http_request *copy)
{
    if (req->stream.ops != &replay_ops)
        return -1;
    struct replay *shared = ((struct replay_reader *)req->stream.state)->shared;
    return shared->last ? -1 : replay_attach(shared, copy, req->stream_length);
}

bool cairn__replay_is_spent(const struct cairn_stream *stream)
{
    if (stream->ops != &replay_ops)
        return false;
    const struct replay_reader *reader = stream->state;
    return reader->shared->last && reader->shared->last != reader;
}

int cairn_http_body_replay(struct cairn_http_request *req, size_t max_bytes)
{
    if (cairn_http_is_collected(req) || req->stream.ops == &replay_ops)
        return 0;
    struct replay *shared = cairn_arena_alloc(req->arena, sizeof(*shared));
    if (!shared)
        return -1;
    *shared = (struct replay){.arena = req->arena,
        .inner = req->stream,
        .references = 1,
        .max_bytes = max_bytes ? max_bytes : REPLAY_BYTES};
    shared->end = &shared->first;
    req->stream = (struct cairn_stream){0};
    int rc = replay_attach(shared, req, req->stream_length);
    if (rc != 0) { /* it stays the body it was */
        req->stream = shared->inner;
        shared->inner = (struct cairn_stream){0};
    }
    replay_unref(shared);
    return rc;
}
