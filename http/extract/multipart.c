#include <cairn/http/multipart.h>

#include <cairn/service/combine.h>

struct cairn_http_multipart {
    struct cairn_arena *arena;
    struct cairn_http_multipart_parser *parser;
    struct cairn_stream body;
    struct cairn_http_chunk *chunk; /* what is fed now, from `at` on; NULL: the next is asked for */
    size_t at;
    uint64_t max_bytes;
    size_t part; /* its number, from 1; 0: there was none yet */
    bool is_in_part;
    bool is_done;              /* the last boundary has been read */
    struct cairn_error *error; /* what it has failed with */
};

static void multipart_drop(void *value)
{
    struct cairn_http_multipart *self = value;
    cairn_http_chunk_free(self->chunk);
    cairn_stream_drop(&self->body);
    cairn_error_unref(self->error);
}

static uint64_t multipart_max_bytes(
    const struct cairn_http_request *req, const struct cairn_http_multipart_limits *limits)
{
    const size_t needed =
        offsetof(struct cairn_http_multipart_limits, body_bytes) + sizeof(limits->body_bytes);
    if (limits && (limits->size == 0 || limits->size >= needed) && limits->body_bytes)
        return limits->body_bytes;
    return req->body_limit ? req->body_limit : CAIRN_HTTP_BODY_BYTES;
}

int cairn_http_multipart_open(struct cairn_http_request *req,
    const struct cairn_http_multipart_limits *limits, struct cairn_http_multipart **out)
{
    struct cairn_str boundary;
    int64_t length = cairn_http_request_length(req);
    uint64_t max_bytes = multipart_max_bytes(req, limits);
    int status = cairn_http_multipart_boundary(&req->fields, req->arena, &boundary);
    if (status)
        return status;
    if (length > 0 && (uint64_t)length > max_bytes)
        return 413;
    struct cairn_http_multipart *self = cairn_arena_alloc(req->arena, sizeof(*self));
    if (!self)
        return 503;
    *self = (struct cairn_http_multipart){.arena = req->arena, .max_bytes = max_bytes};
    self->parser = cairn_http_multipart_parser_new(req->arena, boundary, limits);
    if (!self->parser || cairn_arena_defer(req->arena, multipart_drop, self))
        return 503;
    self->body = cairn_http_body_limit(cairn_http_request_take_body(req), max_bytes);
    *out = self;
    return 0;
}

/* Takes ERROR, for now and for later. */
static enum cairn_poll multipart_fail(
    struct cairn_http_multipart *self, struct cairn_error *error, union cairn_outcome *out)
{
    self->error = error;
    out->error = cairn_error_ref(error);
    return CAIRN_FAILED;
}

static enum cairn_poll multipart_refused(
    struct cairn_http_multipart *self, union cairn_outcome *out)
{
    int status = cairn_http_multipart_parser_status(self->parser);
    if (status == 503)
        return multipart_fail(self, &cairn_error_no_memory, out);
    return multipart_fail(self,
        cairn_error_new(status == 413 ? CAIRN_ERROR_TOO_LARGE : CAIRN_ERROR_PROTOCOL,
            "http.multipart", NULL, "%s", cairn_http_multipart_parser_reason(self->parser)),
        out);
}

/* READY with the next chunk in self->chunk, NULL at the end of the body. */
static enum cairn_poll multipart_pull(
    struct cairn_http_multipart *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    cairn_http_chunk_free(self->chunk);
    self->chunk = NULL;
    self->at = 0;
    enum cairn_poll p = cairn_stream_poll_next(&self->body, cx, out);
    if (p == CAIRN_FAILED)
        return multipart_fail(self, out->error, out);
    if (p == CAIRN_READY)
        self->chunk = out->value;
    return p;
}

static enum cairn_http_multipart_event multipart_feed(struct cairn_http_multipart *self)
{
    bool has_bytes = self->chunk && self->chunk->bytes.length;
    struct cairn_str rest = has_bytes ? self->chunk->bytes : CAIRN_STR("");
    size_t used = 0;
    enum cairn_http_multipart_event event = cairn_http_multipart_parser_feed(
        self->parser, rest.data + self->at, rest.length - self->at, &used);
    self->at += used;
    return event;
}

/* READY with the next event, which is none of MORE and REFUSED. */
static enum cairn_poll multipart_event(struct cairn_http_multipart *self,
    const struct cairn_context *cx, enum cairn_http_multipart_event *event,
    union cairn_outcome *out)
{
    if (self->error) {
        out->error = cairn_error_ref(self->error);
        return CAIRN_FAILED;
    }
    while ((*event = multipart_feed(self)) == CAIRN_HTTP_MULTIPART_MORE) {
        enum cairn_poll p = multipart_pull(self, cx, out);
        if (p)
            return p;
        if (!self->chunk) {
            cairn_http_multipart_parser_finish(self->parser);
            return multipart_refused(self, out);
        }
    }
    return *event == CAIRN_HTTP_MULTIPART_REFUSED ? multipart_refused(self, out) : CAIRN_READY;
}

