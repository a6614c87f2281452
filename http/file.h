/* file.h - a file as an answer: validators, conditions, ranges, type, attachment. */
#ifndef CAIRN_HTTP_FILE_H
#define CAIRN_HTTP_FILE_H

#include <stddef.h>

#include <cairn/http/message.h>
#include <cairn/http/mime.h>

CAIRN_BEGIN_DECLS

/*
 * What is said of a file:
 *
 *     Content-Type    by its name's extension, else application/octet-stream
 *     Last-Modified   its mtime; now, if that is in the future
 *     ETag            its mtime, to the nanosecond, and its size: the same on all machines that
 * have a copy with the same mtime. Strong; but weak as long as a second change might leave both as
 * they are: for 20 ms after the first, or 2 s where the mtime has no fraction of a second.
 *     Accept-Ranges   bytes
 *
 * To GET and HEAD the conditions of the request are heeded (see conditional.h): 304 or 412, without
 * the file. So is a Range of a GET, If-Range included: 206 with Content-Range for one range; 416
 * with the size where none is there, and where several are, of which each alone may be asked for.
 * A Range that is malformed, or of more than CAIRN_HTTP_RANGES, is as if it were not there. Other
 * methods get all of it.
 *
 * The kernel sends the file from its descriptor: no byte of it passes through this program, unless
 * a layer reads the body. Its length is what it is now. To replace a file that is served, write
 * another and rename it over the first: one that is written in place may be sent half old, half
 * new, and one that is cut short ends the connection.
 */
struct cairn_http_file_options {
    size_t size;
    const char *content_type;      /* borrowed until the exchange ends; NULL: by the name */
    const struct cairn_mime *mime; /* borrowed until the exchange ends; NULL: what is built in */
    const char *cache_control;     /* borrowed until the exchange ends; NULL: no such field */
    /* The name to save it under (see attachment.h); NULL: it is shown. Copied. */
    const char *attachment;
};

/* Options on the spot: cairn_http_file_open(req, path, cairn_http_file_options(.attachment =
 * "a.pdf"))
 */
#define cairn_http_file_options(...)          \
    (&(const struct cairn_http_file_options){ \
        .size = sizeof(struct cairn_http_file_options), __VA_ARGS__})

/*
 * The answer of the regular file FD, called NAME (a path will do; it is there for the type). Takes
 * FD, also on failure. OPTIONS NULL: all defaults. Returns NULL without memory. An FD that is no
 * regular file is a 404.
 */
CAIRN_API struct cairn_http_response *cairn_http_file_response(const struct cairn_http_request *req,
    int fd, const char *name, const struct cairn_http_file_options *options);

/*
 * The same of the file at PATH, which you choose: never a path from outside, for which there is
 * serve_dir.h. What is not there, not readable or no regular file is a 404, want of descriptors a
 * 503, and any other failure a 500, problem+json all. It opens the file on this thread, which takes
 * microseconds on a local disk.
 */
CAIRN_API struct cairn_http_response *cairn_http_file_open(const struct cairn_http_request *req,
    const char *path, const struct cairn_http_file_options *options);

CAIRN_END_DECLS

#endif
