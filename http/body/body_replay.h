/* body_replay.h - copies of a request whose body can be read again. Internal. */
#ifndef CAIRN_HTTP_BODY_REPLAY_H
#define CAIRN_HTTP_BODY_REPLAY_H

#include <stdbool.h>

#include <cairn/http/body.h>

/* Gives COPY a reader of its own of REQ's stream, from the first byte on. Returns -1 when that is
 * no replayable stream, has grown over its cap, or without memory. */
int cairn__replay_clone(const struct cairn_http_request *req, struct cairn_http_request *copy);
/* Whether what STREAM has still to read is kept no more. */
bool cairn__replay_is_spent(const struct cairn_stream *stream);

#endif
