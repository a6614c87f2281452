#include <cairn/http/classify.h>

#define CLASSIFY_GRPC_UNKNOWN 2

static enum cairn_http_verdict classify_status(const struct cairn_http_classifier *self,
    const struct cairn_http_response *res, struct cairn_http_failure *failure)
{
    (void)failure;
    return res->status >= self->from && res->status <= self->to ? CAIRN_HTTP_FAILURE
                                                                : CAIRN_HTTP_SUCCESS;
}

struct cairn_http_classifier cairn_http_classify_status(int from, int to)
{
    return (struct cairn_http_classifier){.at_response = classify_status, .from = from, .to = to};
}

/* TEXT, which may be absent, is the value of grpc-status. Codes that nobody has given a meaning yet
 * are kept as they are. */
static enum cairn_http_verdict classify_grpc_status(const struct cairn_http_classifier *self,
    struct cairn_str text, struct cairn_http_failure *failure)
{
    unsigned long long code;
    if (!cairn_str_to_u64(text, &code) || code > INT32_MAX)
        code = CLASSIFY_GRPC_UNKNOWN;
    failure->grpc_status = (int)code;
    return code < 32 && (self->codes >> code & 1) ? CAIRN_HTTP_SUCCESS : CAIRN_HTTP_FAILURE;
}

static enum cairn_http_verdict classify_grpc_head(const struct cairn_http_classifier *self,
    const struct cairn_http_response *res, struct cairn_http_failure *failure)
{
    struct cairn_str text = cairn_http_fields_get(&res->fields, CAIRN_STR("grpc-status"));
    if (!text.data && res->status == 200)
        return CAIRN_HTTP_AT_EOS;
    return classify_grpc_status(self, text, failure);
}

static enum cairn_http_verdict classify_grpc_trailers(const struct cairn_http_classifier *self,
    const struct cairn_http_fields *trailers, struct cairn_http_failure *failure)
{
    struct cairn_str text = cairn_str_of(NULL, 0);
    if (trailers)
        text = cairn_http_fields_get(trailers, CAIRN_STR("grpc-status"));
    return classify_grpc_status(self, text, failure);
}

struct cairn_http_classifier cairn_http_classify_grpc(uint32_t successes)
{
    return (struct cairn_http_classifier){.at_response = classify_grpc_head,
        .at_eos = classify_grpc_trailers,
        .codes = successes ? successes : 1};
}
