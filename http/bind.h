/* bind.h - what a request says, into a struct, by a table of its fields. After axum's extractors.
 */
#ifndef CAIRN_HTTP_BIND_H
#define CAIRN_HTTP_BIND_H

#include <cairn/http/field.h>
#include <cairn/http/message.h>
#include <cairn/http/rejection.h>

CAIRN_BEGIN_DECLS

/*
 *     struct page page = {.limit = 20};
 *     struct cairn_http_rejection no;
 *     if (!cairn_http_bind_query(req, &page_record, &page, &no))
 *         return cairn_http_reject(req, &no);
 *
 * Each function fills the struct at OUT, which RECORD describes and the caller has initialised, and
 * returns true; or it returns false, and *REJECTION says all that was wrong: answer with it, look
 * at it, or go on without. OUT is then filled in part. Strings and arrays are in the arena of REQ.
 *
 * A field that is absent leaves its member as it is, unless it has `otherwise`. So a default may
 * also stand in OUT, and a struct with flags (CAIRN_FIELD_FLAG) tells what was there from what was
 * not. Nothing is converted that would lose something: 1.0 is no whole number, "7" in JSON is no
 * number, a number out of its type's or field's range is a violation.
 *
 * From text (query, form, path): true, false, 1, 0, on and off are a bool; a whole number has
 * digits and perhaps a minus, any other the grammar of JSON; empty text is an absent field, unless
 * it is a string. An array is made of each value of that name; other fields have one, or it is a
 * violation. Objects cannot be had from text: an assertion.
 */

/* The query string, decoded as query.h says; status 400, also for more than 1000 parameters. */
CAIRN_API bool cairn_http_bind_query(struct cairn_http_request *req,
    const struct cairn_record *record, void *out, struct cairn_http_rejection *rejection);

/* The body, which has been collected, as a form: status 415 for another Content-Type than
 * application/x-www-form-urlencoded, 413 for more than 1000 fields, 422 for the data. */
CAIRN_API bool cairn_http_bind_form(struct cairn_http_request *req,
    const struct cairn_record *record, void *out, struct cairn_http_rejection *rejection);

/* The path parameters that the router captured; status 400. */
CAIRN_API bool cairn_http_bind_path(struct cairn_http_request *req,
    const struct cairn_record *record, void *out, struct cairn_http_rejection *rejection);

/* PAIRS, decoded, of a source of your own; arrays are made in ARENA. STATUS is that of a rejection
 * for DATA. Strings are borrowed from PAIRS. */
CAIRN_API bool cairn_http_bind_pairs(struct cairn_arena *arena,
    const struct cairn_http_param *pairs, size_t count, int status,
    const struct cairn_record *record, void *out, struct cairn_http_rejection *rejection);

/*
 * From a tree, as a parser has made it: JSON's is in json.h, and this is for others. A value is of
 * one of these kinds; nodes are the parser's own.
 */
enum cairn_value_kind {
    CAIRN_VALUE_ABSENT,
    CAIRN_VALUE_NULL, /* as good as absent */
    CAIRN_VALUE_BOOL,
    CAIRN_VALUE_INT,
    CAIRN_VALUE_REAL,
    CAIRN_VALUE_STRING,
    CAIRN_VALUE_TEXT, /* a string that may stand for any of the four above */
    CAIRN_VALUE_ARRAY,
    CAIRN_VALUE_OBJECT
};
struct cairn_value {
    enum cairn_value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct cairn_str string; /* and text */
        const void *node;        /* an array, an object */
    } as;
};
struct cairn_tree {
    /* The member NAME of an object; kind ABSENT when it has none. */
    struct cairn_value (*member)(const void *object, struct cairn_str name);
    /* The name of the object's next member, which *PLACE, NULL at first, moves to. False: no more.
     * The tree is not changed meanwhile. */
    bool (*next_name)(const void *object, void **place, struct cairn_str *name);
    size_t (*count)(const void *array);
    struct cairn_value (*item)(const void *array, size_t i);
    bool outlives_request; /* strings are borrowed; else they are copied into the arena */
    bool is_json;          /* places are JSON pointers */
};
/* STATUS is that of a rejection for DATA. A ROOT that is no object is a violation at "#". */
CAIRN_API bool cairn_http_bind_tree(struct cairn_arena *arena, const struct cairn_tree *tree,
    struct cairn_value root, int status, const struct cairn_record *record, void *out,
    struct cairn_http_rejection *rejection);

CAIRN_END_DECLS

#endif
