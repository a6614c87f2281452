#include <cairn/http/layers/option_list.h>

static struct cairn_str list_trim(struct cairn_str s)
{
    while (s.length > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
        s = cairn_str_of(s.data + 1, s.length - 1);
    while (s.length > 0 && (s.data[s.length - 1] == ' ' || s.data[s.length - 1] == '\t'))
        s.length--;
    return s;
}

bool cairn__list_next(struct cairn_str *list, struct cairn_str *element)
{
    if (!list->data)
        return false;
    const char *comma = list->length ? memchr(list->data, ',', list->length) : NULL;
    size_t length = comma ? (size_t)(comma - list->data) : list->length;
    *element = list_trim(cairn_str_of(list->data, length));
    *list = comma ? cairn_str_of(comma + 1, list->length - length - 1) : cairn_str_of(NULL, 0);
    return true;
}

bool cairn__list_is(struct cairn_str list, bool (*is_valid)(struct cairn_str))
{
    struct cairn_str element;
    if (!list.data)
        return false;
    while (cairn__list_next(&list, &element)) {
        if (!is_valid(element))
            return false;
    }
    return true;
}

bool cairn__list_has(struct cairn_str list, struct cairn_str s)
{
    struct cairn_str element;
    while (cairn__list_next(&list, &element)) {
        if (cairn_str_equal(element, s))
            return true;
    }
    return false;
}
