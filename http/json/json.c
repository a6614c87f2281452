#include <cairn/http/json.h>

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include <cairn/service/assert.h>

#define JSON_MAX_BYTES ((size_t)1 << 20)
#define JSON_MAX_DEPTH 64
#define JSON_MAX_DEPTH_MOST 1000 /* jansson recurses, and has a limit of its own at 2048 */
#define JSON_MAX_VALUES 100000

static size_t json_limit(size_t value, size_t otherwise)
{
    return value ? value : otherwise;
}

static struct json_t *json_refuse(
    struct cairn_json_error *error, enum cairn_json_fault fault, const char *text)
{
    *error = (struct cairn_json_error){.fault = fault};
    snprintf(error->text, sizeof(error->text), "%s", text);
    return NULL;
}

/* The byte behind the string that begins at I. */
static size_t json_skip_string(struct cairn_str text, size_t i)
{
    for (i++; i < text.length && text.data[i] != '"'; i++) {
        if (text.data[i] == '\\')
            i++;
    }
    return i;
}

struct json_shape {
    size_t depth;
    size_t values; /* at least as many as there are */
};

/* How deep and how large the tree of TEXT gets, if it is JSON. If not, it does not matter: what
 * jansson has read before the fault is no larger. */
static struct json_shape json_measure(struct cairn_str text)
{
    struct json_shape shape = {0, 1};
    size_t depth = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '"') {
            i = json_skip_string(text, i);
        } else if (c == '[' || c == '{') {
            shape.values++;
            if (++depth > shape.depth)
                shape.depth = depth;
        } else if (c == ',') {
            shape.values++;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return shape;
}

static bool json_is_within(
    struct cairn_str text, const struct cairn_json_limits *limits, struct cairn_json_error *error)
{
    if (text.length > json_limit(limits->max_bytes, JSON_MAX_BYTES)) {
        json_refuse(error, CAIRN_JSON_TOO_LARGE, "the text is too long");
        return false;
    }
    struct json_shape shape = json_measure(text);
    if (shape.depth > json_limit(limits->max_depth, JSON_MAX_DEPTH)) {
        json_refuse(error, CAIRN_JSON_TOO_DEEP, "arrays and objects are nested too deeply");
        return false;
    }
    if (shape.values > json_limit(limits->max_values, JSON_MAX_VALUES)) {
        json_refuse(error, CAIRN_JSON_TOO_LARGE, "there are too many values");
        return false;
    }
    return true;
}

static enum cairn_json_fault json_fault(enum json_error_code code)
{
    switch (code) {
    case json_error_duplicate_key:
        return CAIRN_JSON_DUPLICATE;
    case json_error_out_of_memory:
        return CAIRN_JSON_NO_MEMORY;
    case json_error_stack_overflow:
        return CAIRN_JSON_TOO_DEEP;
    default:
        return CAIRN_JSON_SYNTAX;
    }
}

struct json_t *cairn_json_parse(
    struct cairn_str text, const struct cairn_json_limits *limits, struct cairn_json_error *error)
{
    static const struct cairn_json_limits defaults;
    json_error_t reason = {.text = ""};
    limits = limits ? limits : &defaults;
    CAIRN_ASSERT(limits->max_depth <= JSON_MAX_DEPTH_MOST, "cairn_json_parse",
        "max_depth must be at most 1000");
    if (!json_is_within(text, limits, error))
        return NULL;
    json_t *json = json_loadb(text.length ? text.data : "", text.length,
        JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &reason);
    if (json) {
        *error = (struct cairn_json_error){.fault = CAIRN_JSON_OK};
        return json;
    }
    /* Where jansson has no memory it does not always say so; but it always says what else it is. */
    if (reason.text[0] == '\0')
        return json_refuse(error, CAIRN_JSON_NO_MEMORY, "out of memory");
    json_refuse(error, json_fault(json_error_code(&reason)), reason.text);
    error->line = reason.line;
    error->column = reason.column;
    return NULL;
}

void cairn_json_free(struct json_t *json)
{
    json_decref(json);
}
