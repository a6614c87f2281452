#include <cairn/http/values/sensitive.h>

int cairn_http_fields_mark_sensitive(
    struct cairn_http_fields *fields, const struct cairn_str *names, size_t count)
{
    struct cairn_http_sensitive *mark =
        cairn_arena_alloc(fields->arena, sizeof(*mark) + count * sizeof(*names));
    if (!mark)
        return -1;
    mark->next = fields->sensitive;
    mark->count = count;
    for (size_t i = 0; i < count; i++) {
        mark->names[i] = cairn_arena_copy(fields->arena, names[i]);
        if (!mark->names[i].data)
            return -1;
    }
    fields->sensitive = mark;
    return 0;
}

static bool sensitive_has(const struct cairn_str *names, size_t count, struct cairn_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (cairn_str_equal_nocase(names[i], name))
            return true;
    }
    return false;
}

bool cairn_http_fields_is_sensitive(const struct cairn_http_fields *fields, struct cairn_str name)
{
    static const struct cairn_str always[] = {CAIRN_STR_INIT("Authorization"),
        CAIRN_STR_INIT("Proxy-Authorization"), CAIRN_STR_INIT("Cookie"),
        CAIRN_STR_INIT("Set-Cookie")};
    if (sensitive_has(always, sizeof(always) / sizeof(*always), name))
        return true;
    for (const struct cairn_http_sensitive *mark = fields->sensitive; mark; mark = mark->next) {
        if (sensitive_has(mark->names, mark->count, name))
            return true;
    }
    return false;
}

struct cairn_str cairn_http_field_for_log(
    const struct cairn_http_fields *fields, const struct cairn_http_field *field)
{
    return cairn_http_fields_is_sensitive(fields, field->name) ? CAIRN_STR("(sensitive)")
                                                               : field->value;
}

int cairn__sensitive_copy(struct cairn_http_fields *copy, const struct cairn_http_fields *of)
{
    for (const struct cairn_http_sensitive *mark = of->sensitive; mark; mark = mark->next) {
        if (cairn_http_fields_mark_sensitive(copy, mark->names, mark->count) != 0)
            return -1;
    }
    return 0;
}
