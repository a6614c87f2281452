#include <cairn/http/decoder.h>

#include <cairn/http/codec/chunk_guard.h>
#include <cairn/http/codec/framing.h>
#include <cairn/http/codec/llhttp.h>
#include <cairn/http/codec/section.h>
#include <cairn/http/codec/target.h>
#include <cairn/service/arena_core.h>
#include <cairn/service/assert.h>

/* Of a request: an id of its own, and one of a layer of the user's. */
#define DECODER_SPARE_FIELDS 2

enum decoder_state {
    DECODER_HEAD,
    DECODER_BODY, /* of known length, also none */
    DECODER_CHUNKS,
    DECODER_TRAILERS,
    DECODER_ENDED
};

struct cairn_http_decoder {
    struct cairn_arena *arena;
    const struct cairn_http_limits *limits;
    enum decoder_state state;
    struct cairn__verdict verdict;
    struct cairn__llhttp *llhttp;
    struct cairn__framing framing;
    uint64_t left; /* of a body of known length */
    struct cairn_str piece;
    struct cairn__section section;
    struct cairn__chunk_guard chunks;
    struct cairn_http_fields trailers;
    struct cairn_http_request req;
};

struct cairn_http_decoder *cairn_http_decoder_new(
    struct cairn_arena *arena, const struct cairn_http_limits *limits)
{
    struct cairn_http_decoder *self = cairn__arena_alloc(arena, sizeof(*self));
    if (!self)
        return NULL;
    self->arena = arena;
    self->limits = limits;
    self->state = DECODER_HEAD;
    self->verdict = cairn__accept();
    self->framing = (struct cairn__framing){0};
    self->trailers = (struct cairn_http_fields){.arena = arena};
    self->section.length = 0;
    self->section.capacity = 0;
    self->section.max_bytes = limits->head_bytes;
    cairn__guard_init_head(&self->section.guard, limits->line_bytes, limits->fields);
    return self;
}

static enum cairn_http_event decoder_refuse(
    struct cairn_http_decoder *self, struct cairn__verdict verdict)
{
    self->state = DECODER_ENDED;
    self->verdict = verdict;
    return CAIRN_HTTP_EVENT_REFUSED;
}

static enum cairn_http_event decoder_no_memory(struct cairn_http_decoder *self)
{
    return decoder_refuse(self, cairn__refuse(503, "out of memory"));
}

/* Without its parameters, of which none counts before there is a route: they are most of it. */
static void decoder_init_request(struct cairn_http_request *req, struct cairn_arena *arena)
{
    const struct cairn_str absent = {NULL, 0};
    req->arena = arena;
    req->fields = (struct cairn_http_fields){.arena = arena};
    req->body = absent;
    req->stream = (struct cairn_stream){NULL, NULL};
    req->stream_length = 0;
    req->is_stream_held = false;
    req->body_limit = 0;
    req->trailers = NULL;
    req->exchange = NULL;
    req->peer = NULL;
    req->param_count = 0;
    req->route = absent;
    req->route_prefix = absent;
    req->route_host = absent;
    req->extensions = NULL;
}

/* With room for what layers add. */
static int decoder_reserve_fields(struct cairn_http_fields *fields, size_t count)
{
    if (count == 0)
        return 0;
    count += DECODER_SPARE_FIELDS;
    fields->items = cairn__arena_alloc(fields->arena, count * sizeof(*fields->items));
    if (!fields->items)
        return -1;
    fields->capacity = count;
    return 0;
}

static int decoder_alloc_request(struct cairn_http_decoder *self)
{
    self->llhttp = cairn__llhttp_new(self->arena);
    if (!self->llhttp)
        return -1;
    decoder_init_request(&self->req, self->arena);
    return decoder_reserve_fields(&self->req.fields, self->section.guard.fields);
}

static void decoder_read_line(struct cairn_http_decoder *self)
{
    const struct cairn__guard *line = &self->section.guard;
    const char *bytes = self->section.bytes;
    struct cairn_http_request *req = &self->req;
    struct cairn__target parts;
    req->method_name = cairn_str_of(bytes + line->method, line->target - 1 - line->method);
    req->target = cairn_str_of(bytes + line->target, line->version - 1 - line->target);
    cairn__target_split(req->target, &parts);
    req->path = parts.path;
    req->query = parts.query;
    req->version_minor = line->version_minor;
    req->method = cairn__llhttp_method(self->llhttp);
}

/* RFC 9112 section 3.2.2: the authority of an absolute-form stands in for the Host field. */
static void decoder_override_host(struct cairn_http_decoder *self)
{
    struct cairn__target parts;
    if (!self->framing.host || self->req.target.data[0] == '/')
        return;
    cairn__target_split(self->req.target, &parts);
    if (parts.authority.data)
        self->framing.host->value = parts.authority;
}

