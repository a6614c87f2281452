#include <cairn/http/values/forwarded_back.h>

#include <cairn/http/codec/ows.h>

/* The value of the last field NAME before *LINE, which is moved there. */
static bool back_line(const struct cairn_http_fields *fields, struct cairn_str name, size_t *line,
    struct cairn_str *value)
{
    while (*line > 0) {
        const struct cairn_http_field *field = &fields->items[--*line];
        if (cairn_str_equal_nocase(field->name, name)) {
            *value = field->value;
            return true;
        }
    }
    return false;
}

void cairn__list_back_init(
    struct cairn__list_back *self, const struct cairn_http_fields *fields, struct cairn_str name)
{
    *self = (struct cairn__list_back){.fields = fields, .name = name, .line = fields->count};
}

/* Cuts the last element off SELF's line. */
static struct cairn_str list_back_cut(struct cairn__list_back *self)
{
    struct cairn_str *rest = &self->rest;
    const char *comma = memrchr(rest->data, ',', rest->length);
    const char *begin = comma ? comma + 1 : rest->data;
    struct cairn_str last = cairn_str_of(begin, (size_t)(rest->data + rest->length - begin));
    rest->length = comma ? (size_t)(comma - rest->data) : 0;
    return cairn__ows_trim(last);
}

bool cairn__list_back_next(struct cairn__list_back *self, struct cairn_str *element)
{
    do {
        while (self->rest.length == 0) {
            if (!back_line(self->fields, self->name, &self->line, &self->rest))
                return false;
        }
        *element = list_back_cut(self);
    } while (element->length == 0);
    return true;
}

void cairn__forwarded_back_init(struct cairn__forwarded_back *self,
    const struct cairn_http_fields *fields, struct cairn_arena *arena)
{
    *self = (struct cairn__forwarded_back){.fields = fields, .arena = arena, .line = fields->count};
}

/* Notes where the elements of the line begin. FOUND: it is in order. */
static enum cairn_http_forwarded_step forwarded_back_scan(struct cairn__forwarded_back *self)
{
    struct cairn_http_forwarded element;
    struct cairn_str rest = self->text;
    for (;;) {
        const char *start = rest.data;
        enum cairn_http_forwarded_step step =
            cairn_http_forwarded_next(&rest, self->arena, &element);
        if (step == CAIRN_HTTP_FORWARDED_END)
            break;
        if (step != CAIRN_HTTP_FORWARDED_FOUND)
            return step;
        self->starts[self->count++ % CAIRN__FORWARDED_BACK] = start;
    }
    self->oldest = self->count > CAIRN__FORWARDED_BACK ? self->count - CAIRN__FORWARDED_BACK : 0;
    return CAIRN_HTTP_FORWARDED_FOUND;
}

enum cairn_http_forwarded_step cairn__forwarded_back_next(
    struct cairn__forwarded_back *self, struct cairn_http_forwarded *out)
{
    while (self->count == 0) {
        if (!back_line(self->fields, CAIRN_STR("Forwarded"), &self->line, &self->text))
            return CAIRN_HTTP_FORWARDED_END;
        enum cairn_http_forwarded_step step = forwarded_back_scan(self);
        if (step != CAIRN_HTTP_FORWARDED_FOUND)
            return step;
    }
    if (self->count == self->oldest)
        return CAIRN_HTTP_FORWARDED_END;
    const char *start = self->starts[--self->count % CAIRN__FORWARDED_BACK];
    struct cairn_str rest =
        cairn_str_of(start, (size_t)(self->text.data + self->text.length - start));
    return cairn_http_forwarded_next(&rest, self->arena, out);
}
