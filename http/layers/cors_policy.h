/* cors_policy.h - what the layer cors allows, and the fields that say so. Internal. */
#ifndef CAIRN_HTTP_LAYERS_CORS_POLICY_H
#define CAIRN_HTTP_LAYERS_CORS_POLICY_H

#include <cairn/http/layers/cors.h>

CAIRN_BEGIN_DECLS

/* What copies of the layer and futures share, with its texts behind it in one block. */
struct cairn__cors {
    unsigned references;
    struct cairn_cors_options opts;
    struct cairn_str origins; /* absent: not by a list */
    struct cairn_str methods;
    struct cairn_str headers;
    struct cairn_str expose;
    bool is_constant; /* `origins` is "*" or a single one, and sent as it is */
    uint64_t preflights;
    uint64_t refused;
    uint64_t failed;
};

/* What is wrong: "OPTION TEXT". No option: nothing. */
struct cairn__cors_complaint {
    const char *option;
    const char *text;
};
struct cairn__cors_complaint cairn__cors_check(const struct cairn_cors_options *opts);

/* Copies valid OPTS. One reference; NULL without memory. */
struct cairn__cors *cairn__cors_new(const struct cairn_cors_options *opts);
void cairn__cors_unref(struct cairn__cors *self);
void cairn__cors_describe(const struct cairn__cors *self, struct cairn_describe *d);

bool cairn__cors_is_preflight(const struct cairn_http_request *req);

/* The origin that an answer to REQ names; absent: none. Not for `allows_later`. */
struct cairn_str cairn__cors_decide(
    const struct cairn__cors *self, const struct cairn_http_request *req);

/* The fields of an answer of inner, and a whole one to a preflight, where ALLOWED is what was
 * decided. -1, or NULL: without memory. */
int cairn__cors_edit(
    const struct cairn__cors *self, struct cairn_http_response *res, struct cairn_str allowed);
struct cairn_http_response *cairn__cors_preflight(
    const struct cairn__cors *self, const struct cairn_http_request *req, struct cairn_str allowed);

CAIRN_END_DECLS

#endif
