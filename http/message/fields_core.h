/* fields_core.h - fields whose name and value are known to be good: checked when a stack was built,
 * or made by cairn itself. Internal.
 *
 * Some of them stand in memory as on the wire, "Name: value\r\n": lines. The encoder copies a line
 * whole, without a look at its characters.
 */
#ifndef CAIRN_HTTP_FIELDS_CORE_H
#define CAIRN_HTTP_FIELDS_CORE_H

#include <cairn/http/codec/blocks.h>
#include <cairn/http/fields.h>

/* How many fields of a list can be known to be lines: a bit each. */
#define CAIRN__FIELDS_LINES 64
/* What a line has beside name and value. */
#define CAIRN__LINE_EXTRA 4

/* Room for more. Returns 0, or -1 without memory. */
int cairn__fields_grow(struct cairn_http_fields *fields);

/* cairn_http_fields_add without its checks. Returns 0, or -1 without memory. */
static inline int cairn__fields_append(
    struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str value)
{
    if (CAIRN_UNLIKELY(fields->count == fields->capacity) && cairn__fields_grow(fields))
        return -1;
    fields->items[fields->count++] = (struct cairn_http_field){name, value};
    return 0;
}

/* The same of cairn_http_fields_set. */
int cairn__fields_replace(
    struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str value);

/* The index of the first field of NAME from FROM on, or the count of FIELDS. */
size_t cairn__fields_find_from(
    const struct cairn_http_fields *fields, struct cairn_str name, size_t from);

/* Whether A and B are told apart at a glance, as nearly all names are: by length or first letter.
 */
static inline bool cairn__names_differ(struct cairn_str a, struct cairn_str b)
{
    return a.length != b.length || (a.length > 0 && ((a.data[0] ^ b.data[0]) & ~0x20) != 0);
}

/* The same of all fields, in line as far as a glance goes. */
static inline size_t cairn__fields_find(
    const struct cairn_http_fields *fields, struct cairn_str name)
{
    const struct cairn_http_field *field = fields->items;
    size_t left = fields->count;
    for (; left > 0 && cairn__names_differ(field->name, name); left--)
        field++;
    return CAIRN_LIKELY(left == 0) ? fields->count
                                   : cairn__fields_find_from(fields, name, fields->count - left);
}

/* The line at TEXT, whose name and value have these lengths. */
static inline struct cairn_http_field cairn__line_field(
    const char *text, size_t name_length, size_t value_length)
{
    return (struct cairn_http_field){
        cairn_str_of(text, name_length), cairn_str_of(text + name_length + 2, value_length)};
}

static inline size_t cairn__line_length(const struct cairn_http_field *field)
{
    return field->name.length + field->value.length + CAIRN__LINE_EXTRA;
}

/* Writes NAME and what stands behind it in a line; then the value, if VALUE is one, and the line's
 * end. Returns where that is. */
static inline char *cairn__line_put_name(char *to, struct cairn_str name)
{
    to = cairn__put(to, name.data, name.length);
    return cairn__put(to, ": ", 2);
}

static inline char *cairn__line_put(char *to, struct cairn_str name, struct cairn_str value)
{
    to = cairn__line_put_name(to, name);
    to = cairn__put(to, value.data, value.length);
    return cairn__put(to, "\r\n", 2);
}

/* Whether FIELD, whose mark is the lowest bit of LINES, is a line. The mark alone is not believed:
 * who writes to the list past its functions leaves the mark of what stood there. */
static inline bool cairn__field_is_line(const struct cairn_http_field *field, uint64_t lines)
{
    return (lines & 1) != 0 && field->value.data == field->name.data + field->name.length + 2 &&
           memcmp(field->value.data + field->value.length, "\r\n", 2) == 0;
}

static inline void cairn__fields_mark_line(struct cairn_http_fields *fields, size_t i)
{
    if (CAIRN_LIKELY(i < CAIRN__FIELDS_LINES))
        fields->lines |= (uint64_t)1 << i;
}

/* The same with LINE, which is one, lives as long as FIELDS and is none of the encoder's own. */
static inline int cairn__fields_append_line(
    struct cairn_http_fields *fields, struct cairn_http_field line)
{
    if (cairn__fields_append(fields, line.name, line.value))
        return -1;
    cairn__fields_mark_line(fields, fields->count - 1);
    return 0;
}

static inline int cairn__fields_replace_line(
    struct cairn_http_fields *fields, struct cairn_http_field line)
{
    size_t i = cairn__fields_find(fields, line.name);
    if (CAIRN_LIKELY(i == fields->count))
        return cairn__fields_append_line(fields, line);
    cairn__fields_replace(fields, line.name, line.value);
    cairn__fields_mark_line(fields, i);
    return 0;
}

#endif
