/* json_writer.h - JSON text, written value by value into memory that is there already. */
#ifndef CAIRN_HTTP_JSON_WRITER_H
#define CAIRN_HTTP_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/service/arena.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 *     struct cairn_json_writer w = cairn_json_writer_in(req->arena);
 *     cairn_json_object(&w);
 *     cairn_json_key(&w, "id");
 *     cairn_json_int(&w, user->id);
 *     cairn_json_end(&w);
 *     return cairn_http_json(req, 200, &w);
 *
 * Commas and quotes come by themselves. Nothing has to be checked on the way: the first error
 * stays, and nothing is written after it. A value where there can be none (in an object without a
 * key, a second one at the top) and an end of nothing are mistakes of the caller, and assertions.
 */
enum cairn_json_writer_error {
    CAIRN_JSON_WRITER_OK,
    CAIRN_JSON_WRITER_FULL,      /* the buffer is too small */
    CAIRN_JSON_WRITER_NO_MEMORY, /* the arena has no more */
    CAIRN_JSON_WRITER_NUMBER,    /* a number that JSON has not: NaN, infinity */
    CAIRN_JSON_WRITER_NAME,      /* a value of an enum that has no name: json_record.h */
    CAIRN_JSON_WRITER_DEPTH      /* more than CAIRN_JSON_WRITER_MAX_DEPTH objects and arrays */
};
#define CAIRN_JSON_WRITER_MAX_DEPTH 64

/* The caller's, and all of its fields the writer's. */
struct cairn_json_writer {
    char *data;
    size_t length;
    size_t capacity;
    struct cairn_arena *arena; /* NULL: the buffer does not grow */
    uint64_t objects;          /* a bit for each level: whether it is an object */
    unsigned depth;
    bool needs_comma;
    bool has_key;
    enum cairn_json_writer_error error;
};

/* Writes into DATA, SIZE bytes that it borrows. Allocates nothing. */
static inline struct cairn_json_writer cairn_json_writer_of(char *data, size_t size)
{
    struct cairn_json_writer w = {0, 0, size, 0, 0, 0, false, false, CAIRN_JSON_WRITER_OK};
    w.data = data;
    return w;
}

/* Writes into ARENA, in blocks that double: up to three times the text's length in all. */
static inline struct cairn_json_writer cairn_json_writer_in(struct cairn_arena *arena)
{
    struct cairn_json_writer w = {0, 0, 0, arena, 0, 0, false, false, CAIRN_JSON_WRITER_OK};
    return w;
}

/* What has been written, which is whole (an assertion). The absent string after an error. Borrowed
 * from the buffer or the arena. No NUL follows it. */
CAIRN_API struct cairn_str cairn_json_writer_text(const struct cairn_json_writer *w);

/* Begin an object, or an array; end whichever is open. */
CAIRN_API void cairn_json_object(struct cairn_json_writer *w);
CAIRN_API void cairn_json_array(struct cairn_json_writer *w);
CAIRN_API void cairn_json_end(struct cairn_json_writer *w);

/* The name of an object's next member. That it comes once only is up to the caller. */
CAIRN_API void cairn_json_key(struct cairn_json_writer *w, const char *name);
CAIRN_API void cairn_json_key_str(struct cairn_json_writer *w, struct cairn_str name);

/* Any bytes: what is not UTF-8 becomes U+FFFD; quotes, backslashes, control characters and the line
 * ends of Unicode are escaped. The absent string is "". RFC 8259 section 7. */
CAIRN_API void cairn_json_string(struct cairn_json_writer *w, struct cairn_str value);
/* The same for a text with a terminator; NULL is null. */
CAIRN_API void cairn_json_text(struct cairn_json_writer *w, const char *value);
CAIRN_API void cairn_json_int(struct cairn_json_writer *w, int64_t value);
CAIRN_API void cairn_json_uint(struct cairn_json_writer *w, uint64_t value);
/* With as few digits as give the same double when it is read, and always as a fraction: "1.0". */
CAIRN_API void cairn_json_double(struct cairn_json_writer *w, double value);
CAIRN_API void cairn_json_bool(struct cairn_json_writer *w, bool value);
CAIRN_API void cairn_json_null(struct cairn_json_writer *w);
/* A value that is JSON already, which the caller vouches for. */
CAIRN_API void cairn_json_raw(struct cairn_json_writer *w, struct cairn_str json);

/* A line end behind a whole value; then another value may follow: JSON lines. */
CAIRN_API void cairn_json_line(struct cairn_json_writer *w);

/*
 * An application/json answer with what W has written; text outside of the request's arena is copied
 * into it. NULL without memory, as for all responders; a 500 problem for any other error of W.
 */
CAIRN_API struct cairn_http_response *cairn_http_json(
    const struct cairn_http_request *req, int status, const struct cairn_json_writer *w);

CAIRN_END_DECLS

#endif
