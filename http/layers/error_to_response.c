#include <cairn/http/layers/error_to_response.h>

#include <stdint.h>
#include <string.h>

#include <cairn/http/layers/error_answer.h>
#include <cairn/service/alloc.h>

/* What copies and futures share, with the rules and all texts behind it. */
struct error_to_response_shared {
    unsigned references;
    struct cairn_error_to_response_options opts;
    uint64_t errors_4xx;
    uint64_t errors_5xx;
};

struct error_to_response {
    struct cairn_service base;
    struct error_to_response_shared *shared;
};

struct error_to_response_future {
    struct cairn_future inner;
    struct error_to_response_shared *shared;
    const struct cairn_http_request *req;
};

static void error_to_response_unref(struct error_to_response_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

static void error_to_response_count(struct error_to_response_shared *shared, int status)
{
    if (status >= 500)
        shared->errors_5xx++;
    else if (status >= 400)
        shared->errors_4xx++;
}

static struct cairn_http_response *error_to_response_make(struct error_to_response_shared *shared,
    const struct cairn_http_request *req, const struct cairn_error *error)
{
    const struct cairn_error_to_response_options *opts = &shared->opts;
    struct cairn_http_response *res = opts->map ? opts->map(opts->cx, req, error) : NULL;
    if (res) {
        error_to_response_count(shared, res->status);
        return res;
    }
    const struct cairn_error_rule *rule = cairn__error_rule_find(opts->rules, error);
    res = opts->grpc && cairn__error_is_grpc(req)
              ? cairn__error_answer_grpc(req, error, rule)
              : cairn__error_answer(req, error, rule, opts->format);
    if (res)
        error_to_response_count(shared, rule ? rule->status : cairn_http_error_status(error));
    return res;
}

/* Best effort: an answer without it is better than none. Both are copied, for they may go with the
 * layer or with a module, and the response may outlive these. */
static void error_to_response_name_source(const struct error_to_response_shared *shared,
    struct cairn_http_response *res, const struct cairn_error *error)
{
    if (shared->opts.source_header && error->layer)
        (void)cairn_http_response_set(res, shared->opts.source_header, error->layer);
}

static enum cairn_poll error_to_response_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct error_to_response_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p != CAIRN_FAILED)
        return p;
    struct cairn_error *error = out->error;
    struct cairn_http_response *res = error_to_response_make(self->shared, self->req, error);
    if (!res)
        return p;
    error_to_response_name_source(self->shared, res, error);
    cairn_error_unref(error);
    out->value = res;
    return CAIRN_READY;
}

static void error_to_response_future_drop(void *state)
{
    struct error_to_response_future *self = state;
    cairn_future_drop(&self->inner);
    error_to_response_unref(self->shared);
}

static const struct cairn_future_ops error_to_response_future_ops = {
    .name = "error_to_response",
    .size = sizeof(struct error_to_response_future),
    .poll = error_to_response_future_poll,
    .drop = error_to_response_future_drop,
    .wraps = true,
};

static struct cairn_future error_to_response_call(struct cairn_service *base, void *req)
{
    struct error_to_response_shared *shared = ((struct error_to_response *)base)->shared;
    shared->references++;
    return cairn_future_wrap(&error_to_response_future_ops,
        &(struct error_to_response_future){cairn_service_call(base->inner, req), shared, req});
}

static void error_to_response_cloned(struct cairn_service *base)
{
    ((struct error_to_response *)base)->shared->references++;
}

static void error_to_response_drop(struct cairn_service *base)
{
    error_to_response_unref(((struct error_to_response *)base)->shared);
}

static void error_to_response_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct error_to_response_shared *shared =
        ((const struct error_to_response *)base)->shared;
    cairn_describe_counter(d, "errors_4xx", shared->errors_4xx);
    cairn_describe_counter(d, "errors_5xx", shared->errors_5xx);
}

static const struct cairn_service_ops error_to_response_ops = {
    .name = "error_to_response",
    .size = sizeof(struct error_to_response),
    .call = error_to_response_call,
    .cloned = error_to_response_cloned,
    .drop = error_to_response_drop,
    .describe = error_to_response_describe,
};

static size_t error_to_response_rule_count(const struct cairn_error_rule *rules)
{
    size_t count = 0;
    while (rules && count <= CAIRN_ERROR_RULES_MOST && rules[count].code)
        count++;
    return count;
}

/* NULL, or what is wrong. */
static const char *error_to_response_complaint(const struct cairn_error_to_response_options *opts)
{
    size_t count = error_to_response_rule_count(opts->rules);
    if (count > CAIRN_ERROR_RULES_MOST)
        return "rules must be 64 at most, and a code of 0";
    for (size_t i = 0; i < count; i++) {
        if (opts->rules[i].status < 400 || opts->rules[i].status > 599)
            return "the status of a rule must be 400 to 599";
        if (opts->rules[i].grpc_status < 0 || opts->rules[i].grpc_status > 16)
            return "the grpc_status of a rule must be 1 to 16";
    }
    if ((unsigned)opts->format > CAIRN_ERROR_NEGOTIATED)
        return "format must be one of enum cairn_error_format";
    if (opts->source_header && !cairn_http_is_token(cairn_str_from(opts->source_header)))
        return "source_header must be the name of a header field";
    return NULL;
}

/* TEXT, copied to *AT, which moves behind it. */
static const char *error_to_response_copy(char **at, const char *text)
{
    if (!text)
        return NULL;
    char *copy = *at;
    size_t size = strlen(text) + 1;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static struct error_to_response_shared *error_to_response_shared_new(
    const struct cairn_error_to_response_options *opts)
{
    size_t count = error_to_response_rule_count(opts->rules);
    size_t texts = opts->source_header ? strlen(opts->source_header) + 1 : 0;
    for (size_t i = 0; i < count; i++)
        texts += opts->rules[i].detail ? strlen(opts->rules[i].detail) + 1 : 0;
    struct error_to_response_shared *shared =
        cairn_alloc_zero(sizeof(*shared) + (count + 1) * sizeof(*opts->rules) + texts);
    if (!shared)
        return NULL;
    struct cairn_error_rule *rules = (struct cairn_error_rule *)(shared + 1);
    char *at = (char *)(rules + count + 1);
    shared->references = 1;
    shared->opts = *opts;
    shared->opts.rules = rules;
    shared->opts.source_header = error_to_response_copy(&at, opts->source_header);
    for (size_t i = 0; i < count; i++) {
        rules[i] = opts->rules[i];
        rules[i].detail = error_to_response_copy(&at, opts->rules[i].detail);
    }
    return shared;
}

static struct cairn_service *error_to_response_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_error_to_response_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = error_to_response_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    struct error_to_response_shared *shared = error_to_response_shared_new(&opts);
    struct error_to_response *self =
        shared ? cairn_service_new(&error_to_response_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->shared = shared;
    return &self->base;
}

struct cairn_layer cairn_error_to_response_layer(
    const struct cairn_error_to_response_options *options)
{
    static const struct cairn_error_to_response_options defaults = {.size = sizeof(defaults)};
    const struct cairn_error_to_response_options *opts = options ? options : &defaults;
    return cairn_layer_of("error_to_response", error_to_response_apply, opts, opts->size);
}
