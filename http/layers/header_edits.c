#include <cairn/http/layers/header_edits.h>

#include <string.h>

#include <cairn/http/codec/blocks.h>
#include <cairn/http/layers/header_option.h>
#include <cairn/http/message/fields_core.h>
#include <cairn/service/alloc.h>
#include <cairn/service/arena_core.h>

static const char *header_edits_value_complaint(const struct cairn__header_edit *edit)
{
    bool has_make = edit->make_of_request || edit->make_of_response;
    if (edit->mode == CAIRN_SET_HEADER_REMOVE)
        return edit->value.data || has_make ? "a field that is removed takes no value" : NULL;
    if (has_make)
        return edit->value.data ? "value and make exclude each other" : NULL;
    if (!edit->value.data)
        return "value is missing";
    if (!cairn_http_is_field_value(edit->value))
        return "value must have no control characters and no space at an end";
    return NULL;
}

static const char *header_edits_complaint(const struct cairn__header_edit *edit, bool is_request)
{
    const char *complaint = cairn__header_complaint(edit->name.data, is_request);
    if (!complaint)
        complaint = header_edits_value_complaint(edit);
    if (!complaint && (unsigned)edit->mode > CAIRN_SET_HEADER_REMOVE)
        complaint = "mode must be one of enum cairn_set_header_mode";
    return complaint;
}

/* What is wrong with SOURCE; *NAME is that of the field which it is wrong with. */
static const char *header_edits_check(const struct cairn__header_source *source, const char **name)
{
    *name = NULL;
    if (source->count > CAIRN_SET_HEADER_MOST)
        return "more than 64 fields";
    for (size_t i = 0; i < source->count; i++) {
        struct cairn__header_edit edit = source->at(source->options, i);
        const char *complaint = header_edits_complaint(&edit, source->is_request);
        *name = edit.name.data;
        if (complaint)
            return complaint;
    }
    return NULL;
}

/* Copies S to *TEXT, with a NUL, and moves that on. */
static struct cairn_str header_edits_put(char **text, struct cairn_str s)
{
    if (!s.data)
        return s;
    char *copy = *text;
    memcpy(copy, s.data, s.length);
    copy[s.length] = '\0';
    *text += s.length + 1;
    return cairn_str_of(copy, s.length);
}

/* The same with the line of EDIT, which has no NUL. */
static const char *header_edits_put_line(char **text, const struct cairn__header_edit *edit)
{
    const char *line = *text;
    if (!edit->value.data)
        return NULL;
    *text = cairn__line_put(*text, edit->name, edit->value);
    return line;
}

static struct cairn__header_edits *header_edits_copy(const struct cairn__header_source *source)
{
    struct cairn__header_edits *edits;
    size_t items = source->count * sizeof(edits->items[0]);
    size_t bytes = 0;
    for (size_t i = 0; i < source->count; i++) {
        struct cairn__header_edit edit = source->at(source->options, i);
        bytes += 2 * (edit.name.length + edit.value.length) + 2 + CAIRN__LINE_EXTRA;
    }
    edits = cairn_alloc_zero(sizeof(*edits) + items + bytes);
    if (!edits)
        return NULL;
    char *text = (char *)edits->items + items;
    edits->references = 1;
    edits->count = source->count;
    for (size_t i = 0; i < source->count; i++) {
        struct cairn__header_edit edit = source->at(source->options, i);
        edit.name = header_edits_put(&text, edit.name);
        edit.value = header_edits_put(&text, edit.value);
        edit.line = header_edits_put_line(&text, &edit);
        edits->has_make = edits->has_make || edit.make_of_request || edit.make_of_response;
        edits->items[i] = edit;
    }
    return edits;
}

struct cairn__header_edits *cairn__header_edits_new(const struct cairn__header_source *source,
    const struct cairn_layer *layer, struct cairn_service *inner, struct cairn_service **broken)
{
    const char *name;
    const char *complaint = header_edits_check(source, &name);
    if (complaint) {
        *broken = cairn__header_invalid(layer, inner, name, complaint);
        return NULL;
    }
    struct cairn__header_edits *edits = header_edits_copy(source);
    if (!edits)
        *broken = cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    return edits;
}

