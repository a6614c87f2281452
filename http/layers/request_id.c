#include <cairn/http/layers/request_id.h>

#include <string.h>

#include <cairn/http/codec/blocks.h>
#include <cairn/http/layers/header_option.h>
#include <cairn/http/layers/uuid7.h>
#include <cairn/http/layers/wall_clock.h>
#include <cairn/http/message/fields_core.h>
#include <cairn/service/alloc.h>
#include <cairn/service/arena_core.h>
#include <cairn/service/future_core.h>

#define REQUEST_ID_MOST 128

/* What copies and futures share. */
struct request_id_shared {
    unsigned references;
    bool is_trusting;
    bool is_line;
    struct cairn_str (*make)(const struct cairn_http_request *req, void *state);
    void *state;
    struct cairn__uuid7 maker;
    struct cairn__wall_clock clock;
    uint64_t taken;
    uint64_t made;
    uint64_t rejected;
    size_t header_length;
    char header[];
};

struct request_id {
    struct cairn_service base;
    struct request_id_shared *shared;
};

/* An id with the name of its field, in the arena of the request. */
struct request_id_field {
    struct cairn_http_field field; /* the text, a line */
    bool is_line;                  /* to the encoder too, which writes some fields itself */
    char text[];
};

struct request_id_future {
    struct cairn_future inner;
    const struct request_id_field *field;
};

/* Its address is the key of the extension. */
static const char request_id_key;

struct cairn_str cairn_http_request_id(const struct cairn_http_request *req)
{
    const struct request_id_field *field = cairn_http_extension_get(req, &request_id_key);
    return field ? field->field.value : cairn_str_of(NULL, 0);
}

