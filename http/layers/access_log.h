/* access_log.h - one line for each request: who, what, how it ended, how long it took. */
#ifndef CAIRN_HTTP_LAYERS_ACCESS_LOG_H
#define CAIRN_HTTP_LAYERS_ACCESS_LOG_H

#include <stddef.h>
#include <stdio.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_access_log_format {
    CAIRN_ACCESS_LOG_JSON,  /* {"ts":"2026-01-31T23:59:59.123Z","method":"GET",…} */
    CAIRN_ACCESS_LOG_LOGFMT /* ts="2026-01-31T23:59:59.123Z" method="GET" … */
};

/*
 * The line is made when the response is there (its body may still be on its way), when the call has
 * failed, and when it was given up:
 *
 *     ts          RFC 3339, UTC, milliseconds
 *     method      as it came
 *     target      as it came with its query, the first 1024 bytes
 *     route       the router's pattern, if there is one
 *     status      of the response; for an error the one of cairn_http_error_status; 499: given up
 *     bytes       of the response's body; -1: not known
 *     dur_ms      from the call to the line, three decimals
 *     request_id  of the request_id layer, if there is one
 *     peer        its address, if there is one; the client's where client_address knows it
 *     error       the error's path, the first 512 bytes, if there is one
 *     cancelled   true where the caller did not want the response any more; else left out
 *     req.NAME    the first field of that name, in small letters, of those that the options name;
 *     res.NAME    its first 256 bytes, or "(sensitive)": see cairn_http_field_for_log
 *
 * No text can break a line or forge one: quotes, backslashes, control characters and what is not
 * UTF-8 are escaped, in both formats. Credentials and cookies are never logged, nor is a
 * field that sensitive_headers marks; mind that a query is.
 *
 * Nothing waits for the log. Lines go to a buffer of 64 KiB, shared by all copies, and from there
 * to the file's descriptor in writes of at most 4 KiB to a pipe, so that the lines of several
 * workers do not mix: when it is 3/4 full, 100 ms after the first line, and when the last copy is
 * dropped. While a pipe, socket or terminal takes nothing, lines that find no room are dropped and
 * counted. A ready answer allocates nothing. A pipe that its reader has closed raises SIGPIPE,
 * which the server ignores.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. May be
 * cloned. Invalid: a file without a descriptor, an unknown format,
 * fields that are no names of fields, or too many.
 * Counts, in all copies: `lines`, `dropped`, and the gauge `buffered` in bytes.
 *
 * Place: outermost, or just inside of request_id; outside of error_to_response it logs the answers,
 * inside of it the errors.
 */
struct cairn_access_log_options {
    size_t size;
    FILE *file; /* only its descriptor is used; borrowed until the last copy is dropped; NULL:
                   stdout */
    enum cairn_access_log_format format; /* 0: JSON */
    /* Fields to be logged, up to 16 of each; copied; ended by NULL; NULL: none. */
    const char *const *request_fields;
    const char *const *response_fields;
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_access_log_layer(const struct cairn_access_log_options *options);

/* cairn_access_log(.file = stderr) */
#define cairn_access_log(...)                                        \
    cairn_access_log_layer(&(const struct cairn_access_log_options){ \
        .size = sizeof(struct cairn_access_log_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