/* Behind the last boundary: what still comes is read, so that the connection can be used again. */
static enum cairn_poll multipart_drain(
    struct cairn_http_multipart *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    enum cairn_poll p = CAIRN_READY;
    if (self->error) {
        out->error = cairn_error_ref(self->error);
        return CAIRN_FAILED;
    }
    while (!p && !cairn_stream_is_empty(&self->body))
        p = multipart_pull(self, cx, out);
    out->value = p ? out->value : NULL;
    return p;
}

static enum cairn_poll multipart_take_part(
    struct cairn_http_multipart *self, union cairn_outcome *out)
{
    struct cairn_http_part *part = cairn_arena_alloc(self->arena, sizeof(*part));
    if (!part)
        return multipart_fail(self, &cairn_error_no_memory, out);
    *part = *cairn_http_multipart_parser_part(self->parser);
    self->part++;
    self->is_in_part = true;
    out->value = part;
    return CAIRN_READY;
}

struct multipart_next {
    struct cairn_http_multipart *form;
};

static enum cairn_poll multipart_next_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_http_multipart *self = ((struct multipart_next *)state)->form;
    while (!self->is_done) {
        enum cairn_http_multipart_event event;
        enum cairn_poll p = multipart_event(self, cx, &event, out);
        if (p)
            return p;
        if (event == CAIRN_HTTP_MULTIPART_PART)
            return multipart_take_part(self, out);
        self->is_in_part = false;
        self->is_done = event == CAIRN_HTTP_MULTIPART_DONE;
    }
    return multipart_drain(self, cx, out);
}

static const struct cairn_future_ops multipart_next_ops = {.name = "http_multipart_next",
    .size = sizeof(struct multipart_next),
    .poll = multipart_next_poll};

struct cairn_future cairn_http_multipart_next(struct cairn_http_multipart *self)
{
    return cairn_future_box(&multipart_next_ops, &(struct multipart_next){self});
}

struct part_data {
    struct cairn_http_multipart *form;
    size_t part;
};

/* Pieces are copied: the chunk they lie in may hold the next part as well, and is fed on. */
static enum cairn_poll part_data_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    const struct part_data *data = state;
    struct cairn_http_multipart *self = data->form;
    enum cairn_http_multipart_event event = CAIRN_HTTP_MULTIPART_PART_END;
    if (self->error || (self->part == data->part && self->is_in_part)) {
        enum cairn_poll p = multipart_event(self, cx, &event, out);
        if (p)
            return p;
    }
    if (event == CAIRN_HTTP_MULTIPART_DATA) {
        struct cairn_str piece = cairn_http_multipart_parser_piece(self->parser);
        out->value = cairn_http_chunk_new(piece.data, piece.length);
        return out->value ? CAIRN_READY : multipart_fail(self, &cairn_error_no_memory, out);
    }
    if (self->part == data->part)
        self->is_in_part = false;
    out->value = NULL;
    return CAIRN_READY;
}

static const struct cairn_stream_ops part_data_ops = {
    .name = "http_part_data", .size = sizeof(struct part_data), .poll_next = part_data_poll_next};

struct cairn_stream cairn_http_part_data(struct cairn_http_multipart *self)
{
    return cairn_stream_box(&part_data_ops, &(struct part_data){self, self->part});
}

/* A request whose body is the part's data: what reads the one reads the other. NULL without memory.
 */
static struct cairn_http_request *part_request(struct cairn_http_multipart *self)
{
    struct cairn_http_request *req = cairn_arena_alloc(self->arena, sizeof(*req));
    if (!req)
        return NULL;
    *req = (struct cairn_http_request){.arena = self->arena, .body_limit = self->max_bytes};
    return cairn_http_request_set_body(req, cairn_http_part_data(self), -1) ? NULL : req;
}

static void *part_collected(void *cx, void *value)
{
    (void)cx;
    return &((struct cairn_http_request *)value)->body;
}

struct cairn_future cairn_http_part_collect(struct cairn_http_multipart *self, uint64_t max_bytes)
{
    struct cairn_http_request *req = part_request(self);
    if (!req)
        return cairn_future_failed(&cairn_error_no_memory);
    return cairn_future_map(cairn_http_collect(req, max_bytes), part_collected, NULL);
}

struct cairn_future cairn_http_part_save(
    struct cairn_http_multipart *self, struct cairn_blocking_pool *pool, int fd, uint64_t max_bytes)
{
    struct cairn_http_request *req = part_request(self);
    if (!req)
        return cairn_future_failed(&cairn_error_no_memory);
    return cairn_http_save(req, pool, fd, max_bytes);
}
