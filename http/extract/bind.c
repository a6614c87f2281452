#include <cairn/http/bind.h>

#include <cairn/http/extract/bind_report.h>
#include <cairn/http/extract/bind_scalar.h>
#include <cairn/service/assert.h>

#define BIND_MAX_COUNT 1000

struct bind {
    struct cairn__bind_report report;
    const struct cairn_tree *tree;
};

static void bind_violate(
    struct bind *self, const struct cairn__bind_place *place, struct cairn_str detail)
{
    cairn__bind_violate(&self->report, place, detail);
}

/* What a user's check says, if it was asked. */
static void bind_check(struct bind *self, const struct cairn__bind_place *place,
    const char *(*check)(const void *value), const void *value)
{
    const char *detail = check ? check(value) : NULL;
    if (detail)
        bind_violate(self, place, cairn_str_from(detail));
}

static bool bind_copy_string(struct bind *self, struct cairn_str *string)
{
    *string = cairn_arena_copy(self->report.arena, *string);
    if (string->data)
        return true;
    self->report.has_no_memory = true;
    return false;
}

static void bind_scalar(struct bind *self, const struct cairn__bind_place *place,
    const struct cairn_field *field, struct cairn_value value, void *out)
{
    if (!cairn__bind_scalar(field, value, out)) {
        bind_violate(self, place, cairn__bind_expected(self->report.arena, field));
        return;
    }
    if (field->type == CAIRN_FIELD_TYPE_STRING && !self->tree->outlives_request &&
        !bind_copy_string(self, out))
        return;
    bind_check(self, place, field->check, out);
}

static void bind_record(struct bind *self, const struct cairn__bind_place *place,
    const struct cairn_record *record, const void *node, char *out);

/* The depth of the recursion is that of the tables and of the tree: whichever is less. */
static void bind_value(struct bind *self, const struct cairn__bind_place *place,
    const struct cairn_field *field, struct cairn_value value, void *out)
{
    if (field->type != CAIRN_FIELD_TYPE_OBJECT) {
        bind_scalar(self, place, field, value, out);
        return;
    }
    CAIRN_ASSERT(field->record->size == field->size, field->name,
        "the table of this field is that of another struct");
    CAIRN_ASSERT(value.kind != CAIRN_VALUE_TEXT, field->name, "an object cannot be had from text");
    if (value.kind != CAIRN_VALUE_OBJECT) {
        bind_violate(self, place, CAIRN_STR("must be an object"));
        return;
    }
    size_t before = self->report.total;
    bind_record(self, place, field->record, value.as.node, out);
    if (self->report.total == before)
        bind_check(self, place, field->check, out);
}

static struct cairn_str bind_expected_count(
    struct cairn_arena *arena, const struct cairn_field *field, size_t max)
{
    if (field->min_count == 0)
        return cairn_arena_printf(arena, "must have at most %zu elements", max);
    return cairn_arena_printf(arena, "must have %zu to %zu elements", field->min_count, max);
}

static void bind_elements(struct bind *self, const struct cairn__bind_place *place,
    const struct cairn_field *field, struct cairn_value value, char *out)
{
    size_t count = value.kind == CAIRN_VALUE_ARRAY ? self->tree->count(value.as.node) : 1;
    size_t max = field->max_count ? field->max_count : BIND_MAX_COUNT;
    if (count < field->min_count || count > max) {
        bind_violate(self, place, bind_expected_count(self->report.arena, field, max));
        return;
    }
    char *items = NULL;
    if (count > 0 && !(items = cairn_arena_alloc(self->report.arena, count * field->size))) {
        self->report.has_no_memory = true;
        return;
    }
    if (count > 0)
        memset(items, 0, count * field->size);
    for (size_t i = 0; i < count; i++) {
        struct cairn__bind_place element = {place, {NULL, 0}, i};
        struct cairn_value item =
            value.kind == CAIRN_VALUE_ARRAY ? self->tree->item(value.as.node, i) : value;
        bind_value(self, &element, field, item, items + i * field->size);
    }
    memcpy(out + field->offset, &items, sizeof(items));
    memcpy(out + field->count_offset - 1, &count, sizeof(count));
}

