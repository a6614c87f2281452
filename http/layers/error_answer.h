/* error_answer.h - the answer that tells a client of an error, in the form it takes. Internal. */
#ifndef CAIRN_HTTP_LAYERS_ERROR_ANSWER_H
#define CAIRN_HTTP_LAYERS_ERROR_ANSWER_H

#include <cairn/http/layers/error_to_response.h>

/* The rule of RULES (NULL: none) for ERROR or for the first of its sources that has one, or NULL.
 */
const struct cairn_error_rule *cairn__error_rule_find(
    const struct cairn_error_rule *rules, const struct cairn_error *error);

/* The answer to REQ that RULE (NULL: none) makes of ERROR. NULL without memory. */
struct cairn_http_response *cairn__error_answer(const struct cairn_http_request *req,
    const struct cairn_error *error, const struct cairn_error_rule *rule,
    enum cairn_error_format format);

/* The same as an answer of trailers only, if REQ is one of gRPC's. */
bool cairn__error_is_grpc(const struct cairn_http_request *req);
struct cairn_http_response *cairn__error_answer_grpc(const struct cairn_http_request *req,
    const struct cairn_error *error, const struct cairn_error_rule *rule);

#endif
