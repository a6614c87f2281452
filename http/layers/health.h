/* health.h - answers /livez and /readyz, for those who restart the process and send it requests. */
#ifndef CAIRN_HTTP_LAYERS_HEALTH_H
#define CAIRN_HTTP_LAYERS_HEALTH_H

#include <stddef.h>

#include <cairn/http/health.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

struct cairn_http_server;

/*
 * GET and HEAD of three paths are answered here, as Kubernetes' own servers answer them:
 *
 *   /livez    200, or 503 where a check of liveness is not well; /healthz is its old name
 *   /readyz   200, or 503 where the server is not ready (cairn_http_server_is_ready: from the
 *             moment that a drain is asked for) or a check of readiness is not well
 *
 * The body is `ok`, or a line for each check with `?verbose` and wherever the answer is 503;
 * `?exclude=NAME`, several times too, leaves checks out; the server's own is `serving`. Never to be
 * stored (Cache-Control: no-store). Other methods get 405. All else goes to inner.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. May be
 * cloned. Invalid: neither server nor health. Counts: probes, unwell (those answered with 503).
 *
 * Place: outside of all that limits, logs or asks who it is; with a load_shed between it and the
 * limits, for what is not ready is not called, not for a probe either.
 */
struct cairn_health_options {
    size_t size;
    struct cairn_http_server *server; /* borrowed; the worker's, of the app's factory */
    struct cairn_http_health *health; /* each service then counts as an owner; NULL: no checks */
};

/* OPTIONS has no default: NULL is refused. */
CAIRN_API struct cairn_layer cairn_health_layer(const struct cairn_health_options *options);

/* cairn_health(.server = worker->server, .health = health) */
#define cairn_health(...)                                    \
    cairn_health_layer(&(const struct cairn_health_options){ \
        .size = sizeof(struct cairn_health_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
