#include <cairn/http/message.h>

#include <cairn/http/body/body_replay.h>
#include <cairn/http/codec/target.h>
#include <cairn/http/message/message_copy.h>
#include <cairn/service/alloc.h>
#include <cairn/service/arena_core.h>

const char *cairn_http_method_name(enum cairn_http_method method)
{
    static const char *const names[CAIRN_HTTP_METHODS] = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "OTHER"};
    return names[method];
}

struct cairn_http_request *cairn_http_request_new(
    struct cairn_arena *arena, enum cairn_http_method method, const char *target)
{
    struct cairn_http_request *req = cairn_arena_alloc(arena, sizeof(*req));
    struct cairn_str copy = cairn_arena_copy(arena, cairn_str_from(target));
    struct cairn__target parts;
    if (!req || !copy.data)
        return NULL;
    cairn__target_split(copy, &parts);
    *req = (struct cairn_http_request){
        .arena = arena,
        .method = method,
        .version_minor = 1,
        .method_name = cairn_str_from(cairn_http_method_name(method)),
        .target = copy,
        .path = parts.path,
        .query = parts.query,
        .fields = {.arena = arena},
    };
    return req;
}

struct cairn_str cairn_http_request_param(const struct cairn_http_request *req, const char *name)
{
    struct cairn_str wanted = cairn_str_from(name);
    for (size_t i = 0; i < req->param_count; i++) {
        if (cairn_str_equal(req->params[i].name, wanted))
            return req->params[i].value;
    }
    return cairn_str_of(NULL, 0);
}

struct cairn_str cairn_http_request_field(const struct cairn_http_request *req, const char *name)
{
    return cairn_http_fields_get(&req->fields, cairn_str_from(name));
}

struct cairn_str cairn_http_request_original_path(const struct cairn_http_request *req)
{
    struct cairn__target parts;
    cairn__target_split(req->target, &parts);
    return parts.path;
}

static struct cairn_http_extension *message_extension(
    const struct cairn_http_request *req, const void *key)
{
    struct cairn_http_extension *extension = req->extensions;
    while (extension && extension->key != key)
        extension = extension->next;
    return extension;
}

/* A new one goes in front and an old one stays as it is: a copy of the request may share it. */
int cairn_http_extension_set(struct cairn_http_request *req, const void *key, void *value)
{
    struct cairn_http_extension *extension = cairn_arena_alloc(req->arena, sizeof(*extension));
    if (!extension)
        return -1;
    *extension = (struct cairn_http_extension){key, value, req->extensions};
    req->extensions = extension;
    return 0;
}

void *cairn_http_extension_get(const struct cairn_http_request *req, const void *key)
{
    struct cairn_http_extension *extension = message_extension(req, key);
    return extension ? extension->value : NULL;
}

/* A copy of a request, with its fields behind it. */
struct message_copy {
    struct cairn_http_request req;
    struct cairn_http_field fields[];
};

/* All of REQ but the parameters that it does not use, which are most of it. */
static void message_copy_used(struct cairn_http_request *copy, const struct cairn_http_request *req)
{
    const size_t behind = offsetof(struct cairn_http_request, param_count);
    memcpy((void *)copy, req, offsetof(struct cairn_http_request, params));
    if (req->param_count)
        memcpy(copy->params, req->params, req->param_count * sizeof(req->params[0]));
    memcpy((char *)copy + behind, (const char *)req + behind, sizeof(*req) - behind);
}

/* The body last: it alone would have to be given back. */
static void *message_clone_request(const void *value)
{
    const struct cairn_http_request *req = value;
    size_t size = req->fields.count * sizeof(req->fields.items[0]);
    struct message_copy *self = cairn__arena_alloc(req->arena, sizeof(*self) + size);
    if (!self)
        return NULL;
    struct cairn_http_request *copy = &self->req;
    message_copy_used(copy, req);
    copy->stream = (struct cairn_stream){0};
    copy->is_stream_held = false;
    copy->fields.items = self->fields;
    copy->fields.capacity = copy->fields.count;
    if (size)
        memcpy(self->fields, req->fields.items, size);
    if (cairn_stream_is_empty(&req->stream))
        return copy;
    return cairn__replay_clone(req, copy) == 0 ? copy : NULL;
}

static void message_drop_request(void *value)
{
    struct cairn_http_request *req = value;
    cairn_stream_drop(&req->stream);
}

static bool message_is_spent(const void *value)
{
    const struct cairn_http_request *req = value;
    return cairn__replay_is_spent(&req->stream);
}

const struct cairn_type cairn_http_request_type = {.name = "http.request",
    .clone = message_clone_request,
    .drop = message_drop_request,
    .is_spent = message_is_spent};

static void *message_clone_response(const void *value)
{
    const struct cairn_http_response *res = value;
    if (!cairn_stream_is_empty(&res->stream) || res->file || res->upgrade)
        return NULL;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_response *copy = arena ? cairn_arena_alloc(arena, sizeof(*copy)) : NULL;
    if (!copy) {
        cairn_arena_free(arena);
        return NULL;
    }
    *copy = (struct cairn_http_response){.arena = arena,
        .status = res->status,
        .fields = {.arena = arena},
        .body = res->body,
        .owns_arena = true};
    if (res->body.length)
        copy->body = cairn_arena_copy(arena, res->body);
    if ((res->body.length && !copy->body.data) ||
        cairn__message_copy_fields(&copy->fields, &res->fields) != 0) {
        cairn_arena_free(arena);
        return NULL;
    }
    return copy;
}

static void message_drop_response(void *value)
{
    struct cairn_http_response *res = value;
    cairn_stream_drop(&res->stream);
    if (res->owns_arena)
        cairn_arena_free(res->arena);
}

const struct cairn_type cairn_http_response_type = {
    .name = "http.response", .clone = message_clone_response, .drop = message_drop_response};

static void message_free_chunk(struct cairn_http_chunk *self)
{
    cairn_free(self);
}

struct cairn_http_chunk *cairn_http_chunk_new(const void *data, size_t length)
{
    size_t size;
    if (__builtin_add_overflow(length, sizeof(struct cairn_http_chunk), &size))
        return NULL;
    struct cairn_http_chunk *chunk = cairn_alloc(size);
    if (!chunk)
        return NULL;
    char *bytes = (char *)(chunk + 1);
    if (length)
        memcpy(bytes, data, length);
    *chunk = (struct cairn_http_chunk){cairn_str_of(bytes, length), message_free_chunk};
    return chunk;
}

void cairn_http_chunk_free(struct cairn_http_chunk *chunk)
{
    if (chunk && chunk->free)
        chunk->free(chunk);
}

static void message_drop_chunk(void *value)
{
    cairn_http_chunk_free(value);
}

const struct cairn_type cairn_http_chunk_type = {.name = "http.chunk", .drop = message_drop_chunk};
