/* run_to_completion.h - a request whose client goes away is finished all the same. */
#ifndef CAIRN_HTTP_LAYERS_RUN_TO_COMPLETION_H
#define CAIRN_HTTP_LAYERS_RUN_TO_COMPLETION_H

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * When a client goes away, the server drops the future of its request, and with it all that is done
 * for it. What must not stop half way (a payment, a change in two places) goes on inside of this
 * layer: see cairn_http_run_to_completion. Timeouts still hold. Its answer is thrown away.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. May be
 * cloned. Counts: nothing; the server counts `detached`.
 *
 * Place: around the routes that need it. The whole stack of the request goes on, outside layers
 * too.
 */
CAIRN_API struct cairn_layer cairn_run_to_completion(void);

CAIRN_END_DECLS

#endif
