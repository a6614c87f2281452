#include <cairn/http/json.h>

#include <jansson.h>

#include <cairn/http/media_type.h>

static struct cairn_value json_value(const json_t *json)
{
    switch (json ? (int)json_typeof(json) : -1) {
    case JSON_NULL:
        return (struct cairn_value){.kind = CAIRN_VALUE_NULL};
    case JSON_TRUE:
    case JSON_FALSE:
        return (struct cairn_value){CAIRN_VALUE_BOOL, {.boolean = json_is_true(json)}};
    case JSON_INTEGER:
        return (struct cairn_value){CAIRN_VALUE_INT, {.integer = json_integer_value(json)}};
    case JSON_REAL:
        return (struct cairn_value){CAIRN_VALUE_REAL, {.real = json_real_value(json)}};
    case JSON_STRING:
        return (struct cairn_value){
            CAIRN_VALUE_STRING, {.string = {json_string_value(json), json_string_length(json)}}};
    case JSON_ARRAY:
        return (struct cairn_value){CAIRN_VALUE_ARRAY, {.node = json}};
    case JSON_OBJECT:
        return (struct cairn_value){CAIRN_VALUE_OBJECT, {.node = json}};
    default:
        return (struct cairn_value){.kind = CAIRN_VALUE_ABSENT};
    }
}

/* The names of a table have terminators. */
static struct cairn_value json_member(const void *object, struct cairn_str name)
{
    return json_value(json_object_get(object, name.data));
}

/* jansson's iterators are of objects that may be changed; this does not. */
static bool json_next_name(const void *object, void **place, struct cairn_str *name)
{
    json_t *json = (json_t *)(uintptr_t)object;
    *place = *place ? json_object_iter_next(json, *place) : json_object_iter(json);
    if (!*place)
        return false;
    *name = cairn_str_from(json_object_iter_key(*place));
    return true;
}

static size_t json_count(const void *array)
{
    return json_array_size(array);
}

static struct cairn_value json_item(const void *array, size_t i)
{
    return json_value(json_array_get(array, i));
}

static const struct cairn_tree json_tree = {
    .member = json_member,
    .next_name = json_next_name,
    .count = json_count,
    .item = json_item,
    .is_json = true,
};

static void json_reject(struct cairn_http_rejection *out, enum cairn_http_rejection_reason reason,
    int status, const char *detail)
{
    *out = (struct cairn_http_rejection){.reason = reason, .status = status, .detail = detail};
}

static void json_reject_syntax(struct cairn_arena *arena, const struct cairn_json_error *error,
    struct cairn_http_rejection *out)
{
    struct cairn_str detail = cairn_arena_printf(arena,
        "the body is not JSON: line %d, column %d: %s", error->line, error->column, error->text);
    if (detail.data)
        json_reject(out, CAIRN_HTTP_REJECTION_SYNTAX, 400, detail.data);
    else
        json_reject(out, CAIRN_HTTP_REJECTION_NO_MEMORY, 503, NULL);
    out->line = error->line;
    out->column = error->column;
}

static void json_reject_error(struct cairn_arena *arena, const struct cairn_json_error *error,
    struct cairn_http_rejection *out)
{
    switch (error->fault) {
    case CAIRN_JSON_TOO_LARGE:
        json_reject(out, CAIRN_HTTP_REJECTION_TOO_LARGE, 413, "the body is too large");
        return;
    case CAIRN_JSON_TOO_DEEP:
        json_reject(out, CAIRN_HTTP_REJECTION_DATA, 422, "the body is nested too deeply");
        return;
    case CAIRN_JSON_DUPLICATE:
        json_reject(out, CAIRN_HTTP_REJECTION_DATA, 422, "an object has a name twice");
        out->line = error->line;
        out->column = error->column;
        return;
    case CAIRN_JSON_NO_MEMORY:
        json_reject(out, CAIRN_HTTP_REJECTION_NO_MEMORY, 503, NULL);
        return;
    default:
        json_reject_syntax(arena, error, out);
    }
}

static bool json_is_json(const struct cairn_http_request *req)
{
    struct cairn_http_media_type type;
    return cairn_http_media_type_of(&req->fields, &type) &&
           cairn_http_media_type_is(&type, "+json");
}

static void json_reject_type(struct cairn_http_rejection *out)
{
    json_reject(
        out, CAIRN_HTTP_REJECTION_MEDIA_TYPE, 415, "the body must be application/json, and say so");
}

static json_t *json_parse(struct cairn_arena *arena, struct cairn_str text,
    const struct cairn_json_limits *limits, struct cairn_http_rejection *rejection)
{
    struct cairn_json_error error;
    json_t *json = cairn_json_parse(text, limits, &error);
    if (!json)
        json_reject_error(arena, &error, rejection);
    return json;
}

struct json_t *cairn_http_json_body(const struct cairn_http_request *req,
    const struct cairn_json_limits *limits, struct cairn_http_rejection *rejection)
{
    if (json_is_json(req))
        return json_parse(req->arena, req->body, limits, rejection);
    json_reject_type(rejection);
    return NULL;
}

bool cairn_json_bind(struct cairn_arena *arena, struct cairn_str text,
    const struct cairn_record *record, void *out, const struct cairn_json_limits *limits,
    struct cairn_http_rejection *rejection)
{
    json_t *json = json_parse(arena, text, limits, rejection);
    if (!json)
        return false;
    bool is_bound =
        cairn_http_bind_tree(arena, &json_tree, json_value(json), 422, record, out, rejection);
    json_decref(json);
    return is_bound;
}

bool cairn_http_bind_json(struct cairn_http_request *req, const struct cairn_record *record,
    void *out, const struct cairn_json_limits *limits, struct cairn_http_rejection *rejection)
{
    if (json_is_json(req))
        return cairn_json_bind(req->arena, req->body, record, out, limits, rejection);
    json_reject_type(rejection);
    return false;
}

bool cairn_http_has_json(const struct cairn_http_request *req)
{
    return req->body.length > 0 || cairn_http_request_field(req, "content-type").data;
}
