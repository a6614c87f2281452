#include <cairn/http/layers/access_log.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <arpa/inet.h>

#include <cairn/http/body.h>
#include <cairn/http/client.h>
#include <cairn/http/error_response.h>
#include <cairn/http/layers/access_line.h>
#include <cairn/http/layers/field_names.h>
#include <cairn/http/layers/log_line.h>
#include <cairn/http/layers/log_sink.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/http/layers/wall_clock.h>
#include <cairn/http/text/decimal.h>
#include <cairn/service/alloc.h>
#include <cairn/service/future_core.h>
#include <cairn/service/runtime_core.h>

#define ACCESS_LOG_ERROR_MOST 512
#define ACCESS_LOG_FIELD_MOST 256
#define ACCESS_LOG_FIELDS_MOST 16
#define ACCESS_LOG_KEY_BYTES 80
#define ACCESS_LOG_GIVEN_UP 499

/* What copies and futures share; a future may outlive every copy. */
struct access_log_shared {
    unsigned references;
    bool is_logfmt;
    struct cairn__wall_clock clock;
    struct cairn__log_sink sink;
    struct cairn__field_names *req_fields;
    struct cairn__field_names *res_fields;
    /* What is inside of a copy that is there, for the way an error took; NULL: none is. */
    const struct cairn_service *stack;
};

struct access_log {
    struct cairn_service base;
    struct access_log_shared *shared;
};

/* Of the turn, which tells how long something waited, and of the processor's clock, which also
 * tells how long a handler held up its own turn. The longer of the two is right. */
struct access_log_time {
    uint64_t turn_ns;
    uint64_t clock_ns;
};

struct access_log_future {
    struct cairn_future inner;
    struct access_log_shared *shared;
    const struct cairn_http_request *req; /* NULL once its line is written */
    struct access_log_time start;
};

static void access_log_unref(struct access_log_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn__log_sink_fini(&shared->sink);
    cairn_free(shared->req_fields);
    cairn_free(shared->res_fields);
    cairn_free(shared);
}

static struct access_log_time access_log_now(void)
{
    struct cairn_runtime *runtime = cairn__current;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (struct access_log_time){runtime ? cairn__runtime_now_ns(runtime) : 0,
        (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec};
}

static uint64_t access_log_since(struct access_log_time start)
{
    struct access_log_time now = access_log_now();
    uint64_t turns = now.turn_ns - start.turn_ns;
    /* Read anew each time, and so not protected from a clock that goes back as the turn's is. */
    uint64_t clock = now.clock_ns > start.clock_ns ? now.clock_ns - start.clock_ns : 0;
    return turns > clock ? turns : clock;
}

/* inet_ntop goes by way of printf, which costs as much as the rest of the line. */
static struct cairn_str access_log_v4(const void *address, char *text)
{
    const unsigned char *bytes = address;
    char *end = text;
    for (unsigned i = 0; i < 4; i++) {
        end = cairn__decimal_put(end, bytes[i]);
        *end++ = '.';
    }
    return cairn_str_of(text, (size_t)(end - 1 - text));
}

/* An IPv4 address that came in over IPv6 is one all the same. */
static struct cairn_str access_log_peer(const struct sockaddr *peer, char *text, socklen_t size)
{
    if (peer && peer->sa_family == AF_INET)
        return access_log_v4(&((const struct sockaddr_in *)(const void *)peer)->sin_addr, text);
    if (peer && peer->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
        return IN6_IS_ADDR_V4MAPPED(v6) ? access_log_v4(v6->s6_addr + 12, text)
                                        : cairn_str_from(inet_ntop(AF_INET6, v6, text, size));
    }
    return cairn_str_from(peer && peer->sa_family == AF_UNIX ? "unix" : NULL);
}

static int access_log_status(const struct cairn_http_response *res, const struct cairn_error *error)
{
    if (res)
        return res->status;
    return error ? cairn_http_error_status(error) : ACCESS_LOG_GIVEN_UP;
}

static void access_log_put_error(struct cairn__log_line *line,
    const struct access_log_shared *shared, const struct cairn_error *error)
{
    char text[ACCESS_LOG_ERROR_MOST + 1];
    cairn_error_path(error, shared->stack, text, sizeof(text));
    cairn__log_line_text(line, "error", cairn_str_from(text), ACCESS_LOG_ERROR_MOST);
}

static const struct cairn_http_field *access_log_find(
    const struct cairn_http_fields *fields, struct cairn_str name)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (cairn_str_equal_nocase(fields->items[i].name, name))
            return &fields->items[i];
    }
    return NULL;
}

