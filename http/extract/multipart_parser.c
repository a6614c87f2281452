#include <cairn/http/multipart_parser.h>

#include <cairn/http/extract/boundary.h>
#include <cairn/http/extract/part_head.h>

#define MULTIPART_HEAD_FIRST 512

enum multipart_state {
    MULTIPART_PREAMBLE,
    MULTIPART_BOUNDARY, /* behind one */
    MULTIPART_DASH,     /* behind its first dash */
    MULTIPART_PADDING,  /* behind its first space */
    MULTIPART_LINE_END, /* behind the carriage return of its line */
    MULTIPART_HEAD,
    MULTIPART_DATA,
    MULTIPART_DATA_END, /* data before a boundary has been given; PART_END is to come */
    MULTIPART_DONE,
    MULTIPART_REFUSED
};

struct cairn_http_multipart_parser {
    struct cairn_arena *arena;
    struct cairn_http_multipart_limits limits;
    struct cairn__boundary boundary;
    enum multipart_state state;
    uint64_t bytes; /* of the preamble, or of the part's data */
    size_t parts;
    char *head; /* of the running part, as far as it has come */
    size_t head_length;
    size_t head_capacity;
    unsigned head_end; /* bytes of CR LF CR LF that were the last to be seen */
    struct cairn_http_part part;
    struct cairn_str piece;
    struct cairn__verdict verdict;
};

static void multipart_resolve(
    const struct cairn_http_multipart_limits *limits, struct cairn_http_multipart_limits *out)
{
    *out = (struct cairn_http_multipart_limits){.size = sizeof(*out)};
    if (limits) {
        size_t size = limits->size;
        memcpy(out, limits, size && size < sizeof(*out) ? size : sizeof(*out));
    }
    out->parts = out->parts ? out->parts : 100;
    out->header_bytes = out->header_bytes ? out->header_bytes : (size_t)8 * 1024;
    out->header_count = out->header_count ? out->header_count : 32;
    out->name_bytes = out->name_bytes ? out->name_bytes : 1024;
    out->part_bytes = out->part_bytes ? out->part_bytes : UINT64_MAX;
}

struct cairn_http_multipart_parser *cairn_http_multipart_parser_new(struct cairn_arena *arena,
    struct cairn_str boundary, const struct cairn_http_multipart_limits *limits)
{
    if (!cairn__boundary_is_valid(boundary))
        return NULL;
    struct cairn_http_multipart_parser *self = cairn_arena_alloc(arena, sizeof(*self));
    if (!self)
        return NULL;
    *self = (struct cairn_http_multipart_parser){.arena = arena};
    multipart_resolve(limits, &self->limits);
    cairn__boundary_init(&self->boundary, boundary);
    return self;
}

static enum cairn_http_multipart_event multipart_refuse(
    struct cairn_http_multipart_parser *self, int status, const char *reason)
{
    self->state = MULTIPART_REFUSED;
    self->verdict = cairn__refuse(status, reason);
    return CAIRN_HTTP_MULTIPART_REFUSED;
}

static enum cairn_http_multipart_event multipart_preamble(
    struct cairn_http_multipart_parser *self, struct cairn_str input, size_t *used)
{
    struct cairn_str piece;
    bool is_found = cairn__boundary_find(&self->boundary, input, used, &piece);
    self->bytes += piece.length;
    if (self->bytes > self->limits.header_bytes)
        return multipart_refuse(self, 413, "too much before the first boundary");
    if (is_found)
        self->state = MULTIPART_BOUNDARY;
    return CAIRN_HTTP_MULTIPART_MORE;
}

/* Of data over the limit as much is given as is allowed, whatever pieces it comes in. */
static enum cairn_http_multipart_event multipart_give(
    struct cairn_http_multipart_parser *self, struct cairn_str piece)
{
    uint64_t left = self->limits.part_bytes - self->bytes;
    if (piece.length <= left) {
        self->bytes += piece.length;
        self->piece = piece;
        return CAIRN_HTTP_MULTIPART_DATA;
    }
    multipart_refuse(self, 413, "a part with too much data");
    self->piece = cairn_str_of(piece.data, (size_t)left);
    return left ? CAIRN_HTTP_MULTIPART_DATA : CAIRN_HTTP_MULTIPART_REFUSED;
}

static enum cairn_http_multipart_event multipart_data(
    struct cairn_http_multipart_parser *self, struct cairn_str input, size_t *used)
{
    struct cairn_str piece;
    bool is_found = cairn__boundary_find(&self->boundary, input, used, &piece);
    if (is_found)
        self->state = piece.length ? MULTIPART_DATA_END : MULTIPART_BOUNDARY;
    if (piece.length)
        return multipart_give(self, piece);
    return is_found ? CAIRN_HTTP_MULTIPART_PART_END : CAIRN_HTTP_MULTIPART_MORE;
}

static enum cairn_http_multipart_event multipart_begin_part(
    struct cairn_http_multipart_parser *self)
{
    if (self->parts == self->limits.parts)
        return multipart_refuse(self, 413, "too many parts");
    self->parts++;
    self->head_length = 0;
    self->head_end = 2; /* the line of the boundary has just ended */
    self->state = MULTIPART_HEAD;
    return CAIRN_HTTP_MULTIPART_MORE;
}

