/* list.h - comma-separated lists: of fields (RFC 9110 section 5.6.1) whose elements are no quoted
 * strings, and of options. Internal. */
#ifndef CAIRN_HTTP_LIST_H
#define CAIRN_HTTP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cairn/http/codec/ows.h>
#include <cairn/service/str.h>

/*
 * Walks the elements of a list, without the white space around them: moves *LIST on and returns
 * false after the last. A list has one more element than commas; they may be empty. An absent one
 * has none.
 */
static inline bool cairn__list_next(struct cairn_str *list, struct cairn_str *element)
{
    if (!list->data)
        return false;
    const char *comma = list->length ? (const char *)memchr(list->data, ',', list->length) : NULL;
    size_t length = comma ? (size_t)(comma - list->data) : list->length;
    *element = cairn__ows_trim(cairn_str_of(list->data, length));
    *list = comma ? cairn_str_of(comma + 1, list->length - length - 1) : cairn_str_of(NULL, 0);
    return true;
}

/* Whether each element of LIST passes IS_VALID; of an absent list none does. */
static inline bool cairn__list_is(struct cairn_str list, bool (*is_valid)(struct cairn_str))
{
    struct cairn_str element;
    bool all = list.data != NULL;
    while (all && cairn__list_next(&list, &element))
        all = is_valid(element);
    return all;
}

/* Whether S is an element of LIST, byte for byte. */
static inline bool cairn__list_has(struct cairn_str list, struct cairn_str s)
{
    struct cairn_str element;
    while (cairn__list_next(&list, &element)) {
        if (cairn_str_equal(element, s))
            return true;
    }
    return false;
}

/* Whether TOKEN is an element of LIST, in either case. */
static inline bool cairn__list_has_token(struct cairn_str list, struct cairn_str token)
{
    struct cairn_str element;
    while (cairn__list_next(&list, &element)) {
        if (cairn_str_equal_nocase(element, token))
            return true;
    }
    return false;
}

#endif