/* The field NAME, whose key begins with PREFIX. A name is of token characters: of those, none has
 * to be escaped in JSON, and logfmt has no quotes around keys. */
static void access_log_put_field(struct cairn__log_line *line, const char *prefix,
    const struct cairn_http_fields *fields, struct cairn_str name)
{
    const struct cairn_http_field *field = access_log_find(fields, name);
    char key[ACCESS_LOG_KEY_BYTES];
    if (!field)
        return;
    snprintf(key, sizeof(key), "%s%s", prefix, name.data);
    for (char *at = key; *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
    cairn__log_line_text(line, key, cairn_http_field_for_log(fields, field), ACCESS_LOG_FIELD_MOST);
}

static void access_log_put_fields(struct cairn__log_line *line, const char *prefix,
    const struct cairn_http_fields *fields, const struct cairn__field_names *names)
{
    for (size_t i = 0; names && i < names->count; i++)
        access_log_put_field(line, prefix, fields, names->names[i]);
}

/* RES, ERROR, or neither: given up. */
static void access_log_write(struct access_log_shared *shared, const struct cairn_http_request *req,
    const struct cairn_http_response *res, const struct cairn_error *error,
    struct access_log_time start)
{
    struct cairn__log_line line;
    char peer[INET6_ADDRSTRLEN];
    cairn__log_line_begin(&line, &shared->sink, shared->is_logfmt, &shared->clock);
    cairn__access_line(
        &line, &(struct cairn__access){
                   .method = req->method_name,
                   .target = req->target,
                   .route = req->route,
                   .request_id = cairn_http_request_id(req),
                   .peer = access_log_peer(cairn_http_client_address(req), peer, sizeof(peer)),
                   .status = access_log_status(res, error),
                   .bytes = res ? cairn_http_response_length(res) : -1,
                   .ns = access_log_since(start),
               });
    if (error)
        access_log_put_error(&line, shared, error);
    else if (!res)
        cairn__log_line_true(&line, "cancelled");
    access_log_put_fields(&line, "req.", &req->fields, shared->req_fields);
    if (res)
        access_log_put_fields(&line, "res.", &res->fields, shared->res_fields);
    cairn__log_line_end(&line);
}

static void access_log_settle(struct access_log_shared *shared,
    const struct cairn_http_request *req, enum cairn_poll p, const union cairn_outcome *out,
    struct access_log_time start)
{
    access_log_write(shared, req, p == CAIRN_READY ? out->value : NULL,
        p == CAIRN_FAILED ? out->error : NULL, start);
}

static enum cairn_poll access_log_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct access_log_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_PENDING)
        return p;
    access_log_settle(self->shared, self->req, p, out, self->start);
    self->req = NULL;
    return p;
}

static void access_log_future_drop(void *state)
{
    struct access_log_future *self = state;
    cairn_future_drop(&self->inner);
    if (self->req)
        access_log_write(self->shared, self->req, NULL, NULL, self->start);
    access_log_unref(self->shared);
}

static const struct cairn_future_ops access_log_future_ops = {
    .name = "access_log",
    .size = sizeof(struct access_log_future),
    .poll = access_log_future_poll,
    .drop = access_log_future_drop,
    .wraps = true,
};