/* The byte C behind a boundary. */
static enum cairn_http_multipart_event multipart_boundary(
    struct cairn_http_multipart_parser *self, char c)
{
    bool is_space = c == ' ' || c == '\t';
    if (self->state == MULTIPART_LINE_END && c == '\n')
        return multipart_begin_part(self);
    if (self->state == MULTIPART_DASH && c == '-') {
        self->state = MULTIPART_DONE;
        return CAIRN_HTTP_MULTIPART_DONE;
    }
    if (self->state == MULTIPART_BOUNDARY && c == '-')
        self->state = MULTIPART_DASH;
    else if (self->state < MULTIPART_LINE_END && self->state != MULTIPART_DASH && is_space)
        self->state = MULTIPART_PADDING;
    else if (self->state < MULTIPART_LINE_END && self->state != MULTIPART_DASH && c == '\r')
        self->state = MULTIPART_LINE_END;
    else
        return multipart_refuse(self, 400, "something behind a boundary");
    return CAIRN_HTTP_MULTIPART_MORE;
}

/* The buffer is used for all parts, one after the other, and never larger than the limit. */
static bool multipart_grow_head(struct cairn_http_multipart_parser *self)
{
    size_t capacity = self->head_capacity ? 2 * self->head_capacity : MULTIPART_HEAD_FIRST;
    if (capacity > self->limits.header_bytes)
        capacity = self->limits.header_bytes;
    char *head = cairn_arena_alloc_text(self->arena, capacity);
    if (!head)
        return false;
    if (self->head_length)
        memcpy(head, self->head, self->head_length);
    self->head = head;
    self->head_capacity = capacity;
    return true;
}

static enum cairn_http_multipart_event multipart_end_head(struct cairn_http_multipart_parser *self)
{
    char *head = cairn_arena_alloc_text(self->arena, self->head_length);
    if (!head)
        return multipart_refuse(self, 503, "no memory");
    memcpy(head, self->head, self->head_length);
    self->verdict = cairn__part_head_read(
        cairn_str_of(head, self->head_length), self->arena, &self->limits, &self->part);
    self->state = self->verdict.status ? MULTIPART_REFUSED : MULTIPART_DATA;
    self->bytes = 0;
    cairn__boundary_restart(&self->boundary);
    return self->verdict.status ? CAIRN_HTTP_MULTIPART_REFUSED : CAIRN_HTTP_MULTIPART_PART;
}

static enum cairn_http_multipart_event multipart_head(
    struct cairn_http_multipart_parser *self, struct cairn_str input, size_t *used)
{
    for (size_t i = 0; i < input.length; i++) {
        char c = input.data[i];
        *used = i + 1;
        if (self->head_length == self->limits.header_bytes)
            return multipart_refuse(self, 413, "a part with too large a header");
        if (self->head_length == self->head_capacity && !multipart_grow_head(self))
            return multipart_refuse(self, 503, "no memory");
        self->head[self->head_length++] = c;
        if (c == "\r\n\r\n"[self->head_end])
            self->head_end++;
        else
            self->head_end = c == '\r';
        if (self->head_end == 4)
            return multipart_end_head(self);
    }
    return CAIRN_HTTP_MULTIPART_MORE;
}

/* One step; MORE when there is nothing to tell. */
static enum cairn_http_multipart_event multipart_step(
    struct cairn_http_multipart_parser *self, struct cairn_str input, size_t *used)
{
    switch (self->state) {
    case MULTIPART_PREAMBLE:
        return multipart_preamble(self, input, used);
    case MULTIPART_DATA:
        return multipart_data(self, input, used);
    case MULTIPART_HEAD:
        return multipart_head(self, input, used);
    default:
        *used = 1;
        return multipart_boundary(self, input.data[0]);
    }
}

enum cairn_http_multipart_event cairn_http_multipart_parser_feed(
    struct cairn_http_multipart_parser *self, const char *data, size_t length, size_t *used)
{
    *used = 0;
    if (self->state == MULTIPART_REFUSED)
        return CAIRN_HTTP_MULTIPART_REFUSED;
    if (self->state == MULTIPART_DONE)
        return CAIRN_HTTP_MULTIPART_DONE;
    if (self->state == MULTIPART_DATA_END) {
        self->state = MULTIPART_BOUNDARY;
        return CAIRN_HTTP_MULTIPART_PART_END;
    }
    while (*used < length) {
        size_t n = 0;
        enum cairn_http_multipart_event event =
            multipart_step(self, cairn_str_of(data + *used, length - *used), &n);
        *used += n;
        if (event != CAIRN_HTTP_MULTIPART_MORE)
            return event;
    }
    return CAIRN_HTTP_MULTIPART_MORE;
}

enum cairn_http_multipart_event cairn_http_multipart_parser_finish(
    struct cairn_http_multipart_parser *self)
{
    return multipart_refuse(self, 400, "the last boundary is missing");
}

const struct cairn_http_part *cairn_http_multipart_parser_part(
    const struct cairn_http_multipart_parser *self)
{
    return &self->part;
}

struct cairn_str cairn_http_multipart_parser_piece(const struct cairn_http_multipart_parser *self)
{
    return self->piece;
}

int cairn_http_multipart_parser_status(const struct cairn_http_multipart_parser *self)
{
    return self->verdict.status;
}

const char *cairn_http_multipart_parser_reason(const struct cairn_http_multipart_parser *self)
{
    return self->verdict.reason;
}