/* What is neither absent nor null. */
static void bind_present(struct bind *self, const struct cairn__bind_place *place,
    const struct cairn_field *field, struct cairn_value value, char *out)
{
    bool is_array = value.kind == CAIRN_VALUE_ARRAY;
    if (field->flag_offset)
        out[field->flag_offset - 1] = true;
    if (field->count_offset && (is_array || value.kind == CAIRN_VALUE_TEXT))
        bind_elements(self, place, field, value, out);
    else if (field->count_offset)
        bind_violate(self, place, CAIRN_STR("must be an array"));
    else if (is_array && !self->tree->is_json)
        bind_violate(self, place, CAIRN_STR("must be given once"));
    else
        bind_value(self, place, field, value, out + field->offset);
}

static bool bind_is_absent(const struct cairn_field *field, struct cairn_value value)
{
    return value.kind == CAIRN_VALUE_ABSENT || value.kind == CAIRN_VALUE_NULL ||
           (value.kind == CAIRN_VALUE_TEXT && value.as.string.length == 0 &&
               field->type != CAIRN_FIELD_TYPE_STRING);
}

static void bind_otherwise(const struct cairn_field *field, char *out)
{
    struct cairn_value value = {CAIRN_VALUE_TEXT, {.string = cairn_str_from(field->otherwise)}};
    CAIRN_ASSERT(!field->count_offset && cairn__bind_scalar(field, value, out + field->offset),
        field->name, "`otherwise` is not a value of this field");
}

static void bind_field(struct bind *self, const struct cairn__bind_place *parent,
    const struct cairn_field *field, const void *node, char *out)
{
    struct cairn_str name = cairn_str_from(field->as ? field->as : field->name);
    struct cairn__bind_place place = {parent, name, 0};
    struct cairn_value value = self->tree->member(node, name);
    if (!bind_is_absent(field, value))
        bind_present(self, &place, field, value, out);
    else if (field->required)
        bind_violate(self, &place, CAIRN_STR("is required"));
    else if (field->otherwise)
        bind_otherwise(field, out);
}

static bool bind_knows(const struct cairn_record *record, struct cairn_str name)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        if (cairn_str_equal(cairn_str_from(field->as ? field->as : field->name), name))
            return true;
    }
    return false;
}

static void bind_refuse_unknown(struct bind *self, const struct cairn__bind_place *parent,
    const struct cairn_record *record, const void *node)
{
    struct cairn_str name;
    for (void *at = NULL; self->tree->next_name(node, &at, &name);) {
        struct cairn__bind_place place = {parent, name, 0};
        if (!bind_knows(record, name))
            bind_violate(self, &place, CAIRN_STR("is unknown"));
    }
}

static void bind_record(struct bind *self, const struct cairn__bind_place *place,
    const struct cairn_record *record, const void *node, char *out)
{
    size_t before = self->report.total;
    for (size_t i = 0; i < record->count; i++)
        bind_field(self, place, &record->fields[i], node, out);
    if (record->refuses_unknown)
        bind_refuse_unknown(self, place, record, node);
    if (self->report.total == before && !self->report.has_no_memory)
        bind_check(self, place, record->check, out);
}

bool cairn_http_bind_tree(struct cairn_arena *arena, const struct cairn_tree *tree,
    struct cairn_value root, int status, const struct cairn_record *record, void *out,
    struct cairn_http_rejection *rejection)
{
    struct bind self = {{.arena = arena, .is_json = tree->is_json}, tree};
    if (root.kind == CAIRN_VALUE_OBJECT)
        bind_record(&self, NULL, record, root.as.node, out);
    else
        bind_violate(&self, NULL, CAIRN_STR("must be an object"));
    return cairn__bind_conclude(&self.report, status, rejection);
}
