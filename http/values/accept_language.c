#include <cairn/http/accept.h>

#include <cairn/http/values/accept_list.h>

/* The members that are language ranges, in order of their weight. */
struct accept_ranges {
    const struct cairn__accept_member *items[CAIRN_HTTP_ACCEPT_MEMBERS];
    size_t count;
};

static bool accept_is_alpha(char c)
{
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'z';
}

static bool accept_is_any(struct cairn_str range)
{
    return range.length == 1 && range.data[0] == '*';
}

/* RFC 4647 section 2.1: ( 1*8ALPHA *( "-" 1*8alphanum ) ) / "*". */
static bool accept_is_language_range(struct cairn_str s)
{
    size_t subtag = 0;
    bool is_first = true;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.data[i];
        if (c == '-' && subtag > 0) {
            subtag = 0;
            is_first = false;
            continue;
        }
        bool is_digit = c >= '0' && c <= '9' && !is_first;
        if ((!accept_is_alpha(c) && !is_digit) || ++subtag > 8)
            return accept_is_any(s);
    }
    return subtag > 0;
}

/* Members come in the order of the field, and stay in it where their weights are the same. */
static void accept_ranges_insert(
    struct accept_ranges *self, const struct cairn__accept_member *member)
{
    size_t at = self->count++;
    for (; at > 0 && self->items[at - 1]->weight < member->weight; at--)
        self->items[at] = self->items[at - 1];
    self->items[at] = member;
}

static void accept_ranges_read(struct accept_ranges *self, const struct cairn__accept_list *list)
{
    self->count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct cairn__accept_member *member = &list->members[i];
        if (member->param_count == 0 && accept_is_language_range(member->name))
            accept_ranges_insert(self, member);
    }
}

/* Whether TAG is RANGE or begins with it and a hyphen. */
static bool accept_filters(struct cairn_str range, struct cairn_str tag)
{
    if (range.length > tag.length || (range.length < tag.length && tag.data[range.length] != '-'))
        return false;
    return cairn_str_equal_nocase(range, cairn_str_of(tag.data, range.length));
}

/* Whether A, which filters the same tag, has more to say than B. Of two equal ones the first in the
 * field: members lie in its order. */
static bool accept_says_more(
    const struct cairn__accept_member *a, const struct cairn__accept_member *b)
{
    if (!b || accept_is_any(a->name) != accept_is_any(b->name))
        return !b || accept_is_any(b->name);
    return a->name.length > b->name.length || (a->name.length == b->name.length && a < b);
}

/* The range that has the say over TAG: the longest that filters it, else "*", else NULL. */
static const struct cairn__accept_member *accept_range_of(
    const struct accept_ranges *self, struct cairn_str tag)
{
    const struct cairn__accept_member *best = NULL;
    for (size_t i = 0; i < self->count; i++) {
        const struct cairn__accept_member *range = self->items[i];
        bool filters = accept_is_any(range->name) || accept_filters(range->name, tag);
        if (filters && accept_says_more(range, best))
            best = range;
    }
    return best;
}

/* What the offers gave for one range. */
struct accept_found {
    size_t fit; /* 0: nothing; 1: by filtering; more: looked up, and how long it is */
    int offer;
};

static void accept_look_up(
    const struct accept_ranges *self, struct cairn_str tag, int offer, struct accept_found *found)
{
    const struct cairn__accept_member *master = accept_range_of(self, tag);
    if (tag.length == 0 || (master && master->weight == 0))
        return;
    for (size_t i = 0; i < self->count; i++) {
        struct cairn_str range = self->items[i]->name;
        size_t fit = 0;
        if (accept_is_any(range))
            fit = accept_is_any(master->name);
        else if (accept_filters(tag, range))
            fit = 1 + tag.length;
        else
            fit = accept_filters(range, tag);
        if (fit > found[i].fit)
            found[i] = (struct accept_found){fit, offer};
    }
}

int cairn_http_accept_language(
    const struct cairn_http_fields *fields, const char *const *offers, size_t count)
{
    struct cairn__accept_list list;
    struct accept_ranges ranges;
    struct accept_found found[CAIRN_HTTP_ACCEPT_MEMBERS] = {{0, -1}};
    cairn__accept_list_read(&list, fields, CAIRN_STR("Accept-Language"));
    accept_ranges_read(&ranges, &list);
    if (ranges.count == 0)
        return count ? 0 : -1;
    for (size_t i = 0; i < count; i++)
        accept_look_up(&ranges, cairn_str_from(offers[i]), (int)i, found);
    for (size_t i = 0; i < ranges.count && ranges.items[i]->weight > 0; i++) {
        if (found[i].fit)
            return found[i].offer;
    }
    return -1;
}
