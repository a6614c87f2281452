#include <cairn/http/layers/trace_log.h>

#include <stdio.h>
#include <string.h>

#include <cairn/http/error_response.h>
#include <cairn/http/layers/log_line.h>
#include <cairn/http/layers/log_sink.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/http/layers/trace_hooks.h>
#include <cairn/http/layers/wall_clock.h>
#include <cairn/service/alloc.h>

#define TRACE_LOG_METHOD_MOST 32
#define TRACE_LOG_TARGET_MOST 1024
#define TRACE_LOG_HEADER_MOST 256
#define TRACE_LOG_HEADER_NAME_MOST 64
#define TRACE_LOG_ERROR_MOST 512
/* What is kept free behind the header fields: the rest of the line. */
#define TRACE_LOG_TAIL 64

/* The context of the hooks; goes with them. */
struct trace_log {
    struct cairn__wall_clock clock;
    struct cairn__log_sink sink;
    bool is_logfmt;
    bool has_headers;
    enum cairn_trace_log_unit unit;
    uint64_t spans;
};

/* In the request's arena. */
struct trace_log_span {
    uint64_t number;
    const struct cairn_http_request *req;
};

static void trace_log_free(void *cx)
{
    struct trace_log *self = cx;
    cairn__log_sink_fini(&self->sink);
    cairn_free(self);
}

static void trace_log_describe(const void *cx, struct cairn_describe *d)
{
    const struct trace_log *self = cx;
    cairn_describe_text(d, "format", self->is_logfmt ? "logfmt" : "json");
    cairn_describe_counter(d, "lines", self->sink.lines);
    cairn_describe_counter(d, "dropped", self->sink.dropped);
    cairn_describe_gauge(d, "buffered", self->sink.length);
}

static void trace_log_begin(struct trace_log *self, struct cairn__log_line *line,
    const struct trace_log_span *span, const char *level, const char *event)
{
    const struct cairn_http_request *req = span->req;
    cairn__log_line_begin(line, &self->sink, self->is_logfmt, &self->clock);
    cairn__log_line_text(line, "level", cairn_str_from(level), sizeof("debug"));
    cairn__log_line_text(line, "event", cairn_str_from(event), sizeof("response"));
    cairn__log_line_number(line, "span", (int64_t)span->number);
    cairn__log_line_text(line, "method", req->method_name, TRACE_LOG_METHOD_MOST);
    cairn__log_line_text(line, "target", req->target, TRACE_LOG_TARGET_MOST);
    cairn__log_line_plain(line, "request_id", cairn_http_request_id(req));
}

/* WHAT is "latency" or "duration". */
static void trace_log_time(
    const struct trace_log *self, struct cairn__log_line *line, const char *what, uint64_t ns)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"ms", 1000000}, {"us", 1000}, {"ns", 1}, {"s", 1000000000}};
    char key[sizeof("duration_ms")];
    snprintf(key, sizeof(key), "%s_%s", what, units[self->unit].name);
    cairn__log_line_number(line, key, (int64_t)(ns / units[self->unit].ns));
}

