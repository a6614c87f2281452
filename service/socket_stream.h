/* socket_stream.h - a connected socket as a byte stream. */
#ifndef CAIRN_SERVICE_SOCKET_STREAM_H
#define CAIRN_SERVICE_SOCKET_STREAM_H

#include <cairn/service/byte_stream.h>
#include <cairn/service/runtime.h>

CAIRN_BEGIN_DECLS

/*
 * Sets *STREAM to the bytes of FD, a connected stream socket, on RUNTIME, that of this thread,
 * which is to outlive the stream. Takes FD, also on failure: it becomes non-blocking, and is closed
 * when the stream is dropped. Returns NULL, or an error owned by the caller: CAIRN_ERROR_MEMORY,
 * CAIRN_ERROR_SYSTEM.
 *
 * Reading and writing fail with CAIRN_ERROR_CLOSED, layer "socket", when the peer is gone (reset,
 * or silent for longer than keep-alive allows), and again each time after that; else with
 * CAIRN_ERROR_SYSTEM. Writing takes what the kernel takes: shutdown has nothing to wait for. A
 * write raises no SIGPIPE.
 */
CAIRN_API struct cairn_error *cairn_socket_stream(
    struct cairn_runtime *runtime, int fd, struct cairn_byte_stream *stream);

CAIRN_END_DECLS

#endif
