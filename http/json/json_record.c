#include <cairn/http/json_record.h>

#include <cairn/service/assert.h>

static void record_write_string(struct cairn_json_writer *w, const struct cairn_str *value)
{
    if (value->data)
        cairn_json_string(w, *value);
    else
        cairn_json_null(w);
}

static void record_write_uuid(struct cairn_json_writer *w, const struct cairn_uuid *value)
{
    char text[CAIRN_UUID_LENGTH];
    cairn_uuid_format(value, text);
    cairn_json_string(w, cairn_str_of(text, sizeof(text)));
}

static void record_write_enum(
    struct cairn_json_writer *w, const struct cairn_field *field, unsigned value)
{
    if (value < field->name_count && field->names[value])
        cairn_json_text(w, field->names[value]);
    else if (!w->error)
        w->error = CAIRN_JSON_WRITER_NAME;
}

static void record_write_value(
    struct cairn_json_writer *w, const struct cairn_field *field, const void *value)
{
    switch (field->type) {
    case CAIRN_FIELD_TYPE_BOOL:
        cairn_json_bool(w, *(const bool *)value);
        break;
    case CAIRN_FIELD_TYPE_INT32:
        cairn_json_int(w, *(const int32_t *)value);
        break;
    case CAIRN_FIELD_TYPE_INT64:
        cairn_json_int(w, *(const int64_t *)value);
        break;
    case CAIRN_FIELD_TYPE_UINT32:
        cairn_json_uint(w, *(const uint32_t *)value);
        break;
    case CAIRN_FIELD_TYPE_UINT64:
        cairn_json_uint(w, *(const uint64_t *)value);
        break;
    case CAIRN_FIELD_TYPE_DOUBLE:
        cairn_json_double(w, *(const double *)value);
        break;
    case CAIRN_FIELD_TYPE_STRING:
        record_write_string(w, value);
        break;
    case CAIRN_FIELD_TYPE_UUID:
        record_write_uuid(w, value);
        break;
    case CAIRN_FIELD_TYPE_ENUM:
        record_write_enum(w, field, *(const unsigned *)value);
        break;
    case CAIRN_FIELD_TYPE_OBJECT:
        CAIRN_ASSERT(field->record->size == field->size, field->name,
            "the table of this field is that of another struct");
        cairn_json_record(w, field->record, value);
        break;
    }
}

static void record_write_array(
    struct cairn_json_writer *w, const struct cairn_field *field, const char *value)
{
    const char *items;
    size_t count;
    memcpy(&items, value + field->offset, sizeof(items));
    memcpy(&count, value + field->count_offset - 1, sizeof(count));
    cairn_json_array(w);
    for (size_t i = 0; i < count && !w->error; i++)
        record_write_value(w, field, items + i * field->size);
    cairn_json_end(w);
}

static void record_write_field(
    struct cairn_json_writer *w, const struct cairn_field *field, const char *value)
{
    if (field->flag_offset && !value[field->flag_offset - 1])
        return;
    cairn_json_key(w, field->as ? field->as : field->name);
    if (field->count_offset)
        record_write_array(w, field, value);
    else
        record_write_value(w, field, value + field->offset);
}

void cairn_json_record(
    struct cairn_json_writer *w, const struct cairn_record *record, const void *value)
{
    cairn_json_object(w);
    for (size_t i = 0; i < record->count && !w->error; i++)
        record_write_field(w, &record->fields[i], value);
    cairn_json_end(w);
}

void cairn_json_records(struct cairn_json_writer *w, const struct cairn_record *record,
    const void *values, size_t count)
{
    cairn_json_array(w);
    for (size_t i = 0; i < count && !w->error; i++)
        cairn_json_record(w, record, (const char *)values + i * record->size);
    cairn_json_end(w);
}

struct cairn_http_response *cairn_http_json_record(const struct cairn_http_request *req, int status,
    const struct cairn_record *record, const void *value)
{
    struct cairn_json_writer w = cairn_json_writer_in(req->arena);
    cairn_json_record(&w, record, value);
    return cairn_http_json(req, status, &w);
}
