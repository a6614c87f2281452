#include <cairn/http/files/representation.h>

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cairn/http/attachment.h>
#include <cairn/http/conditional.h>
#include <cairn/http/date.h>
#include <cairn/http/error_response.h>
#include <cairn/http/range.h>

#define REPRESENTATION_SECOND_NS 1000000000

/* For so long after a change another one might leave no trace: a tick of the kernel's clock, or
 * what file systems without fractions of a second tell apart. */
#define REPRESENTATION_TICK_NS 20000000
#define REPRESENTATION_COARSE_NS (2 * (int64_t)REPRESENTATION_SECOND_NS)

struct representation {
    const struct cairn_http_request *req;
    const struct cairn__representation *of;
    int64_t now_ns;
    struct cairn_str etag; /* as the field has it */
    struct cairn_http_validators validators;
    struct cairn_http_range range;
    int status;
};

int64_t cairn__modified_ns(const struct stat *info)
{
    int64_t ns;
    if (__builtin_mul_overflow((int64_t)info->st_mtim.tv_sec, REPRESENTATION_SECOND_NS, &ns) ||
        __builtin_add_overflow(ns, (int64_t)info->st_mtim.tv_nsec, &ns))
        return CAIRN_HTTP_NOT_DATED;
    return ns;
}

static int64_t representation_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * REPRESENTATION_SECOND_NS + now.tv_nsec;
}

/* Rounded down, before 1970 too. */
static int64_t representation_seconds(int64_t ns)
{
    return ns / REPRESENTATION_SECOND_NS - (ns % REPRESENTATION_SECOND_NS < 0);
}

static bool representation_is_young(int64_t modified_ns, int64_t now_ns)
{
    bool is_coarse = modified_ns % REPRESENTATION_SECOND_NS == 0;
    int64_t limit = is_coarse ? REPRESENTATION_COARSE_NS : REPRESENTATION_TICK_NS;
    return modified_ns > now_ns - limit;
}

static int representation_validate(struct representation *self)
{
    const struct cairn__representation *of = self->of;
    struct cairn_http_validators *v = &self->validators;
    if (of->modified_ns == CAIRN_HTTP_NOT_DATED)
        return 0;
    int64_t ns = of->modified_ns < self->now_ns ? of->modified_ns : self->now_ns;
    v->modified = ns > 0 ? representation_seconds(ns) : 0; /* no HTTP date is written before */
    v->has_modified = true;
    bool is_weak = representation_is_young(of->modified_ns, self->now_ns);
    self->etag =
        cairn_arena_printf(self->req->arena, "%s\"%" PRIx64 "-%" PRIx64 "%s\"", is_weak ? "W/" : "",
            (uint64_t)of->modified_ns, (uint64_t)of->length, of->tag_suffix ? of->tag_suffix : "");
    if (!self->etag.data)
        return -1;
    cairn_http_etag_parse(self->etag, &v->etag);
    return 0;
}

/* Which answer it will be: 200, 206, 304, 412, 416. */
static int representation_decide(struct representation *self)
{
    struct cairn_http_range ranges[CAIRN_HTTP_RANGES];
    size_t count;
    enum cairn_http_method method = self->req->method;
    if (method != CAIRN_HTTP_GET && method != CAIRN_HTTP_HEAD)
        return 200;
    struct cairn_http_condition condition =
        cairn_http_conditional(self->req, &self->validators, representation_seconds(self->now_ns));
    if (condition.status)
        return condition.status;
    switch (cairn_http_range_parse(
        condition.range, (uint64_t)self->of->length, ranges, CAIRN_HTTP_RANGES, &count)) {
    case CAIRN_HTTP_RANGE_SATISFIABLE:
        self->range = ranges[0];
        return count == 1 ? 206 : 416;
    case CAIRN_HTTP_RANGE_UNSATISFIABLE:
        return 416;
    default:
        return 200;
    }
}

static int representation_add(struct cairn_http_response *res, const char *name, const char *value)
{
    return cairn_http_fields_add(&res->fields, cairn_str_from(name), cairn_str_from(value));
}