void cairn__header_edits_unref(struct cairn__header_edits *edits)
{
    if (edits && --edits->references == 0)
        cairn_free(edits);
}

/* The line is copied once more: the message may outlive every copy of the layer. */
static int header_edits_set(const struct cairn__header_edit *edit, struct cairn_http_fields *fields,
    struct cairn_arena *arena)
{
    size_t length = edit->name.length + edit->value.length + CAIRN__LINE_EXTRA;
    char *text = cairn__arena_alloc_text(arena, length);
    if (!text)
        return -1;
    cairn__put(text, edit->line, length);
    struct cairn_http_field line = cairn__line_field(text, edit->name.length, edit->value.length);
    return edit->mode == CAIRN_SET_HEADER_OVERRIDE ? cairn__fields_replace_line(fields, line)
                                                   : cairn__fields_append_line(fields, line);
}

/* EDIT where no value is needed; false: it is. */
static bool header_edits_skip(
    const struct cairn__header_edit *edit, struct cairn_http_fields *fields)
{
    if (edit->mode == CAIRN_SET_HEADER_REMOVE) {
        cairn_http_fields_remove(fields, edit->name);
        return true;
    }
    return edit->mode == CAIRN_SET_HEADER_IF_NOT_PRESENT &&
           cairn_http_fields_get(fields, edit->name).data;
}

/* A MADE value is in the arena already, if there is one, and may be anything. */
static int header_edits_set_made(struct cairn__header_edits *edits,
    const struct cairn__header_edit *edit, struct cairn_http_fields *fields,
    struct cairn_arena *arena, struct cairn_str made)
{
    if (!made.data)
        return 0;
    if (!cairn_http_is_field_value(made)) {
        edits->refused++;
        return 0;
    }
    struct cairn_str name = cairn_arena_copy(arena, edit->name);
    if (!name.data)
        return -1;
    return edit->mode == CAIRN_SET_HEADER_OVERRIDE ? cairn__fields_replace(fields, name, made)
                                                   : cairn__fields_append(fields, name, made);
}

static struct cairn_str header_edits_make_of_request(
    const struct cairn__header_edit *edit, const void *message)
{
    return edit->make_of_request(message, edit->state);
}

static struct cairn_str header_edits_make_of_response(
    const struct cairn__header_edit *edit, const void *message)
{
    return edit->make_of_response(message, edit->state);
}

static int header_edits_run(struct cairn__header_edits *edits, struct cairn_http_fields *fields,
    struct cairn_arena *arena,
    struct cairn_str (*make)(const struct cairn__header_edit *edit, const void *message),
    const void *message)
{
    int rc = 0;
    for (size_t i = 0; i < edits->count && rc == 0; i++) {
        const struct cairn__header_edit *edit = &edits->items[i];
        if (header_edits_skip(edit, fields))
            continue;
        rc = edit->value.data
                 ? header_edits_set(edit, fields, arena)
                 : header_edits_set_made(edits, edit, fields, arena, make(edit, message));
    }
    return rc;
}

int cairn__header_edits_request(struct cairn__header_edits *edits, struct cairn_http_request *req)
{
    return header_edits_run(edits, &req->fields, req->arena, header_edits_make_of_request, req);
}

int cairn__header_edits_response(struct cairn__header_edits *edits, struct cairn_http_response *res)
{
    return header_edits_run(edits, &res->fields, res->arena, header_edits_make_of_response, res);
}

void cairn__header_edits_describe(const struct cairn__header_edits *edits, struct cairn_describe *d)
{
    static const char *const modes[] = {"override", "append", "if_not_present", "remove"};
    const struct cairn__header_edit *first = &edits->items[0];
    if (edits->count == 1) {
        cairn_describe_text(d, "name", first->name.data);
        cairn_describe_text(d, "mode", modes[first->mode]);
    } else {
        cairn_describe_parameter(d, "fields", edits->count, NULL);
    }
    if (edits->has_make)
        cairn_describe_counter(d, "refused", edits->refused);
}
