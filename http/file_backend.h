/* file_backend.h - where the files come from that are served: a folder, memory, or what you write.
 */
#ifndef CAIRN_HTTP_FILE_BACKEND_H
#define CAIRN_HTTP_FILE_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/api.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

/* No modification time is known: no Last-Modified, no ETag. */
#define CAIRN_HTTP_NOT_DATED INT64_MIN

/* What was found under a name. */
struct cairn_http_found {
    bool is_folder;
    int fd;           /* of a regular file, owned by who asked; -1: the bytes are at … */
    const char *data; /* … and stay there as long as the backend is not freed */
    int64_t length;
    int64_t modified_ns; /* since 1970, or CAIRN_HTTP_NOT_DATED */
};

/*
 * One kind of backend. Static const data.
 *
 * NAME is relative to whatever the root is: segments with single slashes between them, none of them
 * empty, "." or ".."; "" is the root itself. `open` fills OUT and returns 0, or an errno: ENOENT,
 * EACCES and the like are a 404, EMFILE, ENFILE, ENOMEM and EAGAIN a 503, any other a 500. With a
 * pool it is called by the pool's threads, several at a time. `free` is called once, when nobody
 * uses the backend any more, on any of these threads; NULL: nothing is to be done.
 */
struct cairn_http_file_backend_ops {
    const char *name;
    int (*open)(void *self, const char *name, struct cairn_http_found *out);
    void (*free)(void *self);
};

/* Passed by value, owned by one holder. All zero: none. */
struct cairn_http_file_backend {
    const struct cairn_http_file_backend_ops *ops;
    void *self;
};

/*
 * The regular files beneath the folder at PATH, which is opened now: moving it later changes
 * nothing. Whatever name it is asked for, and whatever others do to the tree meanwhile, it opens
 * nothing outside: the kernel sees to that (openat2 with RESOLVE_BENEATH). Symbolic links that stay
 * within are followed, unless NO_SYMLINKS is set or the kernel cannot do it (Linux before 5.6, some
 * sandboxes); then there are none. Returns ops NULL, with *ERROR set, if PATH is no folder that can
 * be opened (CAIRN_ERROR_SYSTEM) or without memory.
 */
CAIRN_API struct cairn_http_file_backend cairn_http_folder(
    const char *path, bool no_symlinks, struct cairn_error **error);

/* A file in memory: part of the program, say. */
struct cairn_http_memory_file {
    const char *name; /* "css/site.css"; NULL ends the list */
    const void *data;
    int64_t length;
    int64_t modified_s; /* Unix seconds; 0: not known, so that it has no ETag */
};

/* FILES, borrowed until it is no longer used. Costs nothing; a name is looked for from the first
 * file on. */
CAIRN_API struct cairn_http_file_backend cairn_http_memory(
    const struct cairn_http_memory_file *files);

CAIRN_END_DECLS

#endif