/* Whoever answers TRACE shows the request, with its cookies and credentials, to a script that may
 * not read them (RFC 9110 section 9.3.8). */
static struct cairn__verdict decoder_refuse_method(enum cairn_http_method method)
{
    if (method == CAIRN_HTTP_CONNECT)
        return cairn__refuse(501, "CONNECT is not served");
    if (method == CAIRN_HTTP_TRACE)
        return cairn__refuse(501, "TRACE is not served");
    return cairn__accept();
}

static struct cairn__verdict decoder_read_head(struct cairn_http_decoder *self)
{
    const struct cairn__guard *guard = &self->section.guard;
    struct cairn_str head =
        cairn_str_of(self->section.bytes + guard->method, self->section.length - guard->method);
    struct cairn__verdict v =
        cairn__llhttp_head(self->llhttp, head, &self->req.fields, guard->fields);
    if (v.status)
        return v;
    decoder_read_line(self);
    v = cairn__framing_read(&self->req, self->limits, &self->framing);
    if (v.status)
        return v;
    if (!cairn__llhttp_agrees(self->llhttp, self->framing.content_length))
        return cairn__refuse(400, "the length of the body could be read in two ways");
    decoder_override_host(self);
    return decoder_refuse_method(self->req.method);
}

static enum cairn_http_event decoder_head_done(struct cairn_http_decoder *self)
{
    if (decoder_alloc_request(self))
        return decoder_no_memory(self);
    struct cairn__verdict v = decoder_read_head(self);
    if (v.status)
        return decoder_refuse(self, v);
    if (self->framing.content_length < 0) {
        self->state = DECODER_CHUNKS;
        cairn__chunk_guard_init(&self->chunks, self->limits);
    } else {
        self->state = DECODER_BODY;
        self->left = (uint64_t)self->framing.content_length;
    }
    return CAIRN_HTTP_EVENT_HEAD;
}

static enum cairn_http_event decoder_feed_head(
    struct cairn_http_decoder *self, const char *data, size_t length, size_t *used)
{
    switch (cairn__section_feed(&self->section, self->arena, data, length, used)) {
    case CAIRN__SECTION_MORE:
        return CAIRN_HTTP_EVENT_MORE;
    case CAIRN__SECTION_COMPLETE:
        return decoder_head_done(self);
    case CAIRN__SECTION_REFUSED:
        return decoder_refuse(self, self->section.guard.verdict);
    default:
        return decoder_no_memory(self);
    }
}

static enum cairn_http_event decoder_done(struct cairn_http_decoder *self)
{
    self->state = DECODER_ENDED;
    return CAIRN_HTTP_EVENT_DONE;
}

static enum cairn_http_event decoder_piece(
    struct cairn_http_decoder *self, const char *data, size_t length, size_t *used)
{
    self->piece = cairn_str_of(data, length);
    *used += length;
    return CAIRN_HTTP_EVENT_BODY;
}

static enum cairn_http_event decoder_feed_body(
    struct cairn_http_decoder *self, const char *data, size_t length, size_t *used)
{
    if (self->left == 0)
        return decoder_done(self);
    if (length == 0)
        return CAIRN_HTTP_EVENT_MORE;
    if (length > self->left)
        length = (size_t)self->left;
    self->left -= length;
    return decoder_piece(self, data, length, used);
}

static enum cairn_http_event decoder_chunk_data(
    struct cairn_http_decoder *self, const char *data, size_t length, size_t *used)
{
    if (length == 0)
        return CAIRN_HTTP_EVENT_MORE;
    if (length > self->chunks.left)
        length = (size_t)self->chunks.left;
    struct cairn__verdict v = cairn__llhttp_data(self->llhttp, data, length);
    if (v.status)
        return decoder_refuse(self, v);
    cairn__chunk_guard_data(&self->chunks, length);
    return decoder_piece(self, data, length, used);
}

/* Framing up to the next data, the trailers, or the end of DATA. llhttp does not see extensions: it
 * refuses legal ones. What it refuses comes before the byte at which the guard stopped. */
static struct cairn__verdict decoder_chunk_framing(
    struct cairn_http_decoder *self, const char *data, size_t length, size_t *used)
{
    struct cairn__verdict v = cairn__accept();
    while (!v.status && *used < length && cairn__chunk_guard_is_framing(&self->chunks)) {
        bool is_extension;
        size_t run =
            cairn__chunk_guard_scan(&self->chunks, data + *used, length - *used, &is_extension);
        if (run > 0 && !is_extension)
            v = cairn__llhttp_framing(self->llhttp, data + *used, run);
        *used += run;
    }
    if (!v.status && self->chunks.state == CAIRN__CHUNK_REFUSED)
        v = self->chunks.verdict;
    return v;
}