static bool request_id_is_valid(struct cairn_str id)
{
    if (id.length == 0 || id.length > REQUEST_ID_MOST)
        return false;
    for (size_t i = 0; i < id.length; i++) {
        char c = id.data[i];
        char lower = (char)(c | 0x20);
        if ((lower < 'a' || lower > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' &&
            c != '-')
            return false;
    }
    return true;
}

/* What the user's function makes is held to the same rule as what comes in. The absent string: one
 * of our own. */
static struct cairn_str request_id_make(
    struct request_id_shared *shared, const struct cairn_http_request *req)
{
    struct cairn_str id = cairn_str_of(NULL, 0);
    shared->made++;
    if (shared->make)
        id = shared->make(req, shared->state);
    return request_id_is_valid(id) ? id : cairn_str_of(NULL, 0);
}

/* ID, which came or is absent, or a new one. */
static struct cairn_str request_id_choose(
    struct request_id_shared *shared, const struct cairn_http_request *req, struct cairn_str id)
{
    if (shared->is_trusting && request_id_is_valid(id)) {
        shared->taken++;
        return id;
    }
    if (shared->is_trusting && id.data)
        shared->rejected++;
    return request_id_make(shared, req);
}

/* Writes the line of ID, or of a new one of our own. */
static struct cairn_http_field request_id_write(
    struct request_id_shared *shared, struct cairn_str id, char *text)
{
    char *at = cairn__line_put_name(text, cairn_str_of(shared->header, shared->header_length));
    if (id.data) {
        at = cairn__put(at, id.data, id.length);
    } else {
        cairn__uuid7_next(&shared->maker, (uint64_t)cairn__wall_clock_ms(&shared->clock), at);
        at += id.length;
    }
    cairn__put(at, "\r\n", 2);
    return cairn__line_field(text, shared->header_length, id.length);
}

/* Sets the id on REQ. NULL without memory. */
static const struct request_id_field *request_id_set(
    struct request_id_shared *shared, struct cairn_http_request *req)
{
    struct cairn_str header = {shared->header, shared->header_length};
    size_t at = cairn__fields_find(&req->fields, header);
    bool came = at < req->fields.count;
    struct cairn_str id =
        request_id_choose(shared, req, came ? req->fields.items[at].value : cairn_str_of(NULL, 0));
    if (!id.data)
        id.length = CAIRN__UUID_BYTES;
    struct request_id_field *self = cairn__arena_alloc(
        req->arena, sizeof(*self) + header.length + id.length + CAIRN__LINE_EXTRA);
    if (!self)
        return NULL;
    self->is_line = shared->is_line;
    self->field = request_id_write(shared, id, self->text);
    if (came ? cairn__fields_replace(&req->fields, self->field.name, self->field.value)
             : cairn__fields_append(&req->fields, self->field.name, self->field.value))
        return NULL;
    return cairn_http_extension_set(req, &request_id_key, self) == 0 ? self : NULL;
}

static int request_id_answer(struct cairn_http_fields *fields, const struct request_id_field *id)
{
    if (cairn__fields_find(fields, id->field.name) < fields->count)
        return 0;
    return id->is_line ? cairn__fields_append_line(fields, id->field)
                       : cairn__fields_append(fields, id->field.name, id->field.value);
}

/* On the response, unless inner has set one. */
static enum cairn_poll request_id_settle(
    const struct request_id_field *field, enum cairn_poll p, union cairn_outcome *out)
{
    if (p)
        return p;
    struct cairn_http_fields *fields = &((struct cairn_http_response *)out->value)->fields;
    if (request_id_answer(fields, field) == 0)
        return CAIRN_READY;
    cairn_type_drop(&cairn_http_response_type, out->value);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static enum cairn_poll request_id_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct request_id_future *self = state;
    return request_id_settle(self->field, cairn_future_poll(&self->inner, cx, out), out);
}

static void request_id_future_drop(void *state)
{
    cairn_future_drop(&((struct request_id_future *)state)->inner);
}

static const struct cairn_future_ops request_id_future_ops = {
    .name = "request_id",
    .size = sizeof(struct request_id_future),
    .poll = request_id_future_poll,
    .drop = request_id_future_drop,
    .wraps = true,
};

static struct cairn_future request_id_call(struct cairn_service *base, void *req)
{
    struct request_id *self = (struct request_id *)base;
    const struct request_id_field *field = request_id_set(self->shared, req);
    if (!field)
        return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
    struct cairn_future inner = cairn_service_call(base->inner, req);
    union cairn_outcome out;
    enum cairn_poll p = cairn__future_outcome(&inner, &out);
    if (p != CAIRN_PENDING)
        return cairn__future_of(request_id_settle(field, p, &out), &out);
    return cairn_future_box(&request_id_future_ops, &(struct request_id_future){inner, field});
}

static void request_id_cloned(struct cairn_service *base)
{
    ((struct request_id *)base)->shared->references++;
}

static void request_id_unref(struct request_id_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

static void request_id_drop(struct cairn_service *base)
{
    request_id_unref(((struct request_id *)base)->shared);
}

static void request_id_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct request_id_shared *shared = ((const struct request_id *)base)->shared;
    cairn_describe_text(d, "header", shared->header);
    cairn_describe_text(d, "trust", shared->is_trusting ? "yes" : "no");
    cairn_describe_counter(d, "taken", shared->taken);
    cairn_describe_counter(d, "made", shared->made);
    cairn_describe_counter(d, "rejected", shared->rejected);
}

static const struct cairn_service_ops request_id_ops = {
    .name = "request_id",
    .size = sizeof(struct request_id),
    .call = request_id_call,
    .cloned = request_id_cloned,
    .drop = request_id_drop,
    .describe = request_id_describe,
};

static struct request_id_shared *request_id_shared_new(
    const struct cairn_request_id_options *opts, const char *header)
{
    size_t length = strlen(header);
    struct request_id_shared *shared = cairn_alloc_zero(sizeof(*shared) + length + 1);
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->is_trusting = opts->trust == CAIRN_REQUEST_ID_TRUST;
    shared->is_line = !cairn__header_is_framing(cairn_str_of(header, length), false);
    shared->make = opts->make;
    shared->state = opts->state;
    shared->header_length = length;
    memcpy(shared->header, header, length + 1);
    cairn__uuid7_init(&shared->maker, 0);
    return shared;
}

static struct cairn_service *request_id_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_request_id_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *header = opts.header ? opts.header : "X-Request-Id";
    if (!cairn_http_is_token(cairn_str_from(header)))
        return cairn_layer_invalid(layer, inner, "header must be the name of a header field");
    if (opts.trust != CAIRN_REQUEST_ID_TRUST && opts.trust != CAIRN_REQUEST_ID_DISTRUST)
        return cairn_layer_invalid(layer, inner,
            "trust must be CAIRN_REQUEST_ID_TRUST or CAIRN_REQUEST_ID_DISTRUST, got %d",
            (int)opts.trust);
    struct request_id_shared *shared = request_id_shared_new(&opts, header);
    struct request_id *self = shared ? cairn_service_new(&request_id_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        request_id_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_request_id_layer(const struct cairn_request_id_options *options)
{
    static const struct cairn_request_id_options defaults = {.size = sizeof(defaults)};
    const struct cairn_request_id_options *opts = options ? options : &defaults;
    return cairn_layer_of("request_id", request_id_apply, opts, opts->size);
}
