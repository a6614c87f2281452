/* cache_control.h - tells caches how long they may keep the answers. RFC 9111 section 5.2. */
#ifndef CAIRN_HTTP_LAYERS_CACHE_CONTROL_H
#define CAIRN_HTTP_LAYERS_CACHE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

#define CAIRN_CACHE_CONTROL_MOST 64

/* Fits an answer that is all that is set here. */
struct cairn_cache_control_rule {
    /* "/assets": that path, and what lies below it; "/assets/": only that. As it came, not decoded,
     * and before a router takes a prefix away. NULL: any. */
    const char *path;
    /* As cairn_http_media_type_is has it: "image/png", "image/", "+json". An answer without a
     * Content-Type has none, which a 304 usually is. NULL: any. */
    const char *type;
    int status;        /* 200 to 599; 2 to 5: all of that class. 0: 200 to 299, and 304 */
    const char *value; /* "public, max-age=3600"; "": no field for these. Required */
};

/*
 * The answers to GET and HEAD get the Cache-Control of the first rule that fits, or else, if they
 * are 200 to 299 or 304, `value`. Not an answer that has a Cache-Control or an Expires of its own,
 * unless there is `override`. An answer that sets a cookie is nobody else's: its handler should say
 * "private" or "no-store".
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. Without
 * memory in the arena the call fails. May be cloned.
 * Invalid: neither value nor rules, or more than 64; a value missing, or one that may not stand in
 * a field; a path without its first slash; a type that is none; a status out of range. Counts, in
 * all copies: `set`, fields that were set.
 *
 * Place: inside of conditional, which takes the Content-Type of a 304 away; inside or outside of
 * the router, as the paths are.
 */
struct cairn_cache_control_options {
    size_t size;
    const char *value;                            /* where no rule fits; NULL: no field */
    const struct cairn_cache_control_rule *rules; /* copied; NULL: none */
    size_t rule_count;
    bool override; /* false: a handler's own field stays */
};

/* OPTIONS has no default for value and rules: NULL is refused. */
CAIRN_API struct cairn_layer cairn_cache_control_layer(
    const struct cairn_cache_control_options *options);

/* cairn_cache_control(.value = "no-store") */
#define cairn_cache_control(...)                                           \
    cairn_cache_control_layer(&(const struct cairn_cache_control_options){ \
        .size = sizeof(struct cairn_cache_control_options), __VA_ARGS__})

/* cairn_cache_control_rules({.path = "/assets", .value = "public, max-age=3600"}, {…}) */
#define cairn_cache_control_rules(...)                                                   \
    cairn_cache_control(.rules = (const struct cairn_cache_control_rule[]){__VA_ARGS__}, \
        .rule_count = sizeof((const struct cairn_cache_control_rule[]){__VA_ARGS__}) /   \
                      sizeof(struct cairn_cache_control_rule))

CAIRN_END_DECLS

#endif
