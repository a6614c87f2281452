#include <cairn/http/accept.h>

#include <cairn/http/media_type.h>
#include <cairn/http/values/accept_list.h>
#include <cairn/http/values/params.h>

struct accept_media_range {
    struct cairn_str type; /* "*": any */
    struct cairn_str subtype;
    const struct cairn__accept_member *member;
};

struct accept_media_ranges {
    struct accept_media_range items[CAIRN_HTTP_ACCEPT_MEMBERS];
    size_t count;
};

static bool accept_is_any(struct cairn_str s)
{
    return s.length == 1 && s.data[0] == '*';
}

static bool accept_parse_range(struct cairn_str name, struct accept_media_range *out)
{
    struct cairn_http_media_type parsed;
    if (accept_is_any(name)) {
        out->type = name;
        out->subtype = name;
        return true;
    }
    if (!cairn_http_media_type_parse(name, &parsed))
        return false;
    out->type = parsed.type;
    out->subtype = parsed.subtype;
    return accept_is_any(out->subtype) || !accept_is_any(out->type);
}

static void accept_ranges_read(
    struct accept_media_ranges *self, const struct cairn__accept_list *list)
{
    self->count = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct accept_media_range *range = &self->items[self->count];
        range->member = &list->members[i];
        if (accept_parse_range(range->member->name, range))
            self->count++;
    }
}

static bool accept_has_param(struct cairn_str params, const struct cairn__param *wanted)
{
    struct cairn__param param;
    while (cairn__params_next(&params, &param) == CAIRN__PARAMS_FOUND) {
        if (cairn_str_equal_nocase(param.name, wanted->name))
            return cairn__param_equal_nocase(&param, wanted);
    }
    return false;
}

static bool accept_has_params_of(
    const struct accept_media_range *range, const struct cairn_http_media_type *offer)
{
    struct cairn_str rest = range->member->params;
    struct cairn__param param;
    while (cairn__params_next(&rest, &param) == CAIRN__PARAMS_FOUND) {
        if (!cairn__accept_is_weight(param.name) && !accept_has_param(offer->params, &param))
            return false;
    }
    return true;
}

/* A range with a subtype goes before one with a type, that before one with neither, whatever their
 * parameters: these count among ranges of one kind. 0: it does not fit. */
static size_t accept_specificity(
    const struct accept_media_range *range, const struct cairn_http_media_type *offer)
{
    const size_t kind = (size_t)1 << 20; /* more than a head has parameters */
    size_t specificity = 1 + range->member->param_count;
    if (!accept_is_any(range->type)) {
        if (!cairn_str_equal_nocase(range->type, offer->type))
            return 0;
        specificity += kind;
    }
    if (!accept_is_any(range->subtype)) {
        if (!cairn_str_equal_nocase(range->subtype, offer->subtype))
            return 0;
        specificity += kind;
    }
    return accept_has_params_of(range, offer) ? specificity : 0;
}

static unsigned accept_media_weight(
    const struct accept_media_ranges *ranges, const struct cairn_http_media_type *offer)
{
    size_t best = 0;
    unsigned weight = ranges->count ? 0 : 1;
    for (size_t i = 0; i < ranges->count; i++) {
        size_t specificity = accept_specificity(&ranges->items[i], offer);
        if (specificity > best) {
            best = specificity;
            weight = ranges->items[i].member->weight;
        }
    }
    return weight;
}

int cairn_http_accept_media(
    const struct cairn_http_fields *fields, const char *const *offers, size_t count)
{
    struct cairn__accept_list list;
    struct accept_media_ranges ranges;
    cairn__accept_list_read(&list, fields, CAIRN_STR("Accept"));
    accept_ranges_read(&ranges, &list);
    unsigned best_weight = 0;
    int best = -1;
    for (size_t i = 0; i < count; i++) {
        struct cairn_http_media_type offer;
        if (!cairn_http_media_type_parse(cairn_str_from(offers[i]), &offer))
            continue;
        unsigned weight = accept_media_weight(&ranges, &offer);
        if (weight > best_weight) {
            best_weight = weight;
            best = (int)i;
        }
    }
    return best;
}
