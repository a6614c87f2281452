#include <cairn/http/codec/content_types.h>

#define CONTENT_TYPE_NAME 12

static const char content_type_text[] = "Content-Type: text/plain; charset=utf-8\r\n";
static const char content_type_json[] = "Content-Type: application/json\r\n";
static const char content_type_problem[] = "Content-Type: application/problem+json\r\n";
static const char content_type_html[] = "Content-Type: text/html; charset=utf-8\r\n";

/* The value is what stands between the name's colon and the line's end. */
#define CONTENT_TYPE(line)                                                        \
    {                                                                             \
        {(line), CONTENT_TYPE_NAME},                                              \
        {                                                                         \
            (line) + CONTENT_TYPE_NAME + 2, sizeof(line) - CONTENT_TYPE_NAME - 5, \
        }                                                                         \
    }

const struct cairn_http_field cairn__content_types[CAIRN__CONTENT_TYPES] = {
    CONTENT_TYPE(content_type_text),
    CONTENT_TYPE(content_type_json),
    CONTENT_TYPE(content_type_problem),
    CONTENT_TYPE(content_type_html),
};

const struct cairn_http_field *cairn__content_type_find(struct cairn_str value)
{
    for (size_t i = 0; i < CAIRN__CONTENT_TYPES; i++) {
        if (cairn_str_equal(cairn__content_types[i].value, value))
            return &cairn__content_types[i];
    }
    return NULL;
}
