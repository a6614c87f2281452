#include <cairn/http/extract/bind_scalar.h>

#include <cairn/http/text/utf8.h>

/* Read whole and looked at before the member is touched. */
union scalar {
    bool boolean;
    int32_t int32;
    int64_t int64;
    uint32_t uint32;
    uint64_t uint64;
    double real;
    struct cairn_str string;
    struct cairn_uuid uuid;
    int number; /* of an enum's name */
};

struct scalar_range {
    int64_t min;
    int64_t max;
};

static struct scalar_range scalar_type_range(enum cairn_field_type type)
{
    switch (type) {
    case CAIRN_FIELD_TYPE_INT32:
        return (struct scalar_range){INT32_MIN, INT32_MAX};
    case CAIRN_FIELD_TYPE_UINT32:
        return (struct scalar_range){0, UINT32_MAX};
    case CAIRN_FIELD_TYPE_UINT64:
        return (struct scalar_range){0, INT64_MAX};
    default:
        return (struct scalar_range){INT64_MIN, INT64_MAX};
    }
}

/* What both the type and the options of FIELD allow. */
static struct scalar_range scalar_range(const struct cairn_field *field)
{
    struct scalar_range range = scalar_type_range(field->type);
    if (field->min == 0 && field->max == 0)
        return range;
    if (field->min > range.min)
        range.min = field->min;
    if (field->max >= field->min && field->max < range.max)
        range.max = field->max;
    return range;
}

static bool scalar_is_string(struct cairn_value value)
{
    return value.kind == CAIRN_VALUE_STRING || value.kind == CAIRN_VALUE_TEXT;
}

static bool scalar_bool(struct cairn_value value, bool *out)
{
    if (value.kind == CAIRN_VALUE_TEXT)
        return cairn__bind_text_bool(value.as.string, out);
    *out = value.kind == CAIRN_VALUE_BOOL && value.as.boolean;
    return value.kind == CAIRN_VALUE_BOOL;
}

static bool scalar_int(const struct cairn_field *field, struct cairn_value value, int64_t *out)
{
    struct scalar_range range = scalar_range(field);
    if (value.kind == CAIRN_VALUE_INT)
        *out = value.as.integer;
    else if (value.kind != CAIRN_VALUE_TEXT || !cairn__bind_text_int(value.as.string, out))
        return false;
    return *out >= range.min && *out <= range.max;
}

/* Only text has numbers above INT64_MAX, which here is no bound. */
static bool scalar_uint64(const struct cairn_field *field, struct cairn_value value, uint64_t *out)
{
    unsigned long long large;
    int64_t small;
    if (value.kind == CAIRN_VALUE_TEXT && cairn_str_to_u64(value.as.string, &large) &&
        large > INT64_MAX) {
        *out = large;
        return scalar_range(field).max == INT64_MAX;
    }
    if (!scalar_int(field, value, &small))
        return false;
    *out = (uint64_t)small;
    return true;
}

static bool scalar_double(const struct cairn_field *field, struct cairn_value value, double *out)
{
    double min = field->min_double;
    double max = field->max_double;
    if (value.kind == CAIRN_VALUE_INT)
        *out = (double)value.as.integer;
    else if (value.kind == CAIRN_VALUE_REAL)
        *out = value.as.real;
    else if (value.kind != CAIRN_VALUE_TEXT || !cairn__bind_text_double(value.as.string, out))
        return false;
    return (min == 0 && max == 0) || (*out >= min && (max < min || *out <= max));
}

static bool scalar_string(
    const struct cairn_field *field, struct cairn_value value, struct cairn_str *out)
{
    if (!scalar_is_string(value))
        return false;
    *out = value.as.string;
    return out->length >= field->min_length &&
           (field->max_length == 0 || out->length <= field->max_length) &&
           (out->length == 0 || !memchr(out->data, '\0', out->length)) &&
           cairn__utf8_is_valid(*out);
}

static bool scalar_enum(const struct cairn_field *field, struct cairn_value value, int *out)
{
    if (!scalar_is_string(value))
        return false;
    for (size_t i = 0; i < field->name_count; i++) {
        if (field->names[i] && cairn_str_equal(cairn_str_from(field->names[i]), value.as.string)) {
            *out = (int)i;
            return true;
        }
    }
    return false;
}

static bool scalar_int_of_32(
    const struct cairn_field *field, struct cairn_value value, union scalar *out)
{
    int64_t wide;
    if (!scalar_int(field, value, &wide))
        return false;
    if (field->type == CAIRN_FIELD_TYPE_INT32)
        out->int32 = (int32_t)wide;
    else
        out->uint32 = (uint32_t)wide;
    return true;
}

