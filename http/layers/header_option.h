/* header_option.h - names of header fields that come as options. Internal. */
#ifndef CAIRN_HTTP_LAYERS_HEADER_OPTION_H
#define CAIRN_HTTP_LAYERS_HEADER_OPTION_H

#include <stdbool.h>

#include <cairn/service/layer.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/* What is wrong with NAME as that of a field that a layer sets: missing, no token, or a field of
 * the connection, which is the server's and the client's own business. NULL: nothing. */
const char *cairn__header_complaint(const char *name, bool is_request);

/* Whether NAME is a field that the server writes itself, of an answer, or that frames a request. */
bool cairn__header_is_framing(struct cairn_str name, bool is_request);

/* cairn_layer_invalid with COMPLAINT, and NAME, escaped, in front of it unless it is NULL. */
struct cairn_service *cairn__header_invalid(const struct cairn_layer *layer,
    struct cairn_service *inner, const char *name, const char *complaint);

CAIRN_END_DECLS

#endif
