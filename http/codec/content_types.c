#include <cairn/http/codec/content_types.h>

static const char content_type_name[] = "Content-Type";

#define CONTENT_TYPE(text)                                                                   \
    {                                                                                        \
        .field = {{content_type_name, sizeof(content_type_name) - 1}, CAIRN_STR_INIT(text)}, \
        .line = CAIRN_STR_INIT("Content-Type: " text "\r\n")                                 \
    }

const struct cairn__content_type cairn__content_types[CAIRN__CONTENT_TYPES] = {
    CONTENT_TYPE(CAIRN__CONTENT_TYPE_TEXT),
    CONTENT_TYPE("application/json"),
    CONTENT_TYPE("application/problem+json"),
    CONTENT_TYPE("text/html; charset=utf-8"),
};

const struct cairn__content_type *cairn__content_type_find(struct cairn_str value)
{
    for (size_t i = 0; i < CAIRN__CONTENT_TYPES; i++) {
        if (cairn_str_equal(cairn__content_types[i].field.value, value))
            return &cairn__content_types[i];
    }
    return NULL;
}