static struct cairn__verdict decoder_read_trailers(struct cairn_http_decoder *self)
{
    struct cairn_str section = cairn_str_of(self->section.bytes, self->section.length);
    struct cairn__verdict v =
        cairn__llhttp_trailers(self->llhttp, section, &self->trailers, self->section.guard.fields);
    if (!v.status && cairn__framing_in_trailers(&self->trailers))
        v = cairn__refuse(400, "a framing field among the trailers");
    return v;
}

static enum cairn_http_event decoder_trailers_done(struct cairn_http_decoder *self)
{
    if (decoder_reserve_fields(&self->trailers, self->section.guard.fields))
        return decoder_no_memory(self);
    struct cairn__verdict v = decoder_read_trailers(self);
    return v.status ? decoder_refuse(self, v) : decoder_done(self);
}

static void decoder_begin_trailers(struct cairn_http_decoder *self)
{
    self->state = DECODER_TRAILERS;
    self->section = (struct cairn__section){.max_bytes = self->limits->trailer_bytes};
    cairn__guard_init_trailers(&self->section.guard, self->limits->trailer_fields);
}

static enum cairn_http_event decoder_feed_trailers(
    struct cairn_http_decoder *self, const char *data, size_t length, size_t *used)
{
    size_t taken = 0;
    enum cairn__section_result rc =
        cairn__section_feed(&self->section, self->arena, data, length, &taken);
    *used += taken;
    switch (rc) {
    case CAIRN__SECTION_MORE:
        return CAIRN_HTTP_EVENT_MORE;
    case CAIRN__SECTION_COMPLETE:
        return decoder_trailers_done(self);
    case CAIRN__SECTION_REFUSED:
        return decoder_refuse(self, self->section.guard.verdict);
    default:
        return decoder_no_memory(self);
    }
}

static enum cairn_http_event decoder_feed_chunks(
    struct cairn_http_decoder *self, const char *data, size_t length, size_t *used)
{
    if (self->chunks.state != CAIRN__CHUNK_DATA) {
        struct cairn__verdict v = decoder_chunk_framing(self, data, length, used);
        if (v.status)
            return decoder_refuse(self, v);
    }
    if (self->chunks.state == CAIRN__CHUNK_DATA)
        return decoder_chunk_data(self, data + *used, length - *used, used);
    if (self->chunks.state != CAIRN__CHUNK_TRAILERS)
        return CAIRN_HTTP_EVENT_MORE;
    decoder_begin_trailers(self);
    return decoder_feed_trailers(self, data + *used, length - *used, used);
}

enum cairn_http_event cairn_http_decoder_feed(
    struct cairn_http_decoder *decoder, const char *data, size_t length, size_t *used)
{
    *used = 0;
    switch (decoder->state) {
    case DECODER_HEAD:
        return decoder_feed_head(decoder, data, length, used);
    case DECODER_BODY:
        return decoder_feed_body(decoder, data, length, used);
    case DECODER_CHUNKS:
        return decoder_feed_chunks(decoder, data, length, used);
    case DECODER_TRAILERS:
        return decoder_feed_trailers(decoder, data, length, used);
    default:
        cairn_assert_failed(__FILE__, __LINE__, "http.decoder", "fed after its message has ended");
    }
}

struct cairn_http_request *cairn_http_decoder_request(struct cairn_http_decoder *decoder)
{
    return &decoder->req;
}

struct cairn_str cairn_http_decoder_piece(const struct cairn_http_decoder *decoder)
{
    return decoder->piece;
}

int64_t cairn_http_decoder_content_length(const struct cairn_http_decoder *decoder)
{
    return decoder->framing.content_length;
}

bool cairn_http_decoder_keeps_alive(const struct cairn_http_decoder *decoder)
{
    return decoder->framing.keeps_alive;
}

bool cairn_http_decoder_expects_continue(const struct cairn_http_decoder *decoder)
{
    return decoder->framing.expects_continue;
}

bool cairn_http_decoder_is_blank(const struct cairn_http_decoder *decoder)
{
    return decoder->state == DECODER_HEAD && decoder->section.guard.state < CAIRN__GUARD_METHOD;
}

const struct cairn_http_fields *cairn_http_decoder_trailers(
    const struct cairn_http_decoder *decoder)
{
    return &decoder->trailers;
}

int cairn_http_decoder_status(const struct cairn_http_decoder *decoder)
{
    return decoder->verdict.status;
}

const char *cairn_http_decoder_reason(const struct cairn_http_decoder *decoder)
{
    return decoder->verdict.reason;
}
