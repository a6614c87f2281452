/* serve_dir_site.h - what the copies, calls and jobs of a serve_dir share. Internal. */
#ifndef CAIRN_HTTP_SERVE_DIR_SITE_H
#define CAIRN_HTTP_SERVE_DIR_SITE_H

#include <cairn/http/fields.h>
#include <cairn/http/files/serve_lookup.h>
#include <cairn/http/serve_dir.h>

/* Where files come from: for any thread. */
struct cairn__files {
    unsigned references; /* atomic: a job on the pool has one */
    struct cairn_http_file_backend backend;
    char *index;
    char *extension; /* with its dot */
};

struct cairn__files *cairn__files_ref(struct cairn__files *files);
void cairn__files_unref(struct cairn__files *files);

/* All else: for the runtime's thread. */
struct cairn__site {
    unsigned references; /* each copy, each call, each answer that is being sent */
    struct cairn__files *files;
    char *prefix;
    char *file; /* NULL: by path */
    char *root; /* NULL: another backend */
    char *cache_control;
    const struct cairn_mime *mime;
    struct cairn_blocking_pool *pool;
    struct cairn_service *fallback; /* only ever cloned */
    bool is_not_found;
    bool hidden;
    unsigned precompressed;

    uint64_t files_sent;
    uint64_t redirects;
    uint64_t missing;
    uint64_t not_allowed;
    uint64_t failed;
};

/* Takes what OPTS hold, also on failure. NULL, with *ERROR set, if something is wrong. */
struct cairn__site *cairn__site_new(
    const struct cairn_serve_dir_options *opts, struct cairn_error **error);
struct cairn__site *cairn__site_ref(struct cairn__site *site);
void cairn__site_unref(struct cairn__site *site);

/* The coding names of those offered, in the order in which FIELDS like them, identity last. */
void cairn__site_codings(const struct cairn__site *site, const struct cairn_http_fields *fields,
    struct cairn__lookup *out);

#endif
