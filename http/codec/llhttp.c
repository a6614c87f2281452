#include <cairn/http/codec/llhttp.h>

#include <llhttp.h>

#include <cairn/service/arena_core.h>

/* Before version 9 llhttp is strict only when it is compiled so, and its header with it. */
#if LLHTTP_VERSION_MAJOR < 9
_Static_assert(LLHTTP_STRICT_MODE, "llhttp must be compiled with LLHTTP_STRICT_MODE=1");
#endif

struct cairn__llhttp {
    llhttp_t parser; /* first: the callbacks get its address */
    struct cairn_http_fields *fields;
    size_t data; /* bytes of body seen in this call */
    bool is_complete;
};

static int llhttp_field(llhttp_t *parser, const char *at, size_t length)
{
    struct cairn_http_fields *fields = ((struct cairn__llhttp *)parser)->fields;
    if (fields->count == fields->capacity)
        return -1;
    struct cairn_http_field *field = &fields->items[fields->count++];
    field->name = cairn_str_of(at, length);
    field->value = cairn_str_of(at + length, 0);
    return 0;
}

/* llhttp skips white space in front of a value and leaves that behind it. */
static int llhttp_value(llhttp_t *parser, const char *at, size_t length)
{
    struct cairn_http_fields *fields = ((struct cairn__llhttp *)parser)->fields;
    while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
        length--;
    fields->items[fields->count - 1].value = cairn_str_of(at, length);
    return 0;
}

/* What a request with Upgrade has behind its head is its body: no other protocol is spoken. */
static int llhttp_head_complete(llhttp_t *parser)
{
    parser->upgrade = 0;
    return HPE_PAUSED;
}

static int llhttp_body(llhttp_t *parser, const char *at, size_t length)
{
    (void)at;
    ((struct cairn__llhttp *)parser)->data += length;
    return 0;
}

static int llhttp_message_complete(llhttp_t *parser)
{
    ((struct cairn__llhttp *)parser)->is_complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t llhttp_settings = {
    .on_header_field = llhttp_field,
    .on_header_value = llhttp_value,
    .on_headers_complete = llhttp_head_complete,
    .on_body = llhttp_body,
    .on_message_complete = llhttp_message_complete,
};

struct cairn__llhttp *cairn__llhttp_new(struct cairn_arena *arena)
{
    struct cairn__llhttp *self = cairn__arena_alloc(arena, sizeof(*self));
    if (!self)
        return NULL;
    llhttp_init(&self->parser, HTTP_REQUEST, &llhttp_settings);
    self->is_complete = false;
    return self;
}

/* The guard has seen a token, a target and "HTTP/1.x": what llhttp does not like about that line is
 * the method (PRI belongs to the preface of HTTP/2, and others to RTSP alone). */
static struct cairn__verdict llhttp_head_error(const struct cairn__llhttp *self, llhttp_errno_t rc)
{
    if (rc == HPE_INVALID_METHOD || rc == HPE_INVALID_CONSTANT || self->parser.method == HTTP_PRI)
        return cairn__refuse(501, "the method is not known");
    if (rc == HPE_INVALID_URL)
        return cairn__refuse(400, "the target is malformed");
    if (rc == HPE_INVALID_TRANSFER_ENCODING)
        return cairn__refuse(400, "the Transfer-Encoding is malformed");
    if (rc == HPE_INVALID_CONTENT_LENGTH || rc == HPE_UNEXPECTED_CONTENT_LENGTH)
        return cairn__refuse(400, "the Content-Length is malformed or not alone");
    return cairn__refuse(400, "a field is malformed");
}

struct cairn__verdict cairn__llhttp_head(struct cairn__llhttp *self, struct cairn_str head,
    struct cairn_http_fields *fields, size_t count)
{
    self->fields = fields;
    llhttp_errno_t rc = llhttp_execute(&self->parser, head.data, head.length);
    if (rc != HPE_PAUSED)
        return llhttp_head_error(self, rc);
    if (llhttp_get_error_pos(&self->parser) != head.data + head.length || fields->count != count)
        return cairn__refuse(400, "the head does not end where its empty line is");
    return cairn__accept();
}

enum cairn_http_method cairn__llhttp_method(const struct cairn__llhttp *self)
{
    switch (self->parser.method) {
    case HTTP_GET:
        return CAIRN_HTTP_GET;
    case HTTP_HEAD:
        return CAIRN_HTTP_HEAD;
    case HTTP_POST:
        return CAIRN_HTTP_POST;
    case HTTP_PUT:
        return CAIRN_HTTP_PUT;
    case HTTP_DELETE:
        return CAIRN_HTTP_DELETE;
    case HTTP_CONNECT:
        return CAIRN_HTTP_CONNECT;
    case HTTP_OPTIONS:
        return CAIRN_HTTP_OPTIONS;
    case HTTP_TRACE:
        return CAIRN_HTTP_TRACE;
    case HTTP_PATCH:
        return CAIRN_HTTP_PATCH;
    default:
        return CAIRN_HTTP_OTHER;
    }
}

bool cairn__llhttp_agrees(const struct cairn__llhttp *self, int64_t content_length)
{
    bool is_chunked = (self->parser.flags & F_CHUNKED) != 0;
    if (content_length < 0 || is_chunked)
        return is_chunked && content_length < 0;
    return self->parser.content_length == (uint64_t)content_length;
}

/* EXPECTED is what llhttp has to take for data. */
static struct cairn__verdict llhttp_chunk(
    struct cairn__llhttp *self, const char *bytes, size_t length, size_t expected)
{
    self->data = 0;
    llhttp_resume(&self->parser);
    llhttp_errno_t rc = llhttp_execute(&self->parser, bytes, length);
    if (rc != HPE_OK || self->data != expected)
        return cairn__refuse(400, "the chunked body is malformed");
    return cairn__accept();
}

struct cairn__verdict cairn__llhttp_framing(
    struct cairn__llhttp *self, const char *bytes, size_t length)
{
    return llhttp_chunk(self, bytes, length, 0);
}

struct cairn__verdict cairn__llhttp_data(
    struct cairn__llhttp *self, const char *bytes, size_t length)
{
    return llhttp_chunk(self, bytes, length, length);
}

struct cairn__verdict cairn__llhttp_trailers(struct cairn__llhttp *self, struct cairn_str section,
    struct cairn_http_fields *fields, size_t count)
{
    self->fields = fields;
    llhttp_errno_t rc = llhttp_execute(&self->parser, section.data, section.length);
    if (rc != HPE_PAUSED || !self->is_complete)
        return cairn__refuse(400, "a trailer field is malformed");
    if (llhttp_get_error_pos(&self->parser) != section.data + section.length ||
        fields->count != count)
        return cairn__refuse(400, "the trailers do not end where their empty line is");
    return cairn__accept();
}
