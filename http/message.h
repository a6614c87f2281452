/* message.h - request and response, in the arena of their exchange. */
#ifndef CAIRN_HTTP_MESSAGE_H
#define CAIRN_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/fields.h>
#include <cairn/service/stream.h>
#include <cairn/service/type.h>

CAIRN_BEGIN_DECLS

struct sockaddr;
struct cairn_http_exchange;

/* RFC 9110 section 9, and PATCH (RFC 5789). Any other method llhttp knows is OTHER, with its name.
 */
enum cairn_http_method {
    CAIRN_HTTP_GET,
    CAIRN_HTTP_HEAD,
    CAIRN_HTTP_POST,
    CAIRN_HTTP_PUT,
    CAIRN_HTTP_DELETE,
    CAIRN_HTTP_CONNECT,
    CAIRN_HTTP_OPTIONS,
    CAIRN_HTTP_TRACE,
    CAIRN_HTTP_PATCH,
    CAIRN_HTTP_OTHER
};
#define CAIRN_HTTP_METHODS 10
/* A set of methods is made of these: CAIRN_HTTP_BIT(CAIRN_HTTP_PUT) | CAIRN_HTTP_BIT(…). */
#define CAIRN_HTTP_BIT(method) (1u << (unsigned)(method))

/* "GET"; "OTHER" for that one. */
CAIRN_API const char *cairn_http_method_name(enum cairn_http_method method);

struct cairn_http_param {
    struct cairn_str name;
    struct cairn_str value;
};
#define CAIRN_HTTP_MAX_PARAMS 16

/*
 * A request. All it points to lives in `arena`, as long as the exchange: until the response body is
 * written or dropped. Read it freely; a layer may change it on its way in.
 */
struct cairn_http_request {
    struct cairn_arena *arena;
    enum cairn_http_method method;
    unsigned version_minor;       /* HTTP/1.0 or 1.1 */
    struct cairn_str method_name; /* as it came */
    struct cairn_str target;      /* as it came: "/users/7?full=1" */
    struct cairn_str path;  /* "/users/7": not percent-decoded; in a group without its prefix */
    struct cairn_str query; /* "full=1"; absent when there is no question mark */
    struct cairn_http_fields fields;
    struct cairn_str body;      /* the whole body; unless … */
    struct cairn_stream stream; /* … there is a stream of struct cairn_http_chunk: see body.h */
    int64_t stream_length;      /* what the stream will give in all; -1: unknown */
    uint64_t body_limit;        /* bytes that may be collected; 0: 2 MiB */
    struct cairn_http_fields *trailers;   /* of a body that has ended; NULL: none */
    const struct sockaddr *peer;          /* NULL when there is no socket (a test) */
    struct cairn_http_exchange *exchange; /* see exchange.h; NULL: made by hand */
    bool is_stream_held;                  /* the stream goes with the arena; the core's */

    /* Set by the router: what the pattern captured, and the pattern. */
    struct cairn_http_param params[CAIRN_HTTP_MAX_PARAMS];
    size_t param_count;
    struct cairn_str route; /* "/users/{id}", whole; absent before routing, and without a route */
    struct cairn_str
        route_prefix;            /* "/admin": what groups have taken off `path`; absent: nothing */
    struct cairn_str route_host; /* "*.example.com": whose routes they are; absent: all hosts' */

    struct cairn_http_extension *extensions; /* cairn_http_extension_get */
};

/* A request made by hand, for tests and for calls without a socket: METHOD, TARGET, version 1.1, no
 * fields. In ARENA, or NULL without memory. Copies TARGET. */
CAIRN_API struct cairn_http_request *cairn_http_request_new(
    struct cairn_arena *arena, enum cairn_http_method method, const char *target);

/* The value the router captured for NAME, or the absent string. */
CAIRN_API struct cairn_str cairn_http_request_param(
    const struct cairn_http_request *req, const char *name);
/* The first value of header field NAME, or the absent string. */
CAIRN_API struct cairn_str cairn_http_request_field(
    const struct cairn_http_request *req, const char *name);

/* The path of `target`, whatever a router has taken off `path`. Borrowed from REQ. */
CAIRN_API struct cairn_str cairn_http_request_original_path(const struct cairn_http_request *req);

/*
 * Extensions: what a layer leaves on a request for those inside it. The key is an address, usually
 * that of a static variable of the layer, so that two layers cannot clash.
 */
struct cairn_http_extension {
    const void *key;
    void *value;
    struct cairn_http_extension *next;
};
/* Borrows VALUE until the arena is freed. Replaces what KEY had. Returns 0, or -1 without memory.
 */
CAIRN_API int cairn_http_extension_set(
    struct cairn_http_request *req, const void *key, void *value);
CAIRN_API void *cairn_http_extension_get(const struct cairn_http_request *req, const void *key);

