#include <cairn/http/message.h>

#include <cairn/http/target.h>
#include <cairn/service/alloc.h>

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

static void *message_clone_request(const void *value)
{
    const struct cairn_http_request *req = value;
    struct cairn_http_request *copy = cairn_arena_alloc(req->arena, sizeof(*copy));
    if (!copy)
        return NULL;
    *copy = *req;
    if (req->fields.count == 0) {
        copy->fields = (struct cairn_http_fields){.arena = req->arena};
        return copy;
    }
    size_t size = req->fields.count * sizeof(*copy->fields.items);
    copy->fields.items = cairn_arena_alloc(req->arena, size);
    if (!copy->fields.items)
        return NULL;
    memcpy(copy->fields.items, req->fields.items, size);
    copy->fields.capacity = req->fields.count;
    return copy;
}

const struct cairn_type cairn_http_request_type = {
    .name = "http.request", .clone = message_clone_request};
const struct cairn_type cairn_http_response_type = {.name = "http.response"};

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
