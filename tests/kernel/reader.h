/* reader.h - reads what a server sends, as strictly as may be: nothing of the library's. */
#ifndef CAIRN_TESTS_KERNEL_READER_H
#define CAIRN_TESTS_KERNEL_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

enum reader_verdict {
    READER_MORE, /* not whole yet; at the end: cut */
    READER_DONE,
    READER_BAD /* no server may send this */
};

struct reader_answer {
    int status;
    bool closes;               /* says that the connection ends here */
    bool ends_with_connection; /* its body does */
    bool has_trailers;
    size_t length;      /* of all of it, as it was sent */
    const char *body;   /* borrowed from the reader until the next answer; what has come of it, */
    size_t body_length; /* also with MORE */
    const char *bad;    /* why */
};

/* The answer at DATA, to a HEAD request if IS_HEAD. IS_AT_END: nothing will follow DATA. */
enum reader_verdict reader_next(
    const char *data, size_t length, bool is_head, bool is_at_end, struct reader_answer *answer);

#endif
