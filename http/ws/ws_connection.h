/* ws_connection.h - what drives a WebSocket connection. Internal. */
#ifndef CAIRN_HTTP_WS_CONNECTION_H
#define CAIRN_HTTP_WS_CONNECTION_H

#include <cairn/http/ws.h>

/* A connection over STREAM, and the future that drives it together with what RUN does. Takes
 * STREAM. OPTIONS are resolved. Borrows PROTOCOL. */
struct cairn_future cairn__ws_begin(const struct cairn_ws_options *options,
    struct cairn_str protocol, struct cairn_future (*run)(struct cairn_ws *ws, void *cx), void *cx,
    struct cairn_byte_stream stream);

#endif
