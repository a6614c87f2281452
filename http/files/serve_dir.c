#include <cairn/http/serve_dir.h>

#include <string.h>
#include <unistd.h>

#include <cairn/http/error_response.h>
#include <cairn/http/files/representation.h>
#include <cairn/http/files/serve_dir_site.h>
#include <cairn/service/alloc.h>
#include <cairn/service/blocking.h>
#include <cairn/service/call.h>

struct serve_dir {
    struct cairn_service base;
    struct cairn__site *site;
};

static void serve_dir_unref(void *site)
{
    cairn__site_unref(site);
}

/* An answer of our own: nobody will read the request's body. */
static struct cairn_future serve_dir_ready(
    struct cairn_http_request *req, struct cairn_http_response *res)
{
    cairn_type_drop(&cairn_http_request_type, req);
    return cairn_future_ready_or_no_memory(res);
}

static struct cairn_future serve_dir_fail(
    struct cairn__site *site, struct cairn_http_request *req, int status)
{
    site->failed++;
    return serve_dir_ready(req, cairn_http_problem(req, status, NULL));
}

/* What not_found answers with is found under another path than was asked for. */
static enum cairn_poll serve_dir_missing_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    enum cairn_poll p = cairn_future_poll(state, cx, out);
    if (p == CAIRN_READY && ((struct cairn_http_response *)out->value)->status == 200)
        ((struct cairn_http_response *)out->value)->status = 404;
    return p;
}

static const struct cairn_future_ops serve_dir_missing_ops = {
    .name = "serve_dir",
    .size = sizeof(struct cairn_future),
    .poll = serve_dir_missing_poll,
    .wraps = true,
};