static bool scalar_read(
    const struct cairn_field *field, struct cairn_value value, union scalar *out)
{
    switch (field->type) {
    case CAIRN_FIELD_TYPE_BOOL:
        return scalar_bool(value, &out->boolean);
    case CAIRN_FIELD_TYPE_INT32:
    case CAIRN_FIELD_TYPE_UINT32:
        return scalar_int_of_32(field, value, out);
    case CAIRN_FIELD_TYPE_INT64:
        return scalar_int(field, value, &out->int64);
    case CAIRN_FIELD_TYPE_UINT64:
        return scalar_uint64(field, value, &out->uint64);
    case CAIRN_FIELD_TYPE_DOUBLE:
        return scalar_double(field, value, &out->real);
    case CAIRN_FIELD_TYPE_STRING:
        return scalar_string(field, value, &out->string);
    case CAIRN_FIELD_TYPE_UUID:
        return scalar_is_string(value) && cairn_uuid_parse(value.as.string, &out->uuid);
    case CAIRN_FIELD_TYPE_ENUM:
        return scalar_enum(field, value, &out->number);
    default:
        return false;
    }
}

bool cairn__bind_scalar(const struct cairn_field *field, struct cairn_value value, void *out)
{
    union scalar scalar;
    if (!scalar_read(field, value, &scalar))
        return false;
    memcpy(out, &scalar, field->size);
    return true;
}

static struct cairn_str scalar_expected_int(
    struct cairn_arena *arena, const struct cairn_field *field)
{
    struct scalar_range range = scalar_range(field);
    long long min = range.min;
    long long max = range.max;
    if (min == INT64_MIN && max == INT64_MAX)
        return CAIRN_STR("must be a whole number");
    if (max == INT64_MAX)
        return cairn_arena_printf(arena, "must be a whole number of at least %lld", min);
    if (min == INT64_MIN)
        return cairn_arena_printf(arena, "must be a whole number of at most %lld", max);
    return cairn_arena_printf(arena, "must be a whole number from %lld to %lld", min, max);
}

static struct cairn_str scalar_expected_double(
    struct cairn_arena *arena, const struct cairn_field *field)
{
    double min = field->min_double;
    double max = field->max_double;
    if (min == 0 && max == 0)
        return CAIRN_STR("must be a number");
    if (max < min)
        return cairn_arena_printf(arena, "must be a number of at least %g", min);
    return cairn_arena_printf(arena, "must be a number from %g to %g", min, max);
}

static struct cairn_str scalar_expected_string(
    struct cairn_arena *arena, const struct cairn_field *field)
{
    size_t min = field->min_length;
    size_t max = field->max_length;
    if (min == 0 && max == 0)
        return CAIRN_STR("must be a string of UTF-8 without NUL");
    if (max == 0)
        return cairn_arena_printf(arena, "must be a string of at least %zu bytes", min);
    if (min == 0)
        return cairn_arena_printf(arena, "must be a string of at most %zu bytes", max);
    return cairn_arena_printf(arena, "must be a string of %zu to %zu bytes", min, max);
}

static struct cairn_str scalar_expected_enum(
    struct cairn_arena *arena, const struct cairn_field *field)
{
    struct cairn_str text = CAIRN_STR("must be one of");
    const char *separator = ": ";
    for (size_t i = 0; text.data && i < field->name_count; i++) {
        if (!field->names[i])
            continue;
        text = cairn_arena_printf(
            arena, "%.*s%s%s", (int)text.length, text.data, separator, field->names[i]);
        separator = ", ";
    }
    return text;
}

struct cairn_str cairn__bind_expected(struct cairn_arena *arena, const struct cairn_field *field)
{
    switch (field->type) {
    case CAIRN_FIELD_TYPE_BOOL:
        return CAIRN_STR("must be true or false");
    case CAIRN_FIELD_TYPE_DOUBLE:
        return scalar_expected_double(arena, field);
    case CAIRN_FIELD_TYPE_STRING:
        return scalar_expected_string(arena, field);
    case CAIRN_FIELD_TYPE_UUID:
        return CAIRN_STR("must be a UUID");
    case CAIRN_FIELD_TYPE_ENUM:
        return scalar_expected_enum(arena, field);
    case CAIRN_FIELD_TYPE_OBJECT:
        return CAIRN_STR("must be an object");
    default:
        return scalar_expected_int(arena, field);
    }
}
