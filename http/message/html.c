#include <cairn/http/html.h>

#include <stdint.h>

/* The longest reference. */
#define HTML_MOST (sizeof("&quot;") - 1)

/* What C is written as; absent: as itself. */
static struct cairn_str html_reference(char c)
{
    switch (c) {
    case '&':
        return CAIRN_STR("&amp;");
    case '<':
        return CAIRN_STR("&lt;");
    case '>':
        return CAIRN_STR("&gt;");
    case '"':
        return CAIRN_STR("&quot;");
    case '\'':
        return CAIRN_STR("&#39;");
    default:
        return cairn_str_of(NULL, 0);
    }
}

static size_t html_length(struct cairn_str text)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        struct cairn_str reference = html_reference(text.data[i]);
        length += reference.data ? reference.length : 1;
    }
    return length;
}

struct cairn_str cairn_html_escape(struct cairn_arena *arena, struct cairn_str text)
{
    if (text.length > SIZE_MAX / HTML_MOST - 1)
        return cairn_str_of(NULL, 0);
    size_t length = html_length(text);
    char *out = cairn_arena_alloc_text(arena, length + 1);
    if (!out)
        return cairn_str_of(NULL, 0);
    char *end = out;
    for (size_t i = 0; i < text.length; i++) {
        struct cairn_str reference = html_reference(text.data[i]);
        if (reference.data)
            memcpy(end, reference.data, reference.length);
        else
            *end = text.data[i];
        end += reference.data ? reference.length : 1;
    }
    *end = '\0';
    return cairn_str_of(out, length);
}
