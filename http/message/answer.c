#include <cairn/http/message.h>

#include <unistd.h>

#include <cairn/http/body.h>
#include <cairn/http/codec/content_types.h>
#include <cairn/http/message/fields_core.h>
#include <cairn/service/arena_core.h>
#include <cairn/service/assert.h>

/* Room for the fields that most responses have. */
#define ANSWER_FIELDS 6

struct answer {
    struct cairn_http_response res;
    struct cairn_http_field fields[ANSWER_FIELDS];
};

struct cairn_http_response *cairn_http_response_new(
    const struct cairn_http_request *req, int status)
{
    CAIRN_ASSERT(status >= 200 && status <= 599, "cairn_http_response_new",
        "the status of a response is from 200 to 599");
    struct answer *self = cairn__arena_alloc(req->arena, sizeof(*self));
    if (!self)
        return NULL;
    self->res = (struct cairn_http_response){
        .arena = req->arena,
        .status = status,
        .fields = {.items = self->fields, .capacity = ANSWER_FIELDS, .arena = req->arena},
    };
    return &self->res;
}

/* The field is right as it stands, and there is room for it. */
struct cairn_http_response *cairn_http_text(
    const struct cairn_http_request *req, int status, const char *text)
{
    struct cairn_http_response *res = cairn_http_response_new(req, status);
    if (!res)
        return NULL;
    res->body = cairn_str_from(text);
    res->fields.items[0] = cairn__content_types[0];
    res->fields.count = 1;
    cairn__fields_mark_line(&res->fields, 0);
    return res;
}

static int answer_set_type(struct cairn_http_fields *fields, struct cairn_str value)
{
    const struct cairn_http_field *known = cairn__content_type_find(value);
    return known ? cairn__fields_append_line(fields, *known)
                 : cairn_http_fields_add(fields, CAIRN_STR("Content-Type"), value);
}

struct cairn_http_response *cairn_http_bytes(const struct cairn_http_request *req, int status,
    const char *content_type, struct cairn_str body)
{
    struct cairn_http_response *res = cairn_http_response_new(req, status);
    if (!res)
        return NULL;
    res->body = body;
    return content_type && answer_set_type(&res->fields, cairn_str_from(content_type)) ? NULL : res;
}

struct cairn_http_response *cairn_http_owned(const struct cairn_http_request *req, int status,
    const char *content_type, void *data, size_t length, void (*free_data)(void *))
{
    if (cairn_arena_defer(req->arena, free_data, data)) {
        free_data(data);
        return NULL;
    }
    return cairn_http_bytes(req, status, content_type, cairn_str_of(data, length));
}

struct cairn_http_response *cairn_http_stream(const struct cairn_http_request *req, int status,
    const char *content_type, struct cairn_stream stream, int64_t length)
{
    struct cairn_http_response *res =
        cairn_http_bytes(req, status, content_type, cairn_str_of(NULL, 0));
    if (!res) {
        cairn_stream_drop(&stream);
        return NULL;
    }
    return cairn_http_response_set_body(res, stream, length) == 0 ? res : NULL;
}

static void answer_close_file(void *value)
{
    struct cairn_http_file *file = value;
    close(file->fd);
}

struct cairn_http_response *cairn_http_file(const struct cairn_http_request *req, int status,
    const char *content_type, int fd, int64_t offset, int64_t length)
{
    struct cairn_http_file *file = cairn_arena_alloc(req->arena, sizeof(*file));
    if (file)
        *file = (struct cairn_http_file){fd, offset, length};
    if (!file || cairn_arena_defer(req->arena, answer_close_file, file)) {
        close(fd);
        return NULL;
    }
    struct cairn_http_response *res =
        cairn_http_bytes(req, status, content_type, cairn_str_of(NULL, 0));
    if (res)
        res->file = file;
    return res;
}

int cairn_http_response_set(struct cairn_http_response *res, const char *name, const char *value)
{
    struct cairn_str name_copy = cairn_arena_copy(res->arena, cairn_str_from(name));
    struct cairn_str value_copy = cairn_arena_copy(res->arena, cairn_str_from(value));
    if (!name_copy.data || !value_copy.data)
        return -1;
    return cairn_http_fields_set(&res->fields, name_copy, value_copy);
}
