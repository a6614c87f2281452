#include <cairn/http/files/serve_dir_site.h>

#include <stdio.h>
#include <string.h>

#include <cairn/http/accept.h>
#include <cairn/http/message.h>
#include <cairn/service/alloc.h>

#define SITE_LAYER "serve_dir"
#define SITE_NAME_BYTES 256

struct cairn__files *cairn__files_ref(struct cairn__files *files)
{
    __atomic_add_fetch(&files->references, 1, __ATOMIC_RELAXED);
    return files;
}

static void site_free_backend(const struct cairn_http_file_backend *backend)
{
    if (backend->ops && backend->ops->free)
        backend->ops->free(backend->self);
}

void cairn__files_unref(struct cairn__files *files)
{
    if (!files || __atomic_sub_fetch(&files->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    site_free_backend(&files->backend);
    cairn_free(files->index);
    cairn_free(files->extension);
    cairn_free(files);
}

struct cairn__site *cairn__site_ref(struct cairn__site *site)
{
    site->references++;
    return site;
}

void cairn__site_unref(struct cairn__site *site)
{
    if (--site->references != 0)
        return;
    cairn__files_unref(site->files);
    cairn_service_drop(site->fallback);
    cairn_free(site->prefix);
    cairn_free(site->file);
    cairn_free(site->root);
    cairn_free(site->cache_control);
    cairn_free(site);
}

/* What is wrong with OPTIONS, or NULL. */

static const char *site_complain_source(const struct cairn_serve_dir_options *opts)
{
    if (!opts->root && !opts->files.ops)
        return "root is missing";
    if (opts->root && opts->files.ops)
        return "there must be one of root and files, not both";
    if (opts->fallback && opts->not_found)
        return "there must be one of fallback and not_found, not both";
    if (opts->precompressed > CAIRN_PRECOMPRESSED_ALL)
        return "precompressed must be 0 to 15";
    return NULL;
}

static bool site_is_segment(const char *name)
{
    return strlen(name) < SITE_NAME_BYTES && !strchr(name, '/') &&
           cairn__serve_name_is_safe(name, true);
}

static const char *site_complain_names(const struct cairn_serve_dir_options *opts)
{
    const char *prefix = opts->prefix ? opts->prefix : "";
    size_t length = strlen(prefix);
    if (length && (prefix[0] != '/' || prefix[length - 1] == '/'))
        return "prefix must begin with a slash and not end with one";
    if (opts->file && (strlen(opts->file) >= CAIRN__SERVE_PATH_BYTES ||
                          !cairn__serve_name_is_safe(opts->file, true)))
        return "file must be the name of a file below the root";
    if (opts->index && *opts->index && !site_is_segment(opts->index))
        return "index must be the name of a file";
    if (opts->extension && (opts->extension[0] == '.' || !site_is_segment(opts->extension)))
        return "extension must be what follows the dot";
    if (opts->cache_control && !cairn_http_is_field_value(cairn_str_from(opts->cache_control)))
        return "cache_control must be the value of a header field";
    return NULL;
}

static struct cairn_error *site_check_fallback(const struct cairn_service *fallback)
{
    const struct cairn_error *reason = fallback ? cairn_service_error(fallback) : NULL;
    if (reason) /* its owner is the service */
        return cairn_error_new(
            reason->code, SITE_LAYER, NULL, "fallback: %s: %s", reason->layer, reason->message);
    if (fallback && !cairn_service_is_cloneable(fallback))
        return cairn_error_new(
            CAIRN_ERROR_INVALID, SITE_LAYER, NULL, "fallback must be one that can be cloned");
    if (fallback && (fallback->request_type != &cairn_http_request_type ||
                        fallback->response_type != &cairn_http_response_type))
        return cairn_error_new(CAIRN_ERROR_TYPE, SITE_LAYER, NULL,
            "fallback must be a service from http.request to http.response");
    return NULL;
}

static struct cairn_error *site_check(const struct cairn_serve_dir_options *opts)
{
    const char *complaint = site_complain_source(opts);
    if (!complaint)
        complaint = site_complain_names(opts);
    if (complaint)
        return cairn_error_new(CAIRN_ERROR_INVALID, SITE_LAYER, NULL, "%s", complaint);
    return site_check_fallback(opts->fallback ? opts->fallback : opts->not_found);
}

/* Copies TEXT to *OUT; NULL is no copy. False without memory. */
static bool site_copy(char **out, const char *text)
{
    *out = cairn_strdup(text);
    return *out || !text;
}

static bool site_copy_extension(char **out, const char *extension)
{
    char dotted[SITE_NAME_BYTES + 1] = "";
    if (extension)
        snprintf(dotted, sizeof(dotted), ".%s", extension);
    return site_copy(out, dotted);
}

/* With a file there are no folders and no names to be completed. Takes BACKEND. */
static struct cairn__files *site_files(
    const struct cairn_serve_dir_options *opts, struct cairn_http_file_backend backend)
{
    const char *index = opts->index ? opts->index : "index.html";
    struct cairn__files *files = cairn_alloc_zero(sizeof(*files));
    if (!files) {
        site_free_backend(&backend);
        return NULL;
    }
    files->references = 1;
    files->backend = backend;
    if (site_copy(&files->index, opts->file ? "" : index) &&
        site_copy_extension(&files->extension, opts->file ? NULL : opts->extension))
        return files;
    cairn__files_unref(files);
    return NULL;
}

static bool site_copy_all(struct cairn__site *site, const struct cairn_serve_dir_options *opts)
{
    return site_copy(&site->prefix, opts->prefix ? opts->prefix : "") &&
           site_copy(&site->file, opts->file) && site_copy(&site->root, opts->root) &&
           site_copy(&site->cache_control, opts->cache_control);
}

static struct cairn__site *site_alloc(const struct cairn_serve_dir_options *opts)
{
    struct cairn__site *site = cairn_alloc_zero(sizeof(*site));
    if (!site)
        return NULL;
    site->references = 1;
    site->mime = opts->mime;
    site->pool = opts->pool;
    site->hidden = opts->hidden;
    site->precompressed = opts->precompressed;
    site->is_not_found = opts->not_found != NULL;
    if (site_copy_all(site, opts))
        return site;
    cairn__site_unref(site);
    return NULL;
}

static void site_drop_options(const struct cairn_serve_dir_options *opts)
{
    site_free_backend(&opts->files);
    cairn_service_drop(opts->fallback);
    cairn_service_drop(opts->not_found);
}

struct cairn__site *cairn__site_new(
    const struct cairn_serve_dir_options *opts, struct cairn_error **error)
{
    struct cairn_http_file_backend backend = opts->files;
    *error = site_check(opts);
    struct cairn__site *site = *error ? NULL : site_alloc(opts);
    if (site && opts->root)
        backend = cairn_http_folder(opts->root, opts->no_symlinks, error);
    if (!site || !backend.ops) {
        if (site)
            cairn__site_unref(site);
        site_drop_options(opts);
        *error = *error ? *error : &cairn_error_no_memory;
        return NULL;
    }
    site->files = site_files(opts, backend);
    site->fallback = opts->fallback ? opts->fallback : opts->not_found;
    if (site->files)
        return site;
    cairn__site_unref(site);
    *error = &cairn_error_no_memory;
    return NULL;
}

/* One after the other is taken out of the offers, the best first. */
void cairn__site_codings(const struct cairn__site *site, const struct cairn_http_fields *fields,
    struct cairn__lookup *out)
{
    const char *offers[CAIRN__CODINGS];
    unsigned char codings[CAIRN__CODINGS];
    size_t count = 0;
    out->coding_count = 0;
    for (unsigned i = 0; i < CAIRN__CODINGS; i++) {
        if (i != CAIRN__IDENTITY && !(site->precompressed >> i & 1))
            continue;
        offers[count] = cairn__codings[i].name;
        codings[count++] = (unsigned char)i;
    }
    while (count > 1) {
        int best = cairn_http_accept_encoding(fields, offers, count);
        if (best < 0 || codings[best] == CAIRN__IDENTITY)
            return;
        out->codings[out->coding_count++] = codings[best];
        count--;
        for (size_t i = (size_t)best; i < count; i++) {
            offers[i] = offers[i + 1];
            codings[i] = codings[i + 1];
        }
    }
}
