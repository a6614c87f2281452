/* make_balance.h - a balancer for each target. Tower's MakeBalance. */
#ifndef CAIRN_LAYERS_MAKE_BALANCE_H
#define CAIRN_LAYERS_MAKE_BALANCE_H

#include <cairn/layers/balance.h>
#include <cairn/service/layer.h>
#include <cairn/service/make_service.h>

CAIRN_BEGIN_DECLS

/*
 * Inner takes a target, the name of a service for example, and gives the discovery of its
 * endpoints: its response type is cairn_discover_type. The layer makes of it a make service: it
 * takes the same target, and its response is a balancer over these endpoints, of type
 * cairn_service_type. Each response is a balancer of its own.
 *
 * Readiness and errors are inner's; a balancer that cannot be made fails the call with its reason,
 * CAIRN_ERROR_MEMORY. May be cloned if inner may. Invalid: without both types. Another response
 * type is CAIRN_ERROR_TYPE. Counts: `made`, in all copies.
 *
 * OPTIONS are those of every balancer. With a seed, all of them pick alike.
 */
CAIRN_API struct cairn_layer cairn_make_balance_layer(const struct cairn_balance_options *options);

/* cairn_make_balance(.request_type = &request, .response_type = &response) */
#define cairn_make_balance(...)                                     \
    cairn_make_balance_layer(&(const struct cairn_balance_options){ \
        .size = sizeof(struct cairn_balance_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