/* Conditions and ranges are about what was asked for, which is not there. */
static void serve_dir_strip(struct cairn_http_request *req)
{
    static const char *const names[] = {"if-match", "if-none-match", "if-modified-since",
        "if-unmodified-since", "if-range", "range"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        cairn_http_fields_remove(&req->fields, cairn_str_from(names[i]));
}

static struct cairn_future serve_dir_miss(struct cairn__site *site, struct cairn_http_request *req)
{
    site->missing++;
    if (!site->fallback)
        return serve_dir_ready(req, cairn_http_problem(req, 404, NULL));
    struct cairn_service *fallback = cairn_service_clone(site->fallback);
    if (!fallback)
        return serve_dir_ready(req, NULL);
    if (!site->is_not_found)
        return cairn_service_oneshot(fallback, req);
    serve_dir_strip(req);
    struct cairn_future inner = cairn_service_oneshot(fallback, req);
    return cairn_future_wrap(&serve_dir_missing_ops, &inner);
}

/* The path that the client sees, as far as it matters to it: a router that has taken "/static" off
 * leaves the same of "/static" and of "/static/". */
static struct cairn_str serve_dir_shown_path(const struct cairn_http_request *req)
{
    bool is_root = cairn_str_equal(req->path, CAIRN_STR("/"));
    return is_root && req->route_prefix.data ? cairn_http_request_original_path(req) : req->path;
}

/* Relative, so that it holds below whatever prefix the client sees, and leads to no other host. */
static struct cairn_future serve_dir_redirect(
    struct cairn__site *site, struct cairn_http_request *req)
{
    struct cairn_str path = serve_dir_shown_path(req);
    const char *end = path.data + path.length;
    const char *segment = end;
    while (segment > path.data && segment[-1] != '/')
        segment--;
    bool has_query = req->query.data != NULL;
    struct cairn_str to = cairn_arena_printf(req->arena, "./%.*s/%s%.*s", (int)(end - segment),
        segment, has_query ? "?" : "", (int)req->query.length, has_query ? req->query.data : "");
    struct cairn_http_response *res = to.data ? cairn_http_response_new(req, 307) : NULL;
    site->redirects++;
    if (res && cairn_http_fields_add(&res->fields, CAIRN_STR("Location"), to))
        res = NULL;
    return serve_dir_ready(req, res);
}

static const char *serve_dir_type(
    const struct cairn__site *site, const char *name, const struct cairn__lookup_result *result)
{
    const char *type =
        cairn_mime_type(site->mime, cairn_str_from(result->type_name ? result->type_name : name));
    return type ? type : "application/octet-stream";
}

/* Until it is sent the answer holds the site, from which it borrows. */
static struct cairn_future serve_dir_send(struct cairn__site *site, struct cairn_http_request *req,
    const char *name, const struct cairn__lookup_result *result)
{
    const struct cairn__coding *coding = &cairn__codings[result->coding];
    struct cairn__representation representation = {
        .fd = result->found.fd,
        .data = result->found.data,
        .length = result->found.length,
        .modified_ns = result->found.modified_ns,
        .content_type = serve_dir_type(site, name, result),
        .coding = result->coding == CAIRN__IDENTITY ? NULL : coding->name,
        .tag_suffix = coding->suffix,
        .cache_control = site->cache_control,
        .is_chosen = site->precompressed != 0,
    };
    bool is_held = cairn_arena_defer(req->arena, serve_dir_unref, cairn__site_ref(site)) == 0;
    struct cairn_http_response *res = cairn__representation_answer(req, &representation);
    site->files_sent++;
    if (is_held)
        return serve_dir_ready(req, res);
    cairn__site_unref(site);
    return serve_dir_ready(req, NULL);
}

static struct cairn_future serve_dir_answer(struct cairn__site *site,
    struct cairn_http_request *req, const char *name, const struct cairn__lookup_result *result)
{
    int status = result->error ? cairn__file_status(result->error) : 0;
    if (status == 404)
        return serve_dir_miss(site, req);
    if (status)
        return serve_dir_fail(site, req, status);
    if (result->found.is_folder)
        return serve_dir_redirect(site, req);
    return serve_dir_send(site, req, name, result);
}

/* On the pool. */

struct serve_dir_job {
    struct cairn__files *files;
    struct cairn__lookup lookup;
};

/* What a job gives. */
struct serve_dir_found {
    struct cairn__lookup_result result;
    char name[CAIRN__SERVE_PATH_BYTES];
};

static void serve_dir_found_drop(void *value)
{
    struct serve_dir_found *self = value;
    if (!self->result.error && self->result.found.fd >= 0)
        close(self->result.found.fd);
    cairn_free(self);
}

static const struct cairn_type serve_dir_found_type = {
    .name = "serve_dir.found", .drop = serve_dir_found_drop};

static enum cairn_poll serve_dir_job_run(void *state, union cairn_outcome *out)
{
    struct serve_dir_job *self = state;
    struct serve_dir_found *found = cairn_alloc(sizeof(*found));
    if (!found) {
        out->error = &cairn_error_no_memory;
        return CAIRN_FAILED;
    }
    cairn__lookup(&self->lookup, &found->result);
    memcpy(found->name, self->lookup.path.name, sizeof(found->name));
    out->value = found;
    return CAIRN_READY;
}

static void serve_dir_job_drop(void *state)
{
    cairn__files_unref(((struct serve_dir_job *)state)->files);
}

static const struct cairn_blocking_ops serve_dir_job_ops = {
    .name = "serve_dir",
    .size = sizeof(struct serve_dir_job),
    .run = serve_dir_job_run,
    .drop = serve_dir_job_drop,
    .type = &serve_dir_found_type,
};

struct serve_dir_future {
    struct cairn_future inner; /* of the job; then of the answer */
    struct cairn__site *site;
    struct cairn_http_request *req; /* NULL: it has been passed on */
};

static enum cairn_poll serve_dir_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct serve_dir_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p || !self->req)
        return p;
    struct serve_dir_found *found = out->value;
    self->inner = serve_dir_answer(self->site, self->req, found->name, &found->result);
    self->req = NULL;
    cairn_free(found);
    return cairn_future_poll(&self->inner, cx, out);
}

static void serve_dir_future_drop(void *state)
{
    struct serve_dir_future *self = state;
    cairn_future_drop(&self->inner);
    cairn_type_drop(&cairn_http_request_type, self->req);
    cairn__site_unref(self->site);
}

static const struct cairn_future_ops serve_dir_future_ops = {
    .name = "serve_dir",
    .size = sizeof(struct serve_dir_future),
    .poll = serve_dir_future_poll,
    .drop = serve_dir_future_drop,
    .wraps = true,
};

static struct cairn_future serve_dir_look_elsewhere(
    struct cairn__site *site, struct cairn_http_request *req, const struct serve_dir_job *job)
{
    cairn__files_ref(job->files);
    struct serve_dir_future future = {
        cairn_blocking(site->pool, &serve_dir_job_ops, job), cairn__site_ref(site), req};
    return cairn_future_wrap(&serve_dir_future_ops, &future);
}

