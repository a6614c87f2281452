/* serve_dir.h - a service that answers with the files of a folder. Tower's ServeDir and ServeFile.
 */
#ifndef CAIRN_HTTP_SERVE_DIR_H
#define CAIRN_HTTP_SERVE_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/file_backend.h>
#include <cairn/http/mime.h>
#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

struct cairn_blocking_pool;

/* Variants of a file that were compressed beforehand, and lie beside it: a.css.br and so on. */
#define CAIRN_PRECOMPRESSED_BR 1u      /* .br */
#define CAIRN_PRECOMPRESSED_ZSTD 2u    /* .zst */
#define CAIRN_PRECOMPRESSED_GZIP 4u    /* .gz */
#define CAIRN_PRECOMPRESSED_DEFLATE 8u /* .zz: zlib's format, RFC 1950 */
#define CAIRN_PRECOMPRESSED_ALL 15u

struct cairn_serve_dir_options {
    size_t size;
    /* The folder, opened when the service is made; or else a backend of another kind, which is
     * taken, also on failure. One of both is required. */
    const char *root;
    struct cairn_http_file_backend files;
    /* The path it is mounted at, "/static": taken off the path of each request. Copied. NULL: all
     * of the path is the file's; so it is behind cairn_http_nest_service and in a group, which take
     * their prefix off themselves. */
    const char *prefix;
    /* Always this file, "index.html", whatever the path (Tower's ServeFile). Copied. NULL: by path.
     */
    const char *file;
    const char *index;      /* what a folder's path means. Copied. NULL: index.html; "": nothing */
    const char *extension;  /* "html": also tried for a name without one. Copied. NULL: none */
    unsigned precompressed; /* CAIRN_PRECOMPRESSED_…, or-ed; 0: none is looked for */
    bool hidden;            /* names that begin with a dot are served, too */
    bool no_symlinks;       /* for root: see cairn_http_folder */
    const struct cairn_mime *mime; /* types; borrowed for good; NULL: what is built in */
    const char *cache_control;     /* of every answer with a file, 304 too. Copied. NULL: none */
    /* Opens files on threads of its own. Borrowed until all copies and calls are gone. NULL: they
     * are opened on the runtime's thread, in some microseconds each. */
    struct cairn_blocking_pool *pool;
    /* Gets the requests for what is not there, as they came; not_found is the same, but a 200 of
     * its becomes a 404, and it gets no conditions and no range. Either is taken, also on failure,
     * and must be one that can be cloned. NULL, both: a 404 of problem+json. */
    struct cairn_service *fallback;
    struct cairn_service *not_found;
};

/*
 * A service from http.request to http.response, always ready. What it says of a file, conditions
 * and ranges: see file.h. From the path, decoded once:
 *
 *     /css/site.css   the file css/site.css
 *     /docs           where docs is a folder: 307 to docs/, below whatever it is mounted at
 *     /docs/          the file docs/index.html
 *     /about          the file about; else about.html, with .extension = "html"
 *
 * Methods other than GET and HEAD get 405 with Allow. What is not there, and each of the following,
 * goes to `fallback` or `not_found`, or is a 404: a segment that is empty, "." or "..", begins with
 * a dot (but for a .well-known in front, RFC 8615), has a slash (encoded), a backslash, the letter
 * of a drive and a colon in front, or the name of a device of Windows (nul, con.txt, com1); a path
 * of more than 1023 bytes; what is neither a regular file nor a folder; a file that may not be
 * read. Broken percent-encoding and an encoded NUL are a 400. Want of descriptors or memory is a
 * 503.
 *
 * With `precompressed` the variant that Accept-Encoding likes best is sent, of equal ones br, zstd,
 * gzip, deflate, with Content-Encoding, an ETag of its own, and the type of what it was made from;
 * all answers with files have `Vary: Accept-Encoding` then. Ranges are of the variant. A file that
 * is not there as it is may be there as a variant. A client that refuses identity gets it if there
 * is nothing else.
 *
 * There are no listings of folders. Copies share everything. Errors: those of fallback and
 * not_found, and of the pool (CAIRN_ERROR_OVERLOADED, _CLOSED); CAIRN_ERROR_MEMORY. Counts, in all
 * copies: `files` (200, 206, 304, 412, 416), `redirects`, `missing`, `not_allowed`, `failed` (400,
 * 500, 503).
 *
 * Never NULL. Broken: no root or both root and files, a root that cannot be opened
 * (CAIRN_ERROR_SYSTEM); a prefix that does not begin with a slash or ends with one; a file, an
 * index or an extension that cannot be one; both fallback and not_found, or one that is broken,
 * cannot be cloned, or has other types; want of memory.
 */
CAIRN_API struct cairn_service *cairn_serve_dir_new(const struct cairn_serve_dir_options *options);

/* cairn_serve_dir(.root = "public", .prefix = "/static") */
#define cairn_serve_dir(...)                                     \
    cairn_serve_dir_new(&(const struct cairn_serve_dir_options){ \
        .size = sizeof(struct cairn_serve_dir_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
