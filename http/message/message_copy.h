/* message_copy.h - copies with a life of their own. Internal. */
#ifndef CAIRN_HTTP_MESSAGE_COPY_H
#define CAIRN_HTTP_MESSAGE_COPY_H

#include <cairn/http/message.h>

/* Adds copies of the fields of OF, names and values too, to COPY, which has its own arena. Returns
 * -1 without memory. */
int cairn__message_copy_fields(struct cairn_http_fields *copy, const struct cairn_http_fields *of);

/*
 * A copy of the head of REQ in ARENA, where nothing of it is anybody else's. It has no body, no
 * extensions and no exchange: those belong to the caller. NULL without memory.
 */
struct cairn_http_request *cairn__message_copy_head(
    struct cairn_arena *arena, const struct cairn_http_request *req);

#endif