/* The name and how to look for it. Returns 0, 400 or 404. */
static int serve_dir_prepare(
    const struct cairn__site *site, const struct cairn_http_request *req, struct serve_dir_job *job)
{
    struct cairn__lookup *lookup = &job->lookup;
    job->files = site->files;
    lookup->files = site->files->backend;
    lookup->index = site->files->index;
    lookup->extension = site->files->extension;
    cairn__site_codings(site, &req->fields, lookup);
    if (site->file) {
        memcpy(lookup->path.name, site->file, strlen(site->file) + 1);
        lookup->path.is_folder = false;
        return 0;
    }
    struct cairn_str shown = serve_dir_shown_path(req);
    int status =
        cairn__serve_path(req->path, cairn_str_from(site->prefix), site->hidden, &lookup->path);
    if (status)
        return status;
    if (shown.length && shown.data[shown.length - 1] != '/')
        lookup->path.is_folder = false;
    return 0;
}

static struct cairn_future serve_dir_refuse(
    struct cairn__site *site, struct cairn_http_request *req)
{
    struct cairn_http_response *res = cairn_http_problem(req, 405, NULL);
    site->not_allowed++;
    if (res && cairn_http_fields_add(&res->fields, CAIRN_STR("Allow"), CAIRN_STR("GET, HEAD")))
        res = NULL;
    return serve_dir_ready(req, res);
}

static struct cairn_future serve_dir_call(struct cairn_service *base, void *request)
{
    struct cairn__site *site = ((struct serve_dir *)base)->site;
    struct cairn_http_request *req = request;
    struct serve_dir_job job;
    if (req->method != CAIRN_HTTP_GET && req->method != CAIRN_HTTP_HEAD)
        return serve_dir_refuse(site, req);
    int status = serve_dir_prepare(site, req, &job);
    if (status)
        return status == 404 ? serve_dir_miss(site, req) : serve_dir_fail(site, req, status);
    if (site->pool)
        return serve_dir_look_elsewhere(site, req, &job);
    struct cairn__lookup_result result;
    cairn__lookup(&job.lookup, &result);
    return serve_dir_answer(site, req, job.lookup.path.name, &result);
}

static void serve_dir_cloned(struct cairn_service *base)
{
    cairn__site_ref(((struct serve_dir *)base)->site);
}

static void serve_dir_drop(struct cairn_service *base)
{
    cairn__site_unref(((struct serve_dir *)base)->site);
}

static void serve_dir_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cairn__site *site = ((const struct serve_dir *)base)->site;
    if (site->root)
        cairn_describe_text(d, "root", site->root);
    else
        cairn_describe_text(d, "backend", site->files->backend.ops->name);
    if (site->file)
        cairn_describe_text(d, "file", site->file);
    else if (*site->prefix)
        cairn_describe_text(d, "prefix", site->prefix);
    cairn_describe_counter(d, "files", site->files_sent);
    cairn_describe_counter(d, "redirects", site->redirects);
    cairn_describe_counter(d, "missing", site->missing);
    cairn_describe_counter(d, "not_allowed", site->not_allowed);
    cairn_describe_counter(d, "failed", site->failed);
    if (site->fallback)
        cairn_describe_service(d, site->fallback);
}

static const struct cairn_service_ops serve_dir_ops = {
    .name = "serve_dir",
    .size = sizeof(struct serve_dir),
    .call = serve_dir_call,
    .cloned = serve_dir_cloned,
    .drop = serve_dir_drop,
    .describe = serve_dir_describe,
};

/* An older header's options are shorter, and the rest is zero. */
struct cairn_service *cairn_serve_dir_new(const struct cairn_serve_dir_options *options)
{
    struct cairn_serve_dir_options opts = {0};
    struct cairn_error *error = NULL;
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    struct cairn__site *site = cairn__site_new(&opts, &error);
    if (!site)
        return cairn_service_broken(error);
    struct serve_dir *self = cairn_service_new(&serve_dir_ops, NULL);
    if (!self) {
        cairn__site_unref(site);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    self->base.request_type = &cairn_http_request_type;
    self->base.response_type = &cairn_http_response_type;
    self->site = site;
    return &self->base;
}
