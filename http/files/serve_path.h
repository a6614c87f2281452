/* serve_path.h - from the path of a request to the name of a file that may be served. Internal. */
#ifndef CAIRN_HTTP_SERVE_PATH_H
#define CAIRN_HTTP_SERVE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/str.h>

/* No longer path is looked for, percent-encoding and NUL included. */
#define CAIRN__SERVE_PATH_BYTES 1024

struct cairn__serve_path {
    char name[CAIRN__SERVE_PATH_BYTES]; /* relative, decoded; "" is the root */
    bool is_folder;                     /* a slash came after it */
};

/*
 * Decodes PATH, once, takes PREFIX ("" or "/static") off it, and fills OUT in. Returns 0; 400 for
 * broken percent-encoding and NUL; 404 for what is not below PREFIX, is too long, or has a segment
 * that cairn__serve_segment_is_safe refuses.
 */
int cairn__serve_path(
    struct cairn_str path, struct cairn_str prefix, bool hidden, struct cairn__serve_path *out);

/* Whether each segment of NAME, decoded and relative, may be part of a file's name. */
bool cairn__serve_name_is_safe(const char *name, bool hidden);

#endif
