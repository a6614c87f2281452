/* load_constant.h - tells a load that does not change. Tower's Constant. */
#ifndef CAIRN_LAYERS_LOAD_CONSTANT_H
#define CAIRN_LAYERS_LOAD_CONSTANT_H

#include <cairn/layers/load.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The load is LOAD, any number. It hides the load that inner may tell, and changes nothing else:
 * for endpoints that are preferred to others, and for tests. Works on any type; may be cloned.
 *
 * Place: around one endpoint of a balancer.
 */
CAIRN_API struct cairn_layer cairn_load_constant(double load);

CAIRN_END_DECLS

#endif
