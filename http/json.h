/* json.h - JSON text into a tree of jansson's, within limits. Component json. */
#ifndef CAIRN_HTTP_JSON_H
#define CAIRN_HTTP_JSON_H

#include <stddef.h>

#include <cairn/service/api.h>
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

CAIRN_END_DECLS

#endif