/* "header.x-api-key" */
static void trace_log_header_key(char *key, struct cairn_str name)
{
    static const char prefix[] = "header.";
    size_t length =
        name.length < TRACE_LOG_HEADER_NAME_MOST ? name.length : TRACE_LOG_HEADER_NAME_MOST;
    memcpy(key, prefix, sizeof(prefix) - 1);
    key += sizeof(prefix) - 1;
    for (size_t i = 0; i < length; i++) {
        char c = name.data[i];
        key[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    key[length] = '\0';
}

static void trace_log_headers(struct cairn__log_line *line, const struct cairn_http_fields *fields)
{
    char key[sizeof("header.") + TRACE_LOG_HEADER_NAME_MOST];
    for (size_t i = 0; i < fields->count; i++) {
        if (cairn__log_line_room(line) < sizeof(key) + TRACE_LOG_HEADER_MOST + TRACE_LOG_TAIL) {
            cairn__log_line_true(line, "headers_cut");
            return;
        }
        const struct cairn_http_field *field = &fields->items[i];
        trace_log_header_key(key, field->name);
        cairn__log_line_text(
            line, key, cairn_http_field_for_log(fields, field), TRACE_LOG_HEADER_MOST);
    }
}

static void *trace_log_make_span(void *cx, struct cairn_http_request *req)
{
    struct trace_log *self = cx;
    struct trace_log_span *span = cairn_arena_alloc(req->arena, sizeof(*span));
    if (span)
        *span = (struct trace_log_span){++self->spans, req};
    return span;
}

static void trace_log_request(void *cx, void *span, const struct cairn_http_request *req)
{
    struct trace_log *self = cx;
    struct cairn__log_line line;
    if (!span)
        return;
    trace_log_begin(self, &line, span, "debug", "request");
    cairn__log_line_text(
        &line, "version", req->version_minor ? CAIRN_STR("1.1") : CAIRN_STR("1.0"), 3);
    if (self->has_headers)
        trace_log_headers(&line, &req->fields);
    cairn__log_line_end(&line);
}

static void trace_log_response(
    void *cx, void *span, const struct cairn_http_response *res, uint64_t latency_ns)
{
    struct cairn__log_line line;
    if (!span)
        return;
    trace_log_begin(cx, &line, span, "debug", "response");
    cairn__log_line_number(&line, "status", res->status);
    trace_log_time(cx, &line, "latency", latency_ns);
    cairn__log_line_end(&line);
}

static void trace_log_chunk(void *cx, void *span, struct cairn_str bytes, uint64_t latency_ns)
{
    struct cairn__log_line line;
    if (!span)
        return;
    trace_log_begin(cx, &line, span, "debug", "chunk");
    cairn__log_line_number(&line, "bytes", (int64_t)bytes.length);
    trace_log_time(cx, &line, "latency", latency_ns);
    cairn__log_line_end(&line);
}

static void trace_log_eos(
    void *cx, void *span, const struct cairn_http_fields *trailers, uint64_t duration_ns)
{
    struct cairn__log_line line;
    unsigned long long code;
    if (!span)
        return;
    trace_log_begin(cx, &line, span, "debug", "eos");
    if (trailers &&
        cairn_str_to_u64(cairn_http_fields_get(trailers, CAIRN_STR("grpc-status")), &code) &&
        code <= INT32_MAX)
        cairn__log_line_number(&line, "grpc_status", (int64_t)code);
    trace_log_time(cx, &line, "duration", duration_ns);
    cairn__log_line_end(&line);
}

static void trace_log_failure(
    void *cx, void *span, const struct cairn_http_failure *failure, uint64_t latency_ns)
{
    struct cairn__log_line line;
    char text[TRACE_LOG_ERROR_MOST + 1];
    if (!span)
        return;
    trace_log_begin(cx, &line, span, "error", "failure");
    cairn__log_line_number(&line, "status",
        failure->status ? failure->status : cairn_http_error_status(failure->error));
    if (failure->grpc_status >= 0)
        cairn__log_line_number(&line, "grpc_status", failure->grpc_status);
    if (failure->error)
        cairn__log_line_text(&line, "error",
            cairn_str_from(cairn_error_format(failure->error, text, sizeof(text))),
            TRACE_LOG_ERROR_MOST);
    trace_log_time(cx, &line, "latency", latency_ns);
    cairn__log_line_end(&line);
}

static struct cairn_trace_hooks trace_log_hooks(
    const struct cairn_trace_log_options *opts, struct trace_log *self)
{
    struct cairn_trace_hooks hooks = {
        .make_span = trace_log_make_span, .on_failure = trace_log_failure, .cx = self};
    if (opts->level == CAIRN_TRACE_LOG_ERROR)
        return hooks;
    hooks.on_request = trace_log_request;
    hooks.on_response = trace_log_response;
    hooks.on_eos = trace_log_eos;
    if (opts->chunks)
        hooks.on_body_chunk = trace_log_chunk;
    return hooks;
}

static struct trace_log *trace_log_new(const struct cairn_trace_log_options *opts, int fd)
{
    struct trace_log *self = cairn_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    self->is_logfmt = opts->format == CAIRN_ACCESS_LOG_LOGFMT;
    self->has_headers = opts->headers;
    self->unit = opts->unit;
    if (cairn__log_sink_init(&self->sink, fd) == 0)
        return self;
    cairn_free(self);
    return NULL;
}

/* NULL, or what is wrong. */
static const char *trace_log_complaint(const struct cairn_trace_log_options *opts, int fd)
{
    if (fd < 0)
        return "file must have a descriptor";
    if ((unsigned)opts->format > CAIRN_ACCESS_LOG_LOGFMT)
        return "format must be CAIRN_ACCESS_LOG_JSON or CAIRN_ACCESS_LOG_LOGFMT";
    if ((unsigned)opts->level > CAIRN_TRACE_LOG_ERROR)
        return "level must be one of enum cairn_trace_log_level";
    if ((unsigned)opts->unit > CAIRN_TRACE_LOG_S)
        return "unit must be one of enum cairn_trace_log_unit";
    return NULL;
}

static struct cairn_service *trace_log_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    static const struct cairn__trace_cx_ops cx_ops = {trace_log_free, trace_log_describe};
    struct cairn_service *broken;
    struct cairn_trace_log_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    int fd = fileno(opts.file ? opts.file : stderr);
    const char *complaint = trace_log_complaint(&opts, fd);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    struct trace_log *self = trace_log_new(&opts, fd);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    const struct cairn_trace_hooks hooks = trace_log_hooks(&opts, self);
    return cairn__trace_apply(layer, inner, &hooks, &opts.classifier, &cx_ops);
}

struct cairn_layer cairn_trace_log_layer(const struct cairn_trace_log_options *options)
{
    static const struct cairn_trace_log_options defaults = {.size = sizeof(defaults)};
    const struct cairn_trace_log_options *opts = options ? options : &defaults;
    return cairn_layer_of("trace_log", trace_log_apply, opts, opts->size);
}
