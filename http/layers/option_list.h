/* option_list.h - options that are several words, separated by commas. Internal. */
#ifndef CAIRN_HTTP_LAYERS_OPTION_LIST_H
#define CAIRN_HTTP_LAYERS_OPTION_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/api.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * Walks the elements of a comma-separated list, without the white space around them: moves *LIST on
 * and returns false after the last. A list has one more element than commas; they may be empty.
 */
bool cairn__list_next(struct cairn_str *list, struct cairn_str *element);

/* Whether each element of LIST passes IS_VALID; of an empty list none does. */
bool cairn__list_is(struct cairn_str list, bool (*is_valid)(struct cairn_str));

/* Whether S is an element of LIST, byte for byte. */
bool cairn__list_has(struct cairn_str list, struct cairn_str s);

CAIRN_END_DECLS

#endif
