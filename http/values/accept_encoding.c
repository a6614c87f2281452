#include <cairn/http/accept.h>

#include <cairn/http/values/accept_list.h>

#define ACCEPT_WEIGHT_LEAST 1

static struct cairn_str accept_coding_name(struct cairn_str name)
{
    if (cairn_str_equal_nocase(name, CAIRN_STR("x-gzip")) ||
        cairn_str_equal_nocase(name, CAIRN_STR("x-compress")))
        return cairn_str_of(name.data + 2, name.length - 2);
    return name;
}

static bool accept_is_coding(const struct cairn__accept_member *member)
{
    return member->param_count == 0 && cairn_http_is_token(member->name);
}

static const struct cairn__accept_member *accept_find_coding(
    const struct cairn__accept_list *list, struct cairn_str coding)
{
    for (size_t i = 0; i < list->count; i++) {
        if (accept_is_coding(&list->members[i]) &&
            cairn_str_equal_nocase(accept_coding_name(list->members[i].name), coding))
            return &list->members[i];
    }
    return NULL;
}

static unsigned accept_coding_weight(const struct cairn__accept_list *list, struct cairn_str coding)
{
    bool is_identity = cairn_str_equal_nocase(coding, CAIRN_STR("identity"));
    if (!list->is_present)
        return is_identity ? 2 * ACCEPT_WEIGHT_LEAST : ACCEPT_WEIGHT_LEAST;
    const struct cairn__accept_member *member = accept_find_coding(list, coding);
    if (!member)
        member = accept_find_coding(list, CAIRN_STR("*"));
    if (member)
        return member->weight;
    return is_identity ? ACCEPT_WEIGHT_LEAST : 0;
}

int cairn_http_accept_encoding(
    const struct cairn_http_fields *fields, const char *const *offers, size_t count)
{
    struct cairn__accept_list list;
    cairn__accept_list_read(&list, fields, CAIRN_STR("Accept-Encoding"));
    unsigned best_weight = 0;
    int best = -1;
    for (size_t i = 0; i < count; i++) {
        struct cairn_str coding = accept_coding_name(cairn_str_from(offers[i]));
        unsigned weight = accept_coding_weight(&list, coding);
        if (weight > best_weight) {
            best_weight = weight;
            best = (int)i;
        }
    }
    return best;
}
