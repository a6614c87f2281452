/* representation.h - an answer of bytes that are all there, in a file or in memory, with
 * validators. Internal. */
#ifndef CAIRN_HTTP_REPRESENTATION_H
#define CAIRN_HTTP_REPRESENTATION_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/http/file_backend.h>
#include <cairn/http/message.h>

struct stat;

/* In nanoseconds since 1970. CAIRN_HTTP_NOT_DATED if 64 bits do not hold it. */
int64_t cairn__modified_ns(const struct stat *info);

struct cairn__representation {
    int fd; /* -1: the bytes are at … */
    const char *data;
    int64_t length;
    int64_t modified_ns;      /* since 1970, or CAIRN_HTTP_NOT_DATED */
    const char *content_type; /* this and all below are borrowed until the exchange ends */
    const char *coding;       /* Content-Encoding; NULL: none */
    const char
        *tag_suffix; /* what tells it from others of the same time and length; NULL: nothing */
    const char *cache_control;
    const char *attachment;
    bool is_chosen; /* by Accept-Encoding, which Vary then says */
};

/* The answer to REQ, as file.h says. Takes self->fd, also on failure. NULL without memory. */
struct cairn_http_response *cairn__representation_answer(
    const struct cairn_http_request *req, const struct cairn__representation *self);

/* The answer for what could not be opened, because of ERROR_NUMBER: 404, 503 or 500. */
int cairn__file_status(int error_number);

#endif
