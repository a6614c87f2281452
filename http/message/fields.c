#include <cairn/http/fields.h>

#include <cairn/http/codec/blocks.h>
#include <cairn/http/codec/chars.h>
#include <cairn/http/codec/list.h>
#include <cairn/http/message/fields_core.h>

#define FIELDS_FIRST 4

static bool fields_bytes_are(struct cairn_str s, enum cairn__char_class class_)
{
    const char *end = s.data + s.length;
    return cairn__chars_skip(s.data, end, class_) == end;
}

/* By blocks where it is long enough; what is no letter or hyphen is left to the table. */
bool cairn_http_is_token(struct cairn_str s)
{
    if (s.length >= 8 && cairn__blocks_are(s.data, s.length, cairn__block_unusual))
        return true;
    return s.length > 0 && fields_bytes_are(s, CAIRN__CHAR_TOKEN);
}

/* The same; the table knows a TAB. */
bool cairn_http_is_field_value(struct cairn_str s)
{
    if (s.length == 0)
        return true;
    if (cairn__is_ows(s.data[0]) || cairn__is_ows(s.data[s.length - 1]))
        return false;
    if (s.length >= 8 && cairn__blocks_are(s.data, s.length, cairn__block_invisible))
        return true;
    return fields_bytes_are(s, CAIRN__CHAR_VALUE);
}

bool cairn_http_fields_next(const struct cairn_http_fields *fields, struct cairn_str name,
    size_t *cursor, struct cairn_str *value)
{
    for (size_t i = *cursor; i < fields->count; i++) {
        if (fields->items[i].name.length == name.length &&
            cairn_str_equal_nocase(fields->items[i].name, name)) {
            *value = fields->items[i].value;
            *cursor = i + 1;
            return true;
        }
    }
    *cursor = fields->count;
    return false;
}

size_t cairn__fields_find_from(
    const struct cairn_http_fields *fields, struct cairn_str name, size_t from)
{
    for (size_t i = from; i < fields->count; i++) {
        const struct cairn_http_field *field = &fields->items[i];
        if (!cairn__names_differ(field->name, name) && cairn_str_equal_nocase(field->name, name))
            return i;
    }
    return fields->count;
}

struct cairn_str cairn_http_fields_get(
    const struct cairn_http_fields *fields, struct cairn_str name)
{
    size_t i = cairn__fields_find(fields, name);
    return i < fields->count ? fields->items[i].value : cairn_str_of(NULL, 0);
}

bool cairn_http_fields_has_token(
    const struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str token)
{
    size_t cursor = 0;
    struct cairn_str value;
    while (cairn_http_fields_next(fields, name, &cursor, &value)) {
        if (cairn__list_has_token(value, token))
            return true;
    }
    return false;
}

int cairn__fields_grow(struct cairn_http_fields *fields)
{
    size_t capacity = fields->capacity ? 2 * fields->capacity : FIELDS_FIRST;
    struct cairn_http_field *items = cairn_arena_alloc(fields->arena, capacity * sizeof(*items));
    if (!items)
        return -1;
    if (fields->count)
        memcpy(items, fields->items, fields->count * sizeof(*items));
    fields->items = items;
    fields->capacity = capacity;
    return 0;
}

int cairn_http_fields_add(
    struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str value)
{
    if (!cairn_http_is_token(name) || !cairn_http_is_field_value(value))
        return -1;
    return cairn__fields_append(fields, name, value);
}

static void fields_unmark(struct cairn_http_fields *fields, size_t i)
{
    if (i < CAIRN__FIELDS_LINES)
        fields->lines &= ~((uint64_t)1 << i);
}

static bool fields_line_at(const struct cairn_http_fields *fields, size_t i)
{
    return i < CAIRN__FIELDS_LINES && (fields->lines >> i & 1) != 0;
}

/* Puts the field at FROM, with its mark, at TO. */
static void fields_move(struct cairn_http_fields *fields, size_t from, size_t to)
{
    bool is_line = fields_line_at(fields, from);
    fields->items[to] = fields->items[from];
    fields_unmark(fields, to);
    if (is_line)
        cairn__fields_mark_line(fields, to);
}

/* Removes the fields of NAME from index FROM on. */
static size_t fields_remove_from(
    struct cairn_http_fields *fields, struct cairn_str name, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < fields->count; i++) {
        if (!cairn_str_equal_nocase(fields->items[i].name, name))
            fields_move(fields, i, kept++);
    }
    size_t removed = fields->count - kept;
    fields->count = kept;
    for (size_t i = kept; i < kept + removed; i++)
        fields_unmark(fields, i);
    return removed;
}

int cairn__fields_replace(
    struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str value)
{
    size_t i = cairn__fields_find(fields, name);
    if (i == fields->count)
        return cairn__fields_append(fields, name, value);
    fields->items[i] = (struct cairn_http_field){name, value};
    fields_unmark(fields, i);
    fields_remove_from(fields, name, i + 1);
    return 0;
}

int cairn_http_fields_set(
    struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str value)
{
    if (!cairn_http_is_token(name) || !cairn_http_is_field_value(value))
        return -1;
    return cairn__fields_replace(fields, name, value);
}

size_t cairn_http_fields_remove(struct cairn_http_fields *fields, struct cairn_str name)
{
    return fields_remove_from(fields, name, 0);
}
