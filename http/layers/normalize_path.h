/* normalize_path.h - trims or appends the slash at the end of the path, before it is routed. */
#ifndef CAIRN_HTTP_LAYERS_NORMALIZE_PATH_H
#define CAIRN_HTTP_LAYERS_NORMALIZE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_normalize_path_slash {
    CAIRN_NORMALIZE_PATH_TRIM,   /* "/users//" is "/users"; "/" stays */
    CAIRN_NORMALIZE_PATH_APPEND, /* "/users" and "/users//" are "/users/" */
    CAIRN_NORMALIZE_PATH_KEEP    /* the end stays as it is */
};

/*
 * Changes `path` of the request, and nothing else: `target` stays as it came, and so does `query`.
 * A percent-encoded slash is data, and stays. A target that is no path ("*", and that of CONNECT)
 * stays. After Tower's NormalizePath; merging is what nginx calls merge_slashes.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; without
 * memory in the arena the call fails. Trimming allocates nothing; appending and merging take the
 * length of a path that they change from the arena. May be cloned. Invalid: slash unknown, or KEEP
 * without merge, which would do nothing. Counts, in all copies: `changed`.
 *
 * Place: outside of the router, which matches every slash. Inside of it the route is chosen
 * already: only handlers would see the change.
 */
struct cairn_normalize_path_options {
    size_t size;
    enum cairn_normalize_path_slash slash; /* 0: trim */
    bool merge; /* several slashes in a row, anywhere, become one. false: they stay */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_normalize_path_layer(
    const struct cairn_normalize_path_options *options);

/* cairn_normalize_path(.merge = true) */
#define cairn_normalize_path(...)                                            \
    cairn_normalize_path_layer(&(const struct cairn_normalize_path_options){ \
        .size = sizeof(struct cairn_normalize_path_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
