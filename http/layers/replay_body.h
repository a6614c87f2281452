/* replay_body.h - keeps the body of a request while it streams, so that retry can send it again. */
#ifndef CAIRN_HTTP_LAYERS_REPLAY_BODY_H
#define CAIRN_HTTP_LAYERS_REPLAY_BODY_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * A request whose body is a stream cannot be copied, so retry and hedge send it once. Inside of
 * this layer it can: see cairn_http_body_replay. What is kept lives until the exchange ends. A body
 * that grows over max_bytes goes on to whoever reads it, and is not sent a second time. A whole
 * body costs nothing.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; the call
 * fails with CAIRN_ERROR_MEMORY when there is none. May be cloned.
 * Invalid: max_bytes over 64 MiB. Counts: nothing.
 *
 * Place: right outside of retry or hedge; what wraps the body inside of retry wraps it each time.
 */
struct cairn_replay_body_options {
    size_t size;
    size_t max_bytes; /* kept of each body, 1 to 64 MiB; 0: 64 KiB */
};

CAIRN_API struct cairn_layer cairn_replay_body_layer(
    const struct cairn_replay_body_options *options);

/* cairn_replay_body(.max_bytes = 256 * 1024) */
#define cairn_replay_body(...)                                         \
    cairn_replay_body_layer(&(const struct cairn_replay_body_options){ \
        .size = sizeof(struct cairn_replay_body_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
