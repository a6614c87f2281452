/* serve_lookup.h - finds the file for a name: index, default extension, variants. It waits for the
 * disk, and touches nothing of a request: for any thread. Internal. */
#ifndef CAIRN_HTTP_SERVE_LOOKUP_H
#define CAIRN_HTTP_SERVE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/file_backend.h>
#include <cairn/http/files/serve_path.h>

/* A way to send a file other than as it is: made beforehand, and laid beside it. */
struct cairn__coding {
    const char *name;      /* "br", as Accept-Encoding and Content-Encoding have it */
    const char *extension; /* ".br" */
    const char *suffix;    /* "-br", of entity tags */
};

/* The best first; the last is none at all: "identity". */
#define CAIRN__CODINGS 5
#define CAIRN__IDENTITY (CAIRN__CODINGS - 1)
extern const struct cairn__coding cairn__codings[CAIRN__CODINGS];

struct cairn__lookup {
    struct cairn_http_file_backend files;
    const char *index;     /* of a folder; "" for none */
    const char *extension; /* added to names without one that are not there; "" for none */
    struct cairn__serve_path path;
    unsigned char codings[CAIRN__CODINGS]; /* those to try, in this order */
    size_t coding_count;
};

struct cairn__lookup_result {
    int error; /* 0, or an errno: ENOENT … */
    struct cairn_http_found found;
    unsigned coding;       /* which of cairn__codings it is */
    const char *type_name; /* what tells its type: the index, the extension; NULL: the name does */
};

/* Takes nothing; what it found is the caller's. A folder that was found is one that should have
 * been asked for with a slash. */
void cairn__lookup(const struct cairn__lookup *self, struct cairn__lookup_result *out);

#endif
