/* json.h - JSON text into a tree of jansson's, and the body of a request into a struct. Component
 * json. */
#ifndef CAIRN_HTTP_JSON_H
#define CAIRN_HTTP_JSON_H

#include <stddef.h>

#include <cairn/http/bind.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

struct json_t; /* jansson's: include <jansson.h> and link jansson to look into one */

/* Zero is the default of each. */
struct cairn_json_limits {
    size_t max_bytes;  /* of the text; 0: 1 MiB */
    size_t max_depth;  /* of arrays and objects in each other; 0: 64. At most 1000 */
    size_t max_values; /* in all; 0: 100,000. A tree takes up to 40 times the bytes of its text */
};

/* What was wrong with a text. */
enum cairn_json_fault {
    CAIRN_JSON_OK,
    CAIRN_JSON_SYNTAX,    /* not RFC 8259, not UTF-8, or a number that no C type holds */
    CAIRN_JSON_DUPLICATE, /* an object has a name twice */
    CAIRN_JSON_TOO_LARGE, /* more bytes or values than the limit */
    CAIRN_JSON_TOO_DEEP,
    CAIRN_JSON_NO_MEMORY /* where jansson notices; else SYNTAX */
};

struct cairn_json_error {
    enum cairn_json_fault fault;
    int line; /* from 1; 0: none in particular */
    int column;
    char text[160]; /* for a person: "string or '}' expected near 'x'" */
};

/*
 * Reads TEXT, one JSON value of any kind with nothing but white space around it. Owned by the
 * caller, who lets it go with cairn_json_free. NULL for anything else, and *ERROR says why. LIMITS
 * NULL: all defaults. Depth and number of values are looked at before anything is allocated.
 */
CAIRN_API struct json_t *cairn_json_parse(
    struct cairn_str text, const struct cairn_json_limits *limits, struct cairn_json_error *error);
/* NULL: nothing. */
CAIRN_API void cairn_json_free(struct json_t *json);

/*
 *     struct user user = {0};
 *     struct cairn_http_rejection no;
 *     if (!cairn_http_bind_json(req, &user_record, &user, NULL, &no))
 *         return cairn_http_reject(req, &no);
 *
 * The body of REQ, which has been collected (cairn_http_handler does that), into the struct at OUT,
 * as bind.h says for all sources. The rejections, with axum's statuses:
 *
 *     415  the Content-Type is not application/json, nor any other that ends in +json
 *     400  the body is not JSON: the line, the column, and what was expected there
 *     413  over limits.max_bytes or max_values
 *     422  nested too deeply; a name twice in an object; or the data is not what RECORD asks for:
 *          then each violation is listed with its JSON pointer, however many there are (up to
 *          CAIRN_HTTP_MAX_VIOLATIONS)
 *
 * Whole numbers are read up to INT64_MAX, also for a uint64_t; above it is 400. RECORD that nests
 * in itself is bound as deep as the text goes, which is limits.max_depth. LIMITS NULL: all
 * defaults.
 */
CAIRN_API bool cairn_http_bind_json(struct cairn_http_request *req,
    const struct cairn_record *record, void *out, const struct cairn_json_limits *limits,
    struct cairn_http_rejection *rejection);

/* The same for any text, a line of JSON lines for one; strings and arrays are made in ARENA. */
CAIRN_API bool cairn_json_bind(struct cairn_arena *arena, struct cairn_str text,
    const struct cairn_record *record, void *out, const struct cairn_json_limits *limits,
    struct cairn_http_rejection *rejection);

/* Whether REQ has a body at all, or at least a Content-Type: for a body that may be left out, ask
 * before binding it. */
CAIRN_API bool cairn_http_has_json(const struct cairn_http_request *req);

/* The body as a tree, for what no table describes. Owned by the caller, who lets it go with
 * cairn_json_free. NULL: see *REJECTION, as above but for the violations. */
CAIRN_API struct json_t *cairn_http_json_body(const struct cairn_http_request *req,
    const struct cairn_json_limits *limits, struct cairn_http_rejection *rejection);

CAIRN_END_DECLS

#endif