/* What every answer of it has, 304 too (RFC 9110 section 15.4.5). */
static int representation_describe(
    const struct representation *self, struct cairn_http_response *res)
{
    const struct cairn__representation *of = self->of;
    if (self->etag.data && cairn_http_fields_add(&res->fields, CAIRN_STR("ETag"), self->etag))
        return -1;
    if (self->validators.has_modified) {
        char date[CAIRN_HTTP_DATE_BYTES];
        cairn_http_date(self->validators.modified, date);
        if (cairn_http_response_set(res, "Last-Modified", date))
            return -1;
    }
    if (of->cache_control && representation_add(res, "Cache-Control", of->cache_control))
        return -1;
    return of->is_chosen ? representation_add(res, "Vary", "Accept-Encoding") : 0;
}

/* What describes a body. */
static int representation_describe_body(
    const struct representation *self, struct cairn_http_response *res)
{
    const struct cairn__representation *of = self->of;
    if (representation_add(res, "Accept-Ranges", "bytes"))
        return -1;
    if (of->coding && representation_add(res, "Content-Encoding", of->coding))
        return -1;
    if (of->attachment && cairn_http_response_attach(res, of->attachment))
        return -1;
    if (self->status != 206)
        return 0;
    char range[CAIRN_HTTP_CONTENT_RANGE_BYTES];
    cairn_http_content_range(self->range, (uint64_t)of->length, range);
    return cairn_http_response_set(res, "Content-Range", range);
}

/* Takes the descriptor. An empty file needs none. */
static struct cairn_http_response *representation_body(
    const struct representation *self, int64_t first, int64_t length)
{
    const struct cairn__representation *of = self->of;
    if (of->fd >= 0 && length > 0)
        return cairn_http_file(self->req, self->status, of->content_type, of->fd, first, length);
    if (of->fd >= 0)
        close(of->fd);
    return cairn_http_bytes(self->req, self->status, of->content_type,
        cairn_str_of(of->data ? of->data + first : NULL, (size_t)length));
}

static struct cairn_http_response *representation_send(const struct representation *self)
{
    bool is_part = self->status == 206;
    int64_t first = is_part ? (int64_t)self->range.first : 0;
    int64_t length = is_part ? (int64_t)self->range.last - first + 1 : self->of->length;
    struct cairn_http_response *res = representation_body(self, first, length);
    if (!res || representation_describe(self, res) || representation_describe_body(self, res))
        return NULL;
    return res;
}

static struct cairn_http_response *representation_refuse(const struct representation *self)
{
    char range[CAIRN_HTTP_CONTENT_RANGE_BYTES];
    struct cairn_http_response *res = cairn_http_problem(self->req, self->status, NULL);
    if (!res || self->status != 416)
        return res;
    cairn_http_content_range_none((uint64_t)self->of->length, range);
    return cairn_http_response_set(res, "Content-Range", range) ? NULL : res;
}

static struct cairn_http_response *representation_not_modified(const struct representation *self)
{
    struct cairn_http_response *res = cairn_http_response_new(self->req, 304);
    return res && representation_describe(self, res) == 0 ? res : NULL;
}

static struct cairn_http_response *representation_bare(const struct representation *self)
{
    return self->status == 304 ? representation_not_modified(self) : representation_refuse(self);
}

struct cairn_http_response *cairn__representation_answer(
    const struct cairn_http_request *req, const struct cairn__representation *self)
{
    struct representation r = {.req = req, .of = self, .now_ns = representation_now_ns()};
    struct cairn_http_response *res = NULL;
    if (representation_validate(&r) == 0) {
        r.status = representation_decide(&r);
        if (r.status == 200 || r.status == 206)
            return representation_send(&r);
        res = representation_bare(&r);
    }
    if (self->fd >= 0)
        close(self->fd);
    return res;
}

int cairn__file_status(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case EXDEV:
    case ENAMETOOLONG:
    case EINVAL:
    case ENXIO:
    case ENODEV:
        return 404;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
        return 503;
    default:
        return 500;
    }
}
