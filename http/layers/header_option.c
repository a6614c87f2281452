#include <cairn/http/layers/header_option.h>

#include <cairn/http/fields.h>
#include <cairn/http/json/json_escape.h>

#define HEADER_OPTION_PRINTED 64

/* The last one is the server's only in answers. */
bool cairn__header_is_framing(struct cairn_str name, bool is_request)
{
    static const char *const names[] = {
        "Connection", "Content-Length", "Transfer-Encoding", "Date"};
    size_t count = sizeof(names) / sizeof(*names) - (is_request ? 1 : 0);
    for (size_t i = 0; i < count; i++) {
        if (cairn_str_equal_nocase(name, cairn_str_from(names[i])))
            return true;
    }
    return false;
}

const char *cairn__header_complaint(const char *name, bool is_request)
{
    if (!name)
        return "name is missing";
    if (!cairn_http_is_token(cairn_str_from(name)))
        return "name must be the name of a header field";
    if (!cairn__header_is_framing(cairn_str_from(name), is_request))
        return NULL;
    return is_request ? "name must not be a field that frames the message"
                      : "name must not be a field that the server writes itself";
}

struct cairn_service *cairn__header_invalid(const struct cairn_layer *layer,
    struct cairn_service *inner, const char *name, const char *complaint)
{
    char text[HEADER_OPTION_PRINTED + 1];
    if (!name)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    size_t length = cairn__json_escape(cairn_str_from(name), text, HEADER_OPTION_PRINTED);
    text[length] = '\0';
    return cairn_layer_invalid(layer, inner, "\"%s\": %s", text, complaint);
}
