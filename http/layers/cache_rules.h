/* cache_rules.h - the rules of the layer cache_control. Internal. */
#ifndef CAIRN_HTTP_LAYERS_CACHE_RULES_H
#define CAIRN_HTTP_LAYERS_CACHE_RULES_H

#include <stdint.h>

#include <cairn/http/layers/cache_control.h>
#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/* What copies and futures share, with the texts of all rules behind it. The last rule is the
 * constant, if there is one. */
struct cairn__cache_rules {
    unsigned references;
    bool is_overriding;
    uint64_t set;
    size_t count;
    struct cairn_cache_control_rule rules[];
};

/* What is wrong with OPTS; NULL: nothing. *RULE is the number, from 1, of the one with which it is
 * wrong; 0: none in particular. */
const char *cairn__cache_rules_complaint(
    const struct cairn_cache_control_options *opts, size_t *rule);

/* Copies valid OPTS. One reference; NULL without memory. */
struct cairn__cache_rules *cairn__cache_rules_new(const struct cairn_cache_control_options *opts);
void cairn__cache_rules_unref(struct cairn__cache_rules *self);

/* The value for RES, the answer to a request for PATH; absent: none. */
struct cairn_str cairn__cache_rules_choose(const struct cairn__cache_rules *self,
    const struct cairn_http_response *res, struct cairn_str path);

CAIRN_END_DECLS

#endif
