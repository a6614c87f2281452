/* connection_output.h - what the parts of a connection's output share. Internal. */
#ifndef CAIRN_HTTP_CONNECTION_OUTPUT_H
#define CAIRN_HTTP_CONNECTION_OUTPUT_H

#include <stdbool.h>

#include <cairn/http/connection/connection.h>

/*
 * connection_write.c begins an answer and ends it, all that a small one needs; connection_pump.c
 * goes on with a body that streams; connection_flush.c brings what was written to the socket.
 */

/* connection_flush.c */

/* Waits for the socket to have room; IS_MOVING: it has taken some, which must be enough. */
void cairn__connection_await_room(struct cairn__connection *self, bool is_moving);

/* connection_write.c */

/* Puts BYTES of the body: copies few, and has many sent from where they are. */
void cairn__connection_put_rest(struct cairn__connection *self, struct cairn_str bytes);
/* The response is written whole. */
void cairn__connection_finish(struct cairn__connection *self);

/* connection_turn.c */

/* Whether a stream has to wait for the next turn of the loop: it has had its share of this one, or,
 * before it has had any, the streams before it took long. */
bool cairn__connection_turn_is_over(const struct cairn__connection *self);

#endif
