/* html.h - text from outside, for a place in a page. */
#ifndef CAIRN_HTTP_HTML_H
#define CAIRN_HTTP_HTML_H

#include <cairn/service/arena.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * TEXT with & < > " ' written as character references: then it is text within an element, and
 * within an attribute's quotes, and can be nothing else there. It is not fit for other places: a
 * script, a style, a URL, an attribute without quotes.
 *
 * In ARENA, with a NUL behind it; the absent string is "". The result's data is NULL without
 * memory.
 */
CAIRN_API struct cairn_str cairn_html_escape(struct cairn_arena *arena, struct cairn_str text);

CAIRN_END_DECLS

#endif