static struct cairn_future access_log_call(struct cairn_service *base, void *req)
{
    struct access_log *self = (struct access_log *)base;
    struct access_log_time start = access_log_now();
    struct access_log_shared *shared = self->shared;
    shared->stack = base->inner;
    struct cairn_future inner = cairn_service_call(base->inner, req);
    union cairn_outcome out;
    enum cairn_poll p = cairn__future_outcome(&inner, &out);
    if (p != CAIRN_PENDING) {
        access_log_settle(shared, req, p, &out, start);
        return cairn__future_of(p, &out);
    }
    shared->references++;
    return cairn_future_box(
        &access_log_future_ops, &(struct access_log_future){inner, shared, req, start});
}

static void access_log_cloned(struct cairn_service *base)
{
    ((struct access_log *)base)->shared->references++;
}

static void access_log_drop(struct cairn_service *base)
{
    struct access_log_shared *shared = ((struct access_log *)base)->shared;
    if (shared->stack == base->inner)
        shared->stack = NULL;
    access_log_unref(shared);
}

static void access_log_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct access_log_shared *shared = ((const struct access_log *)base)->shared;
    cairn_describe_text(d, "format", shared->is_logfmt ? "logfmt" : "json");
    cairn_describe_counter(d, "lines", shared->sink.lines);
    cairn_describe_counter(d, "dropped", shared->sink.dropped);
    cairn_describe_gauge(d, "buffered", shared->sink.length);
}

static const struct cairn_service_ops access_log_ops = {
    .name = "access_log",
    .size = sizeof(struct access_log),
    .call = access_log_call,
    .cloned = access_log_cloned,
    .drop = access_log_drop,
    .describe = access_log_describe,
};

static struct access_log_shared *access_log_shared_new(
    const struct cairn_access_log_options *opts, int fd)
{
    struct access_log_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->is_logfmt = opts->format == CAIRN_ACCESS_LOG_LOGFMT;
    shared->req_fields = cairn__field_names_new(opts->request_fields);
    shared->res_fields = cairn__field_names_new(opts->response_fields);
    if (shared->req_fields && shared->res_fields && cairn__log_sink_init(&shared->sink, fd) == 0)
        return shared;
    cairn_free(shared->req_fields);
    cairn_free(shared->res_fields);
    cairn_free(shared);
    return NULL;
}

static bool access_log_may_log(const char *const *names)
{
    for (const char *const *name = names; name && *name; name++) {
        if (strlen(*name) + sizeof("req.") > ACCESS_LOG_KEY_BYTES)
            return false;
    }
    return cairn__field_names_are_valid(names) &&
           cairn__field_names_count(names, ACCESS_LOG_FIELDS_MOST) <= ACCESS_LOG_FIELDS_MOST;
}

/* The broken service in place of INNER; NULL: the options are good. */
static struct cairn_service *access_log_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_access_log_options *opts)
{
    if (fileno(opts->file ? opts->file : stdout) < 0)
        return cairn_layer_invalid(layer, inner, "file must have a descriptor");
    if (opts->format != CAIRN_ACCESS_LOG_JSON && opts->format != CAIRN_ACCESS_LOG_LOGFMT)
        return cairn_layer_invalid(layer, inner,
            "format must be CAIRN_ACCESS_LOG_JSON or CAIRN_ACCESS_LOG_LOGFMT, got %d",
            (int)opts->format);
    if (!access_log_may_log(opts->request_fields) || !access_log_may_log(opts->response_fields))
        return cairn_layer_invalid(layer, inner,
            "request_fields and response_fields must be up to 16 names of header fields, of up to "
            "75 bytes, and a NULL");
    return NULL;
}

static struct cairn_service *access_log_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_access_log_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    broken = access_log_refuse(layer, inner, &opts);
    if (broken)
        return broken;
    struct access_log_shared *shared =
        access_log_shared_new(&opts, fileno(opts.file ? opts.file : stdout));
    struct access_log *self = shared ? cairn_service_new(&access_log_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        access_log_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_access_log_layer(const struct cairn_access_log_options *options)
{
    static const struct cairn_access_log_options defaults = {.size = sizeof(defaults)};
    const struct cairn_access_log_options *opts = options ? options : &defaults;
    return cairn_layer_of("access_log", access_log_apply, opts, opts->size);
}