/* A piece of a streamed body. */
struct cairn_http_chunk {
    struct cairn_str bytes;
    void (*free)(struct cairn_http_chunk *self); /* NULL: nothing to free */
};
/* Copies LENGTH bytes. Owned by the caller. NULL without memory. */
CAIRN_API struct cairn_http_chunk *cairn_http_chunk_new(const void *data, size_t length);
CAIRN_API void cairn_http_chunk_free(struct cairn_http_chunk *chunk);
/* "http.chunk", dropped by cairn_http_chunk_free: for channels and arrays of chunks. */
CAIRN_API extern const struct cairn_type cairn_http_chunk_type;

/* A part of a regular file, as a body. */
struct cairn_http_file {
    int fd; /* owned; closed with the arena */
    int64_t offset;
    int64_t length;
};

/* A response. Lives in the arena of its request. It has one body: a stream, else a file, else
 * bytes. */
struct cairn_http_response {
    struct cairn_arena *arena;
    int status;
    struct cairn_http_fields fields;
    struct cairn_str body;        /* the whole body, borrowed until the exchange ends; unless … */
    struct cairn_http_file *file; /* … it is a file, sent by the kernel; NULL: none; or … */
    struct cairn_stream stream;   /* … there is a stream of struct cairn_http_chunk */
    int64_t stream_length;        /* what the stream will give in all; -1: unknown, sent chunked */
    /* Sent behind a chunked body whose stream has ended, if the request has `TE: trailers` and the
     * response names them in a Trailer field (RFC 9110 section 6.5); NULL: none. Fill it in until
     * the stream ends. */
    struct cairn_http_fields *trailers;
    struct cairn_http_upgrade *upgrade; /* of a 101: see upgrade.h */
    bool closes;                        /* the connection ends behind this answer */
    bool owns_arena;                    /* a copy with a life of its own: its arena goes with it */
    bool is_stream_held;                /* the stream goes with the arena; the core's */
};

/* STATUS 200 to 599, no fields, no body. NULL without memory. */
CAIRN_API struct cairn_http_response *cairn_http_response_new(
    const struct cairn_http_request *req, int status);

/* Ready-made answers; each returns NULL without memory. */

/* text/plain; charset=utf-8. Borrows TEXT until the exchange ends: a literal, or text in the arena.
 */
CAIRN_API struct cairn_http_response *cairn_http_text(
    const struct cairn_http_request *req, int status, const char *text);
/* BODY as it is, with CONTENT_TYPE (NULL: no such field). Borrows both until the exchange ends. */
CAIRN_API struct cairn_http_response *cairn_http_bytes(const struct cairn_http_request *req,
    int status, const char *content_type, struct cairn_str body);
/* The same for a body that is the response's from now on: takes DATA, and has FREE(DATA) called
 * when the exchange ends; also on failure. */
CAIRN_API struct cairn_http_response *cairn_http_owned(const struct cairn_http_request *req,
    int status, const char *content_type, void *data, size_t length, void (*free_data)(void *));
/* A part of the file FD, of which LENGTH bytes from OFFSET on must be there. Takes FD, also on
 * failure. */
CAIRN_API struct cairn_http_response *cairn_http_file(const struct cairn_http_request *req,
    int status, const char *content_type, int fd, int64_t offset, int64_t length);
/* Takes STREAM, of struct cairn_http_chunk, also on failure. LENGTH -1: unknown. */
CAIRN_API struct cairn_http_response *cairn_http_stream(const struct cairn_http_request *req,
    int status, const char *content_type, struct cairn_stream stream, int64_t length);

/* Adds or replaces a header field. Returns 0; -1 when cairn_http_fields_set refuses. Copies both.
 */
CAIRN_API int cairn_http_response_set(
    struct cairn_http_response *res, const char *name, const char *value);

/* "Not Found"; "Unknown" for a status that has no name. RFC 9110 section 15. */
CAIRN_API const char *cairn_http_reason(int status);

/*
 * The types of an HTTP service.
 *
 * A request is copied into the arena of the original, fields and all, so that retry works. One
 * whose body is a stream can only be copied if that can be read again (cairn_http_body_replay); the
 * copy is spent when the body has grown over the cap. Dropping a request drops its stream.
 *
 * A response is copied, body and all, into an arena of its own, so that coalesce and cache can keep
 * it; one whose body is a stream or a file, or that upgrades, cannot be copied. Dropping a response
 * drops its stream, and the arena of a copy. All else of both goes with the arena of the exchange.
 */
CAIRN_API extern const struct cairn_type cairn_http_request_type;  /* "http.request" */
CAIRN_API extern const struct cairn_type cairn_http_response_type; /* "http.response" */

CAIRN_END_DECLS

#endif
