/* kept_answer.h - a response with a whole body as one block that many may share. Internal. */
#ifndef CAIRN_HTTP_LAYERS_KEPT_ANSWER_H
#define CAIRN_HTTP_LAYERS_KEPT_ANSWER_H

#include <cairn/http/message.h>

/* Counted by atomic references; never changes. */
struct cairn__kept_answer;

/* Copies RES, with one reference. NULL without memory. */
struct cairn__kept_answer *cairn__kept_answer_new(const struct cairn_http_response *res);
struct cairn__kept_answer *cairn__kept_answer_ref(struct cairn__kept_answer *answer);
/* NULL: nothing. */
void cairn__kept_answer_unref(struct cairn__kept_answer *answer);

/* Bytes that it takes. */
size_t cairn__kept_answer_size(const struct cairn__kept_answer *answer);
/* It once more, as response to REQ, whose arena holds a reference. NULL without memory. */
struct cairn_http_response *cairn__kept_answer_response(
    struct cairn__kept_answer *answer, const struct cairn_http_request *req);

#endif
